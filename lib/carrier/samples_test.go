package carrier_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

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
	name, tool, tz, now, kind string
	args                      []string
	say                       *regexp.Regexp // matches the messages
	in, want                  string
}

// samples are those in files of their own, and those in archives of txtar.
func samples(t *testing.T) (list []sample) {
	const dir = "../../testdata/carriers/"
	metas, err := filepath.Glob(dir + "*.meta")
	testtools.Must(t, err)
	archives, err := filepath.Glob(dir + "*.txtar")
	if err != nil || len(metas) < 30 || len(archives) < 4 {
		t.Fatalf("%d samples, %d archives, %v", len(metas), len(archives), err)
	}
	for _, file := range metas {
		base := strings.TrimSuffix(file, ".meta")
		s := parseMeta(t, filepath.Base(base), testtools.Read(t, file))
		s.in, s.want = testtools.Read(t, base+".in"), testtools.Read(t, base+".expected")
		list = append(list, s)
	}
	for _, file := range archives {
		list = append(list, archived(t, file)...)
	}
	return list
}

// archived are the samples of an archive. One without ".expected" gives nothing.
func archived(t *testing.T, file string) (list []sample) {
	archive, err := txtar.ParseFile(file)
	testtools.Must(t, err)
	for _, f := range archive.Files {
		name, part := strings.TrimSuffix(f.Name, filepath.Ext(f.Name)), filepath.Ext(f.Name)
		if part == ".meta" {
			list = append(list, parseMeta(t, name, string(f.Data)))
			continue
		}
		s := &list[len(list)-1]
		if s.name != name {
			t.Fatalf("%s: %s follows %s.meta", file, f.Name, s.name)
		}
		switch part {
		case ".in":
			s.in = string(f.Data)
		case ".expected":
			s.want = string(f.Data)
		}
	}
	return list
}

// parseMeta returns a sample without its texts.
func parseMeta(t *testing.T, name, text string) sample {
	t.Helper()
	m := testtools.Meta(t, text, "tool", "tz", "now", "args", "kind", "say", "seen")
	s := sample{name: name, tool: m["tool"], tz: cmp.Or(m["tz"], "UTC"), now: cmp.Or(m["now"], "2026-11-25T23:00:00Z"),
		kind: cmp.Or(m["kind"], "right"), say: regexp.MustCompile(cmp.Or(m["say"], "."))}
	if args, ok := m["args"]; ok {
		s.args = words(t, args)
	} else if s.tool == "ipparse" {
		s.args = []string{"--prefix=[UFW BLOCK] "}
	}
	return s
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

// passes reports whether a tool did with a sample what it must.
func (s sample) passes(records, said string, status int) bool {
	want := s.want
	if strings.Contains(want, " ANY") { // the time depends on the boot
		records, want = lastTime.ReplaceAllString(records, "$1"), lastTime.ReplaceAllString(want, "$1")
	}
	exact := records == want && status == 0
	refused := records == "" && status == 1 && s.say.MatchString(said)
	switch s.kind {
	case "right":
		return exact
	case "right-or-said":
		return exact || refused
	case "said":
		return refused
	case "right+said":
		return exact && s.say.MatchString(said)
	}
	return false
}

func TestSamples(t *testing.T) {
	build(t)
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			if got, said, status := s.run(t); !s.passes(got, said, status) {
				t.Errorf("%s, exit status %d\ngot\n%swant\n%ssaid\n%s", s.kind, status, got, s.want, said)
			}
		})
	}
}
