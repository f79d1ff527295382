package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScripts(t *testing.T) {
	scripts := absolute(t, "../../scripts/collector")
	testscript.Run(t, testscript.Params{Dir: "../../testdata/egress-pull", Setup: func(env *testscript.Env) error {
		env.Setenv("SCRIPTS", scripts)
		return nil
	}})
}
