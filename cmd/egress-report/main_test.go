package main

import (
	"testing"

	"egress-monitor/lib/testtools"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"egress-report": main})
}

func TestScripts(t *testing.T) { testtools.Scripts(t, "egress-report", testscript.Params{}) }
