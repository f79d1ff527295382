package carrier_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// What testdata/journal/formats.journal holds: see the README there.
const (
	formatsDNS = `other.example.org 1 2026-11-26T06:10:50Z -
pool.example.org 3 2026-11-26T06:10:52Z 203.0.113.250,203.0.113.52
`
	formatsIPs = `198.51.100.10 3 2026-11-26T06:10:52Z
2001:db8::5 1 2026-11-26T06:10:52Z
`
)

// Each output format of the journalctl that is installed, in three zones, read
// by both parsers: exact, or, where it has no time, a failure with a message.
func TestEveryFormatOfJournalctl(t *testing.T) {
	testtools.Need(t, "journalctl", "xz")
	build(t)
	journal := filepath.Join(t.TempDir(), "formats.journal")
	data, err := exec.Command("xz", "-dc", "../../testdata/journal/formats.journal.xz").Output()
	testtools.Must(t, err)
	testtools.Must(t, os.WriteFile(journal, data, 0o644))
	list, err := exec.Command("journalctl", "-o", "help").Output()
	testtools.Must(t, err)
	formats := strings.Fields(string(list))
	if len(formats) < 10 {
		t.Fatalf("formats %q", formats)
	}
	for _, format := range formats {
		for _, zone := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata"} {
			for _, options := range [][]string{{"-q", "-a"}, {"--no-hostname"}} {
				if zone != "UTC" && options[0] != "-q" {
					continue
				}
				t.Run(format+"/"+zone+"/"+options[0], func(t *testing.T) {
					out := run(t, zone, "journalctl", append(options, "--no-pager", "--file="+journal, "-o", format)...)
					readAs(t, "dnsparse", zone, format, out, formatsDNS)
					readAs(t, "ipparse", zone, format, out, formatsIPs)
				})
			}
		}
	}
}

// readAs reads the output of journalctl with a parser.
func readAs(t *testing.T, tool, zone, format, in, want string) {
	t.Helper()
	s := sample{tool: tool, tz: zone, now: "2026-11-26T07:00:00Z", in: in}
	got, said, status := s.run(t)
	switch format {
	case "cat": // has no time
		want = ""
	case "short-monotonic", "short-delta": // since some boot
		got, want = lastTime.ReplaceAllString(got, "$1"), lastTime.ReplaceAllString(want, "$1")
		if tool == "dnsparse" {
			want = ""
		}
	}
	if got != want || status != map[bool]int{true: 1, false: 0}[want == ""] || want == "" && said == "" {
		t.Errorf("%s: exit status %d\ngot\n%swant\n%ssaid\n%s\nof\n%s", tool, status, got, want, said, in)
	}
}

func run(t *testing.T, zone, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TZ="+zone, "LC_ALL=C.UTF-8")
	out, said, status := testtools.Run(t, cmd)
	if status != 0 {
		t.Fatalf("%s %q: exit status %d: %s", name, args, status, said)
	}
	return out
}
