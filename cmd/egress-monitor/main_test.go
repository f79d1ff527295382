package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/firewall"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/survey"
	"egress-monitor/lib/testtools"
)

// terminal returns a terminal, and the end from which its text can be read.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	testtools.Must(t, err)
	t.Cleanup(func() { screen.Close() })
	testtools.Must(t, unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	testtools.Must(t, err)
	tty, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	testtools.Must(t, err)
	return screen, tty
}

// A person who runs heal while the monitor is off reads why nothing happens; cron
// gets nothing to mail.
func TestOff(t *testing.T) {
	if setup.Enabled() {
		testtools.Missing(t, "the monitor is on here")
	}
	was := os.Stderr
	defer func() { os.Stderr = was }()
	screen, tty := terminal(t)
	if os.Stderr = tty; !isOff() {
		t.Error("the monitor is not off")
	}
	line := make([]byte, 200)
	n, err := screen.Read(line)
	if err != nil || !strings.Contains(string(line[:n]), "the monitor is off, so nothing was done (egress-monitor enable)") {
		t.Errorf("%q, %v", line[:n], err)
	}
	tty.Close()
	r, w, err := os.Pipe()
	testtools.Must(t, err)
	if os.Stderr = w; !isOff() {
		t.Error("the monitor is not off")
	}
	w.Close()
	if text, err := io.ReadAll(r); err != nil || len(text) > 0 {
		t.Errorf("to a pipe: %q, %v", text, err)
	}
}

func TestRunsMinute(t *testing.T) {
	for crontab, want := range map[string]bool{
		"* * * * *  root  test ! -e x || exec /usr/lib/egress-monitor/egress-monitor minute\n": true,
		"# * * * * * root /usr/lib/egress-monitor/egress-monitor minute\n":                     false,
		"  # /egress-monitor minute\nMAILTO=root\n":                                            false,
		"* * * * * root /usr/lib/egress-monitor/heal\n":                                        false,
	} {
		if got := runsMinute(crontab); got != want {
			t.Errorf("%q: %v", crontab, got)
		}
	}
}

// A family without rules is missing only if some are wanted.
func TestFamily(t *testing.T) {
	for want, states := range map[survey.Known][]firewall.FamilyState{
		survey.Yes:     {{Backend: "nft", Good: true}},
		survey.No:      {{Backend: "nft"}, {Missing: true}},
		survey.Unknown: {{}},
	} {
		for _, state := range states {
			if got := family(state); got.Present != want {
				t.Errorf("%+v: %v", state, got.Present)
			}
		}
	}
}
