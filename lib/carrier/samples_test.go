package carrier_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

var bin string // the tools

// build builds them, for the tests that run whole programs.
func build(t *testing.T) {
	bin = t.TempDir()
	testtools.Must(t, testtools.Build(bin, "../../cmd/dnsparse", "../../cmd/ipparse"))
}

// A sample is a log as somebody has it, how it is read, and what it must give.
type sample struct {
	name, tool, tz, now string
	args                []string
	said                bool // a message that helps is as good
	in, want            string
}

func samples(t *testing.T) (list []sample) {
	files, err := filepath.Glob("../../testdata/carriers/*.meta")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".meta")
		s := sample{name: filepath.Base(base), in: testtools.Read(t, base+".in"), want: testtools.Read(t, base+".expected")}
		for line := range strings.Lines(testtools.Read(t, file)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "tool":
				s.tool = value
			case "tz":
				s.tz = value
			case "now":
				s.now = value
			case "args":
				s.args = words(t, value)
			case "kind":
				s.said = value == "right-or-said"
			}
		}
		list = append(list, s)
	}
	return list
}

// words takes shell words apart.
func words(t *testing.T, text string) []string {
	t.Helper()
	if text == "" {
		return nil
	}
	out, err := exec.Command("sh", "-c", `for w in `+text+`; do printf '%s\n' "$w"; done`).Output()
	testtools.Must(t, err)
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// run is what a tool makes of a sample. It prints few records as aggmerge would.
func (s sample) run(t *testing.T) (records, said string, status int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, s.tool), append([]string{"--now=" + s.now}, s.args...)...)
	cmd.Env = append(os.Environ(), "TZ="+s.tz)
	cmd.Stdin = strings.NewReader(s.in)
	return testtools.Run(t, cmd)
}

var lastTime = regexp.MustCompile(`(?m)(\S+ \d+) \S+`)

// The samples: each is exact, or a failure with a message where that will do.
func TestSamples(t *testing.T) {
	build(t)
	for _, s := range samples(t) {
		got, said, status := s.run(t)
		want := s.want
		if strings.Contains(want, " ANY") { // the time depends on the boot
			got, want = lastTime.ReplaceAllString(got, "$1"), lastTime.ReplaceAllString(want, "$1")
		}
		if got == want && status == 0 || s.said && status == 1 && got == "" && said != "" {
			continue
		}
		t.Errorf("%s: exit status %d\ngot\n%swant\n%ssaid\n%s", s.name, status, got, want, said)
	}
}
