package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

type command struct {
	Fail    bool    `help:"Fail."`
	Bad     bool    `help:"Be wrong."`
	Version Version `help:"Print the version and exit."`
}

func (c *command) Validate() error {
	if c.Bad {
		return errors.New("--bad is bad")
	}
	return nil
}

func (c *command) Run() error {
	if c.Fail {
		return errors.New("file: line 3: broken")
	}
	return nil
}

func TestRun(t *testing.T) {
	tool = "tool"
	for _, test := range []struct {
		args, stdout, stderr string
		status               int
	}{
		{"", "", "", 0},
		{"--fail", "", "tool: file: line 3: broken\n", 1},
		{"--bad", "", "tool: --bad is bad (see tool --help)\n", 2},
		{"--no-such", "", "tool: unknown flag --no-such (see tool --help)\n", 2},
		{"word", "", "tool: unexpected argument word (see tool --help)\n", 2},
		{"--version", "tool " + version() + "\n", "", 0},
		{"--help", "Usage: tool [flags]", "", 0},
		{"--help --fail", "Usage: tool [flags]", "", 0},
	} {
		var stdout, stderr bytes.Buffer
		status := run("What it does.", &command{}, strings.Fields(test.args), &stdout, &stderr)
		if status != test.status || !strings.HasPrefix(stdout.String(), test.stdout) || stderr.String() != test.stderr {
			t.Errorf("%q: status %d, %q, %q", test.args, status, stdout.String(), stderr.String())
		}
		if test.stdout == "" && stdout.Len() > 0 {
			t.Errorf("%q: prints %q", test.args, stdout.String())
		}
	}
}

func TestHelpToFullDisk(t *testing.T) {
	tool = "tool"
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		testtools.Missing(t, err.Error())
	}
	defer full.Close()
	for _, arg := range []string{"--help", "--version"} {
		var stderr bytes.Buffer
		if status := run("What it does.", &command{}, []string{arg}, full, &stderr); status != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%s: status %d, %q", arg, status, stderr.String())
		}
	}
}
