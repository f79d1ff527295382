package testtools

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Scripts runs the golden tests of a tool, testdata/TOOL/*.txtar, for a test in
// cmd/TOOL. With UPDATE=1 in the environment it rewrites what they expect: read
// the difference. The scripts have one command more:
//
//	bytes FILE TEXT [TIMES]    appends TEXT, in which Go's escapes are read
//
// and each of env, KEY=VALUE, in their environment.
func Scripts(t *testing.T, tool string, p testscript.Params, env ...string) {
	p.Dir = filepath.Join("../../testdata", tool)
	p.UpdateScripts = os.Getenv("UPDATE") != ""
	p.Setup = func(e *testscript.Env) error {
		e.Vars = append(e.Vars, env...)
		return nil
	}
	if p.Cmds == nil {
		p.Cmds = map[string]func(*testscript.TestScript, bool, []string){}
	}
	p.Cmds["bytes"] = appendBytes
	testscript.Run(t, p)
}

func appendBytes(ts *testscript.TestScript, _ bool, args []string) {
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	times := 1
	if len(args) > 2 {
		times, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = f.WriteString(strings.Repeat(text, times))
	ts.Check(err)
	ts.Check(f.Close())
}

// Absolute returns the absolute path of a file in the tree.
func Absolute(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	Must(t, err)
	return path
}
