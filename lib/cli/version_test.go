package cli

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// The programs and the packages have the same version.
func TestReleaseIsTheChangelogs(t *testing.T) {
	text, err := os.ReadFile("../../scripts/debian/changelog")
	testtools.Must(t, err)
	if want := "egress-monitor (" + release + ") "; !strings.HasPrefix(string(text), want) {
		t.Errorf("the changelog does not begin with %q", want)
	}
}

func TestCommit(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for want, settings := range map[string][]debug.BuildSetting{
		"":                                 {modified},
		" (commit 0123456789ab)":           {revision},
		" (commit 0123456789ab, modified)": {revision, modified},
	} {
		if got := commit(settings); got != want {
			t.Errorf("commit(%v) = %q, want %q", settings, got, want)
		}
	}
}
