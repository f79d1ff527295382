# egress-monitor. The targets people use:
#
#   make build     the tools, into bin/
#   make demo      both pipelines over real captured logs, in a scratch folder
#   make test      all tests; as root with real dnsmasq, journald, logrotate
#   make profile   the profile that dnsparse is built with
#   make bench     benchmarks, side by side with awk
#   make lint fmt  the checks that a change must pass before it is committed
#   make install   DESTDIR= PREFIX=   after make build; root, if DESTDIR is empty; uninstall takes it away
#   make install-collector            the same for a collector, without a server
#   make deb       the Debian packages: a server's into dist/, a collector's into dist/collector/

PREFIX ?= /usr/local
DESTDIR ?=
GO ?= go
GODIRS := cmd lib cron.d scripts testdata
# Programs that no person runs have one place, whatever the prefix, because the
# crontab and the units name it.
LIBDIR := $(DESTDIR)/usr/lib/egress-monitor
MAN := $(DESTDIR)$(PREFIX)/share/man

# Static programs start fast and run on any machine. --version shows the commit
# if git can read it; git refuses a checkout that belongs to somebody else, and
# with -buildvcs=true the build would fail then.
export CGO_ENABLED := 0
VCS := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)
BUILD := $(GO) build -buildvcs=$(VCS) -trimpath -ldflags=-s

.PHONY: build demo test bench profile lint fmt install uninstall install-collector built install-server install-tools install-analysis install-nightly install-manuals deb clean

build:
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/...

demo: build
	@scripts/demo

test: build
	scripts/test

bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./lib/...
	@if [ -x scripts/bench ]; then scripts/bench; fi

# dnsparse is built with a profile of itself (default.pgo, which go build takes
# by itself): 5 % fewer instructions. Make a new one when dnsparse has changed
# much, on a machine without other load.
profile:
	$(GO) test ./cmd/dnsparse -run '^$$' -bench Bulk -benchtime 8s -o /dev/null -cpuprofile=default.pgo
	mv default.pgo cmd/dnsparse/default.pgo

