package main

import (
	"testing"

	"egress-monitor/lib/testtools"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nftparse": main})
}

func TestScripts(t *testing.T) {
	testtools.Scripts(t, "nftparse", testscript.Params{}, "SAMPLES="+testtools.Absolute(t, "../../testdata/nft"),
		"T5=set=0123456789abcdef;g=5;from=2026-01-02T03:01:00Z;to=2026-01-02T03:02:00Z",
		"T6=set=0123456789abcdef;g=6;from=2026-01-02T03:02:00Z;to=2026-01-02T03:03:00Z",
		"T7=set=0123456789abcdef;g=7;from=2026-01-02T03:03:00Z;to=2026-01-02T03:04:00Z",
		"OTHER=set=fedcba9876543210;g=9;from=2026-01-02T01:03:00Z;to=2026-01-02T01:04:00Z")
}
