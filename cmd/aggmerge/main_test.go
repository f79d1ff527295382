package main

import (
	"testing"

	"egress-monitor/lib/testtools"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aggmerge": main})
}

func TestScripts(t *testing.T) { testtools.Scripts(t, "aggmerge", testscript.Params{}) }