lint:
	@test -z "$$(gofmt -l $(GODIRS))" || { gofmt -l $(GODIRS); echo "run make fmt" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks all ./...
	shellcheck -s sh $$(scripts/shell-files)
	shellcheck -S warning $$(scripts/shell-files bash)
	@! mandoc -Tlint $$(find cmd scripts -name '*.[1-8]') | grep -v 'referenced manual not found'

fmt:
	gofmt -w $(GODIRS)

# The programs that only a collector runs.
COLLECTOR := egress-pull egress-report egress-load
SETTINGS := pull.conf hosts allow
# The filters, for servers and collectors.
TOOLS := aggdiff aggexport aggjoin aggmerge cursorcat dnsparse ipparse
SHARE := $(DESTDIR)$(PREFIX)/share/egress-monitor
PROGRAMS := $(filter-out egress-monitor,$(notdir $(wildcard cmd/*)))

# Installing changes nothing else: see egress-monitor(8), enable. A server; the
# collector's programs are there too, but not its account and its timer.
install: install-server install-analysis
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

# A collector, and nothing of a server.
install-collector: install-tools install-analysis install-nightly

built:
	@test -x bin/aggmerge || { echo "nothing is built: run make build first, as yourself" >&2; exit 1; }

install-server: built install-manuals
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(LIBDIR) $(MAN)/man1 $(MAN)/man8
	install -d $(DESTDIR)/etc/cron.d $(DESTDIR)/etc/logrotate.d $(DESTDIR)/etc/default $(SHARE)
	@$(call foreign,$(SERVER_FILE)) || { echo "the package egress-monitor is installed: apt-get remove it first, or install with PREFIX=/usr DESTDIR=..." >&2; exit 1; }
	rm -rf $(LIBDIR)/admin $(LIBDIR)/clickhouse
	install -d $(DESTDIR)/usr/lib/systemd/system
	install $$(printf 'bin/%s\n' $$(ls bin) | grep -vxF -e bin/egress-monitor -e $$(echo $(COLLECTOR:%=bin/%) | sed 's/ / -e /g')) $(DESTDIR)$(PREFIX)/bin
	install bin/egress-monitor $(LIBDIR)
	ln -sfr $(LIBDIR)/egress-monitor $(DESTDIR)$(PREFIX)/sbin/egress-monitor
	install cron.d/egress-domains cron.d/egress-ips cron.d/egress-set scripts/dnsmasq-start scripts/egress-serve $(LIBDIR)
	install -m 644 scripts/systemd/* $(DESTDIR)/usr/lib/systemd/system
	install -m 644 $$(ls cmd/*/*.1 | grep -v $(COLLECTOR:%=-e /%.1)) $(MAN)/man1
	install -m 644 scripts/*.8 $(MAN)/man8
	install -m 644 cron.d/egress-monitor $(DESTDIR)/etc/cron.d/egress-monitor
	install -m 644 logrotate.d/egress-monitor $(DESTDIR)/etc/logrotate.d/egress-monitor
	install -m 644 scripts/egress-monitor.default $(SHARE)/egress-monitor.default
	test -e $(DESTDIR)/etc/default/egress-monitor || \
		install -m 644 scripts/egress-monitor.default $(DESTDIR)/etc/default/egress-monitor

# True unless this would overwrite files that dpkg has installed.
foreign = test -n "$(DESTDIR)" || ! dpkg-query -S $(1) >/dev/null 2>&1
SERVER_FILE := /usr/lib/egress-monitor/egress-monitor
COLLECTOR_FILE := /usr/lib/egress-monitor/egress-nightly

# Remove what install, install-collector and install-nightly have installed. The
# monitor and the collector's timer are turned off first; changed settings stay, and so
# do the two files, what was pulled, and the collector's account.
uninstall:
	@$(call foreign,$(SERVER_FILE)) || { echo "the package egress-monitor is installed: apt-get remove it" >&2; exit 1; }
	@$(call foreign,$(COLLECTOR_FILE)) || { echo "the package egress-monitor-collector is installed: apt-get remove it" >&2; exit 1; }
	test -n "$(DESTDIR)" || test ! -e $(LIBDIR)/egress-monitor || $(LIBDIR)/egress-monitor disable
	test -n "$(DESTDIR)" || test ! -e $(LIBDIR)/egress-nightly || test ! -d /run/systemd/system || \
		systemctl disable --now egress-collect.timer egress-collect.service
	cd $(DESTDIR)$(PREFIX) && rm -f $(PROGRAMS:%=bin/%) bin/egress-load sbin/egress-monitor bin/egress-monitor \
		$(PROGRAMS:%=share/man/man1/%.1) share/man/man1/egress-load.1 share/man/man1/egress-pull.1 \
		share/man/man5/egress-files.5 share/man/man7/egress-monitor.7 share/man/man7/egress-collector.7 \
		$(addprefix share/man/man8/,$(notdir $(wildcard scripts/*.8 scripts/collector/*.8)))
	rm -rf $(LIBDIR) $(SHARE)
	cd $(DESTDIR)/usr/lib/systemd/system && rm -f $(notdir $(wildcard scripts/systemd/* scripts/collector/egress-collect.*))
	rm -f $(DESTDIR)/usr/lib/sysusers.d/egress-collector.conf $(DESTDIR)/usr/lib/tmpfiles.d/egress-collector.conf
	rm -f $(DESTDIR)/etc/cron.d/egress-monitor $(DESTDIR)/etc/logrotate.d/egress-monitor
	! cmp -s scripts/egress-monitor.default $(DESTDIR)/etc/default/egress-monitor || rm -f $(DESTDIR)/etc/default/egress-monitor
	for f in $(SETTINGS); do \
		! cmp -s scripts/collector/$$f $(DESTDIR)/etc/egress-collector/$$f || rm -f $(DESTDIR)/etc/egress-collector/$$f; done
	test ! -d $(DESTDIR)/etc/egress-collector || rmdir --ignore-fail-on-non-empty $(DESTDIR)/etc/egress-collector
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

# The manuals of a server and of a collector's filters.
install-manuals:
	install -d $(MAN)/man5 $(MAN)/man7
	install -m 644 scripts/egress-files.5 $(MAN)/man5
	install -m 644 scripts/egress-monitor.7 $(MAN)/man7

install-tools: built install-manuals
	install -d $(DESTDIR)$(PREFIX)/bin $(MAN)/man1
	install $(TOOLS:%=bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(foreach t,$(TOOLS),cmd/$(t)/$(t).1) $(MAN)/man1

install-analysis: built
	install -d $(DESTDIR)$(PREFIX)/bin $(MAN)/man1 $(SHARE)/clickhouse/queries
	install $(COLLECTOR:%=bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(foreach t,$(COLLECTOR),cmd/$(t)/$(t).1) $(MAN)/man1
	install -m 644 lib/resolvers/resolvers.txt $(SHARE)
	install -m 644 lib/clickhouse/schema.sql $(SHARE)/clickhouse
	install -m 644 lib/clickhouse/queries/*.sql $(SHARE)/clickhouse/queries
	bin/egress-load --grafana >$(SHARE)/clickhouse/grafana.json
	chmod 644 $(SHARE)/clickhouse/grafana.json
	$(call place,egress-load.1)

# The manuals say where Debian's packages have put things.
place = sed -i 's,/usr/share/egress,$(PREFIX)/share/egress,' $(MAN)/man$(lastword $(subst ., ,$(1)))/$(1)

install-nightly:
	@$(call foreign,$(COLLECTOR_FILE)) || { echo "the package egress-monitor-collector is installed: apt-get remove it first, or install with PREFIX=/usr DESTDIR=..." >&2; exit 1; }
	install -d $(LIBDIR) $(DESTDIR)/usr/lib/systemd/system $(DESTDIR)/usr/lib/sysusers.d $(DESTDIR)/usr/lib/tmpfiles.d
	install -d $(DESTDIR)/etc/egress-collector $(SHARE)/examples $(MAN)/man7 $(MAN)/man8
	install scripts/collector/egress-nightly $(LIBDIR)
	install -m 644 scripts/collector/egress-collect.* $(DESTDIR)/usr/lib/systemd/system
	install -m 644 scripts/collector/sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/egress-collector.conf
	install -m 644 scripts/collector/tmpfiles.conf $(DESTDIR)/usr/lib/tmpfiles.d/egress-collector.conf
	install -m 644 scripts/collector/crontab $(SHARE)/examples
	install -m 644 scripts/collector/*.7 $(MAN)/man7
	install -m 644 scripts/collector/*.8 $(MAN)/man8
	$(call place,egress-nightly.8)
	$(call place,egress-collector.7)
	for f in $(SETTINGS); do \
		test -e $(DESTDIR)/etc/egress-collector/$$f || install -m 644 scripts/collector/$$f $(DESTDIR)/etc/egress-collector; done
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

# The same commit gives the same bytes. The settings file is not part of the
# server's package: its postinst makes one from the copy in share.
deb: build
	rm -rf dist
	mkdir -p dist/collector
	$(MAKE) -s install-server DESTDIR=$(CURDIR)/dist/root PREFIX=/usr
	$(MAKE) -s install-analysis install-nightly DESTDIR=$(CURDIR)/dist/collector-root PREFIX=/usr
	$(MAKE) -s install-tools DESTDIR=$(CURDIR)/dist/tools-root PREFIX=/usr
	rm -r dist/root/etc/default
	scripts/deb egress-monitor dist/root dist scripts/debian/postinst scripts/debian/prerm scripts/debian/postrm
	scripts/deb egress-monitor-collector dist/collector-root dist/collector \
		scripts/collector/postinst scripts/collector/prerm scripts/collector/postrm
	scripts/deb egress-monitor-tools dist/tools-root dist/collector scripts/collector/tools-preinst
	rm -rf dist/root dist/collector-root dist/tools-root

clean:
	rm -rf bin dist
