# egress-monitor. The targets people use:
#
#   make build     the tools, into bin/
#   make demo      both pipelines over real captured logs, in a scratch folder
#   make test      all tests; as root with real dnsmasq, journald, logrotate
#   make bench     benchmarks, side by side with awk
#   make lint fmt  what a change must pass before it is committed
#   make install   DESTDIR= PREFIX=

PREFIX ?= /usr/local
DESTDIR ?=
GO ?= go
TOOLS := $(notdir $(patsubst %/,%,$(wildcard cmd/*/)))

# Static, so that a tool starts fast and runs on any machine; the version is
# what the Go tool records of the commit.
export CGO_ENABLED := 0
BUILD := $(GO) build -buildvcs=auto -trimpath -ldflags=-s

.PHONY: build demo test bench lint fmt install clean

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

lint:
	@test -z "$$(gofmt -l cmd lib)" || { gofmt -l cmd lib; echo "run make fmt" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@2026.1 ./...
	shellcheck -s sh $$(scripts/shell-files)
	mandoc -Tlint -W warning $$(find cmd scripts -name '*.[1-8]')

fmt:
	gofmt -w cmd lib

clean:
	rm -rf bin dist
