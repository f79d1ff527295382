package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"egress-report": main})
}

var update = flag.Bool("update", false, "rewrite what the scripts expect")

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "../../testdata/egress-report", UpdateScripts: *update})
}
