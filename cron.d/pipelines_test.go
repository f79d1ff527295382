// Package pipelines tests the two pipelines as they are installed: the very
// scripts, with the tools as they are built, on real captured logs.
package pipelines

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var bin string // the tools

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "egress-bin-")
	if err != nil {
		panic(err)
	}
	bin = dir
	build := exec.Command("go", "build", "-o", bin, "../cmd/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// A server is the folders of one server, and its settings.
type server struct {
	t    testing.TB
	dir  string
	env  []string
	path string // PATH in front of the tools
}

func newServer(t testing.TB) *server {
	s := &server{t: t, dir: t.TempDir()}
	for _, dir := range []string{"log", "state", "dnsmasq", "journal"} {
		s.must(os.Mkdir(s.file(dir), 0o755))
	}
	s.env = []string{
		"EGRESS_SETTINGS=/dev/null",
		"EGRESS_LOG_DIR=" + s.file("log"),
		"EGRESS_STATE_DIR=" + s.file("state"),
		"EGRESS_DNSMASQ_LOG=" + s.log(),
		"EGRESS_JOURNALCTL=journalctl --directory=" + s.file("journal"),
		"EGRESS_NOW=2026-12-01T00:00:00Z",
		"TZ=UTC",
	}
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) file(name string) string { return filepath.Join(s.dir, name) }
func (s *server) log() string             { return s.file("dnsmasq/dnsmasq.log") }

func (s *server) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.file(name))
	if os.IsNotExist(err) {
		return ""
	}
	s.must(err)
	return string(text)
}

func (s *server) write(name, text string) {
	s.t.Helper()
	s.must(os.WriteFile(s.file(name), []byte(text), 0o644))
}

func (s *server) append(name, text string) {
	s.t.Helper()
	f, err := os.OpenFile(s.file(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	s.must(err)
	_, err = f.WriteString(text)
	s.must(err)
	s.must(f.Close())
}

func (s *server) command(pipeline string) *exec.Cmd {
	cmd := exec.Command("./" + pipeline)
	path := bin + ":" + os.Getenv("PATH")
	if s.path != "" {
		path = s.path + ":" + path
	}
	cmd.Env = append(append(os.Environ(), s.env...), "PATH="+path)
	return cmd
}

// try polls, and returns what was said and whether it succeeded.
func (s *server) try(pipeline string) (stderr string, ok bool) {
	s.t.Helper()
	var out, errs bytes.Buffer
	cmd := s.command(pipeline)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		s.t.Fatal(err)
	}
	if out.Len() > 0 {
		s.t.Errorf("%s prints %q", pipeline, out.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 {
		s.t.Errorf("%s: exit status %d: %s", pipeline, code, errs.String())
	}
	return errs.String(), err == nil
}

// poll polls, and demands silence and success.
func (s *server) poll(pipeline string) {
	s.t.Helper()
	if said, ok := s.try(pipeline); !ok || said != "" {
		s.t.Fatalf("%s: success %v: %s", pipeline, ok, said)
	}
}

// files is what stands in a folder.
func (s *server) files(dir string) string {
	s.t.Helper()
	entries, err := os.ReadDir(s.file(dir))
	s.must(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func wantText(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func text(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// unzip writes a compressed file of testdata to the server.
func (s *server) unzip(from, to string) {
	s.t.Helper()
	out, err := exec.Command("gzip", "-dc", from).Output()
	s.must(err)
	s.write(to, string(out))
}
