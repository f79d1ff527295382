// Package pipelines tests the two pipelines as they are installed: the very
// scripts, with the tools as they are built, on real captured logs.
package pipelines

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

var bin string // the tools

func TestMain(m *testing.M) {
	testtools.Main(m, func(dir string) { bin = dir }, "../cmd/...")
}

// A server is the folders of one server, and its settings.
type server struct {
	t     testing.TB
	dir   string
	env   []string
	path  string   // PATH in front of the tools
	saved []string // the folders that restore puts back
}

func newServer(t testing.TB) *server { return serverIn(t, t.TempDir()) }

// serverIn returns a server with all its folders in dir.
func serverIn(t testing.TB, dir string) *server {
	s := &server{t: t, dir: dir}
	for _, dir := range []string{"log", "state", "dnsmasq", "journal"} {
		s.must(os.MkdirAll(s.file(dir), 0o755))
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
	testtools.Must(s.t, err)
}

func (s *server) file(name string) string { return filepath.Join(s.dir, name) }
func (s *server) log() string             { return s.file("dnsmasq/dnsmasq.log") }

func (s *server) read(name string) string {
	s.t.Helper()
	return testtools.Read(s.t, s.file(name))
}

func (s *server) write(name, text string) {
	s.t.Helper()
	testtools.Write(s.t, s.file(name), text)
}

func (s *server) append(name, text string) {
	s.t.Helper()
	testtools.Append(s.t, s.file(name), text)
}

// save notes what folders hold, for restore.
func (s *server) save(dirs ...string) {
	s.t.Helper()
	s.saved = dirs
	s.must(os.RemoveAll(s.file("saved")))
	for _, dir := range dirs {
		s.must(os.MkdirAll(s.file("saved"), 0o755))
		s.must(exec.Command("cp", "-a", s.file(dir), s.file("saved")).Run())
	}
}

func (s *server) restore() {
	s.t.Helper()
	for _, dir := range s.saved {
		s.must(os.RemoveAll(s.file(dir)))
		s.must(exec.Command("cp", "-a", s.file("saved/"+dir), s.dir).Run())
	}
}

// command returns a pipeline, with its arguments. egress-set reads a listing.
func (s *server) command(pipeline string) *exec.Cmd {
	words := strings.Fields(pipeline)
	cmd := exec.Command("./"+words[0], words[1:]...)
	if words[0] == "egress-set" {
		cmd.Stdin = strings.NewReader(s.read("listing"))
	}
	path := bin + ":" + os.Getenv("PATH")
	if s.path != "" {
		path = s.path + ":" + path
	}
	cmd.Env = append(append(os.Environ(), s.env...), "PATH="+path)
	return cmd
}

// try polls, and returns the messages and whether it succeeded.
func (s *server) try(pipeline string) (stderr string, ok bool) {
	s.t.Helper()
	out, errs, status := testtools.Run(s.t, s.command(pipeline))
	if out != "" {
		s.t.Errorf("%s prints %q", pipeline, out)
	}
	if status != 0 && status != 1 {
		s.t.Errorf("%s: exit status %d: %s", pipeline, status, errs)
	}
	return errs, status == 0
}

// poll polls, and demands silence and success.
func (s *server) poll(pipeline string) {
	s.t.Helper()
	if said, ok := s.try(pipeline); !ok || said != "" {
		s.t.Fatalf("%s: success %v: %s", pipeline, ok, said)
	}
}

// domains returns the aggregate of names, ips that of addresses.
func (s *server) domains() string { s.t.Helper(); return s.read("log/unique-domains.log") }
func (s *server) ips() string     { s.t.Helper(); return s.read("log/unique-ips.log") }

func wantText(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

// journal adds the n-th journal of a folder of testdata, as FOLDERn.journal.
func (s *server) journal(folder string, n int) {
	s.t.Helper()
	out, err := exec.Command("gzip", "-dc", fmt.Sprintf("../testdata/%s/%d.journal.gz", folder, n)).Output()
	s.must(err)
	s.write(fmt.Sprintf("journal/%s%d.journal", filepath.Base(folder), n), string(out))
}

// A caller that holds the lock hands it on as descriptor 3, and the pipeline does
// not wait for it.
func TestLockInherited(t *testing.T) {
	testtools.Need(t, "journalctl")
	for pipeline, lock := range map[string]string{
		"egress-domains": "domains.lock", "egress-ips": "ips.lock", "egress-set " + setToken(1): "ips.lock",
	} {
		s := newServer(t)
		s.write("listing", setListing(1, 1, 1))
		s.write("dnsmasq/dnsmasq.log", "")
		s.journal("demo", 1)
		s.write("state/"+lock, "")
		f, err := os.Open(s.file("state/" + lock))
		s.must(err)
		defer f.Close()
		s.must(syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
		cmd := s.command(pipeline)
		cmd.ExtraFiles = []*os.File{f}
		if _, said, status := testtools.Run(t, cmd); status != 0 || said != "" {
			t.Errorf("%s: status %d: %s", pipeline, status, said)
		}
	}
}
