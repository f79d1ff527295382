package rsyslog

import (
	"strings"
	"testing"
)

// The drop-in stops the kernel's lines with our prefix, and nothing else.
func TestDropin(t *testing.T) {
	const want = `if ($inputname == "imklog" or $inputname == "imjournal") and $msg contains "EGRESS: IN=" then stop` + "\n"
	lines := ""
	for line := range strings.Lines(dropin("EGRESS: ")) {
		if !strings.HasPrefix(line, "#") {
			lines += line
		}
	}
	if lines != want {
		t.Errorf("%q, want %q", lines, want)
	}
}
