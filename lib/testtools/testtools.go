// Package testtools holds what the tests of several packages share: to build and
// run the tools, to need programs and rights, to read and write files, and a plain
// model of an aggregate. Only tests import it.
package testtools

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Main is the body of TestMain: it builds packages into a folder that is there
// until the tests are over, calls use with that folder, and runs the tests.
func Main(m *testing.M, use func(bin string), packages ...string) {
	bin, err := os.MkdirTemp("", "egress-bin-")
	if err != nil {
		panic(err)
	}
	// No os.Exit, which would leave the folder: when TestMain returns, package
	// testing exits with what m.Run returned.
	defer os.RemoveAll(bin)
	if err := Build(bin, packages...); err != nil {
		panic(err)
	}
	use(bin)
	m.Run()
}

// OnPath adds bin to PATH, where scripts find the tools. It is made for Main. It
// also adds /usr/sbin, where sshd is, which the PATH of a user may lack.
func OnPath(bin string) {
	os.Setenv("PATH", bin+":"+os.Getenv("PATH")+":/usr/sbin")
}

// Build builds packages into a folder, static as they are installed.
func Build(bin string, packages ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-o", bin}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// Need skips a test if a program is not installed. In CI it fails: there no
// test may be left out unnoticed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Missing(t, p+" is missing")
		}
	}
}

// NeedRoot is Need for the rights of root.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "needs root")
	}
}

// Missing skips a test for the reason why. In CI it fails.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// AsNobody makes sure that a test runs without the rights of root: for root it
// runs the test in another process, as user nobody, and skips it here if it has
// passed there.
func AsNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
	t.Skip("passed as nobody; it cannot run as root")
}

// Must ends the test at an error.
func Must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Run runs a program to its end, whatever its status.
func Run(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err) // not started
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// Shell runs a script, which must succeed, and returns its output.
func Shell(t testing.TB, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// Text returns the text of a file, which must be there.
func Text(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	Must(t, err)
	return string(text)
}

// Read returns the text of a file, or "" if there is none.
func Read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return ""
	}
	Must(t, err)
	return string(text)
}

// Write writes a file, and makes the folders it is in.
func Write(t testing.TB, name, text string) {
	t.Helper()
	Must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	Must(t, os.WriteFile(name, []byte(text), 0o644))
}

// Append adds text to a file, as a daemon does; it makes the file if there is none.
func Append(t testing.TB, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	Must(t, err)
	defer f.Close()
	_, err = f.WriteString(text)
	Must(t, err)
}

// File returns the name of a new file with a text, which goes after the test.
func File(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	Write(t, name, text)
	return name
}

// Names returns the names in a folder, sorted, with spaces between them.
func Names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	Must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// FreePorts returns n TCP ports of loopback that nobody listens on.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Must(t, err)
		defer l.Close() // not earlier, or the same port could be found again
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// Time returns the time of a text, RFC 3339.
func Time(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	Must(t, err)
	return when
}

// Zone returns a time zone. If the machine does not have it, the test is skipped.
func Zone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		Missing(t, err.Error())
	}
	return zone
}
