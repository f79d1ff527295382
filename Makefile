# egress-monitor. The targets people use:
#
#   make build     the tools, into bin/
#   make demo      both pipelines over real captured logs, in a scratch folder
#   make test      all tests; as root with real dnsmasq, journald, logrotate
#   make bench     benchmarks, side by side with awk
#   make lint fmt  what a change must pass before it is committed
#   make install   DESTDIR= PREFIX=   after make build; root, if DESTDIR is empty
#   make deb       the Debian package, into dist/

PREFIX ?= /usr/local
DESTDIR ?=
GO ?= go
GODIRS := cmd lib cron.d scripts testdata
# What is no command of a person has one place, whatever the prefix: the
# crontab and the units name it.
LIBDIR := $(DESTDIR)/usr/lib/egress-monitor
MAN := $(DESTDIR)$(PREFIX)/share/man

# Static, so that a tool starts fast and runs on any machine; the version is
# what the Go tool records of the commit, where git can tell it (it refuses a
# checkout of somebody else's, and then so would the build).
export CGO_ENABLED := 0
VCS := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)
BUILD := $(GO) build -buildvcs=$(VCS) -trimpath -ldflags=-s

.PHONY: build demo test bench lint fmt install deb clean

# The linker writes a program in no order, and so it lies in the page cache: the
# same program starts 6 % faster when it was copied, as make install does.
build:
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/...
	@for f in bin/*; do cp $$f $$f~ && mv $$f~ $$f; done

demo: build
	@scripts/demo

test: build
	scripts/test

bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./lib/...
	@if [ -x scripts/bench ]; then scripts/bench; fi

lint:
	@test -z "$$(gofmt -l $(GODIRS))" || { gofmt -l $(GODIRS); echo "run make fmt" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	shellcheck -s sh $$(scripts/shell-files)
	mandoc -Tlint -W warning $$(find cmd scripts -name '*.[1-8]')

fmt:
	gofmt -w $(GODIRS)

# Installing changes nothing else: see egress-monitor(8), enable.
install:
	@test -x bin/aggmerge || { echo "nothing is built: run make build first, as yourself" >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(LIBDIR)/admin $(MAN)/man1 $(MAN)/man8
	install -d $(DESTDIR)/etc/cron.d $(DESTDIR)/etc/logrotate.d $(DESTDIR)/etc/default
	install -d $(DESTDIR)/usr/lib/systemd/system
	install bin/* $(DESTDIR)$(PREFIX)/bin
	install -d $(LIBDIR)/clickhouse/queries
	install scripts/clickhouse/egress-load $(LIBDIR)/clickhouse
	install -m 644 scripts/clickhouse/schema.sql $(LIBDIR)/clickhouse
	install -m 644 scripts/clickhouse/queries/*.sql $(LIBDIR)/clickhouse/queries
	printf '#!/bin/sh\nexec /usr/lib/egress-monitor/clickhouse/egress-load "$$@"\n' >$(DESTDIR)$(PREFIX)/bin/egress-load
	chmod 755 $(DESTDIR)$(PREFIX)/bin/egress-load
	install scripts/egress-monitor $(DESTDIR)$(PREFIX)/sbin
	install cron.d/egress-domains cron.d/egress-ips cron.d/egress-recount scripts/dnsmasq-start scripts/egress-serve $(LIBDIR)
	install -m 644 scripts/lib/*.sh $(LIBDIR)/admin
	install -m 644 scripts/systemd/* $(DESTDIR)/usr/lib/systemd/system
	install -m 644 cmd/*/*.1 scripts/*.1 scripts/clickhouse/*.1 $(MAN)/man1
	install -m 644 scripts/*.8 $(MAN)/man8
	install -m 644 cron.d/egress-monitor $(DESTDIR)/etc/cron.d/egress-monitor
	install -m 644 logrotate.d/egress-monitor $(DESTDIR)/etc/logrotate.d/egress-monitor
	test -e $(DESTDIR)/etc/default/egress-monitor || \
		install -m 644 scripts/egress-monitor.default $(DESTDIR)/etc/default/egress-monitor
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

NFPM := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4
deb: build
	rm -rf dist
	$(MAKE) -s install DESTDIR=$(CURDIR)/dist/root PREFIX=/usr
	VERSION=$$(scripts/deb-version) ARCH=$$($(GO) env GOARCH) \
		$(GO) run $(NFPM) package -f scripts/nfpm.yaml -p deb -t dist/
	rm -rf dist/root

clean:
	rm -rf bin dist
