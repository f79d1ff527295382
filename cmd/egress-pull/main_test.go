package main

import (
	"testing"

	"egress-monitor/lib/testtools"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScripts(t *testing.T) {
	testtools.Scripts(t, "egress-pull", testscript.Params{}, "SCRIPTS="+testtools.Absolute(t, "../../scripts/collector"))
}
