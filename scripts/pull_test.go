// Package scripts tests the collector's shell scripts as they are installed:
// egress-pull against a real sshd on loopback, with servers that are dead,
// slow, or lie.
package scripts

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var bin string // the tools

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "egress-bin-")
	if err != nil {
		panic(err)
	}
	bin = dir
	build := exec.Command("go", "build", "-o", bin, "../cmd/aggmerge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	os.Setenv("PATH", bin+":"+os.Getenv("PATH")+":/usr/sbin")
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// need skips the test if a program is not installed; in CI all are.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing", p)
		}
		t.Skipf("%s is missing", p)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func absolute(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	must(t, err)
	return path
}

func write(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(text), 0o644))
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return ""
	}
	must(t, err)
	return string(text)
}

// freePorts is n ports of loopback that nobody listens on.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// A fleet is servers on ports of a real sshd, each of which answers by a
// script of its own, and a collector.
type fleet struct {
	t     testing.TB
	dir   string
	ports []int // that sshd listens on, not used yet
	hosts strings.Builder
	known strings.Builder
	key   string // sshd's host key
}

func newFleet(t testing.TB, servers int) *fleet {
	need(t, "sshd", "ssh", "ssh-keygen", "rsync", "timeout", "flock")
	f := &fleet{t: t, dir: t.TempDir(), ports: freePorts(t, servers)}
	for _, key := range []string{"host", "other", "client"} {
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", f.file(key)).CombinedOutput()
		if err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	f.key = f.publicKey("host")
	f.write("dispatch", "#!/bin/sh\nexec sh '"+f.dir+"'/answers/${SSH_CONNECTION##* }\n")
	f.write("authorized_keys", `restrict,command="sh '`+f.file("dispatch")+`'" `+f.publicKey("client")+"\n")
	f.write("ssh_config", fmt.Sprintf("UserKnownHostsFile %s\nIdentityFile %s\nIdentitiesOnly yes\n"+
		"HostKeyAlgorithms ssh-ed25519\nStrictHostKeyChecking no\nForwardAgent yes\n", f.file("known_hosts"), f.file("client")))
	if servers > 0 {
		privilegeSeparation(t)
	}
	for ports := range slices.Chunk(f.ports, 15) { // an sshd listens on 16 at most
		f.startSSHD(ports)
	}
	return f
}

func (f *fleet) file(name string) string   { return filepath.Join(f.dir, name) }
func (f *fleet) write(name, text string)   { f.t.Helper(); write(f.t, f.file(name), text) }
func (f *fleet) read(name string) string   { f.t.Helper(); return read(f.t, f.file(name)) }
func (f *fleet) publicKey(n string) string { return strings.TrimSpace(f.read(n + ".pub")) }

// startSSHD starts an sshd that listens on ports.
func (f *fleet) startSSHD(ports []int) {
	f.t.Helper()
	var config strings.Builder
	for _, p := range ports {
		fmt.Fprintf(&config, "Port %d\n", p)
	}
	fmt.Fprintf(&config, "ListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\n", f.file("host"), f.file("authorized_keys"))
	config.WriteString("StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 200:100:200\n")
	name := fmt.Sprintf("sshd.%d", ports[0])
	f.write(name, config.String())
	sshd, err := exec.LookPath("sshd")
	must(f.t, err)
	cmd := exec.Command(sshd, "-D", "-f", f.file(name), "-E", f.file(name+".log"))
	must(f.t, cmd.Start())
	f.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	last := fmt.Sprintf("127.0.0.1:%d", ports[len(ports)-1])
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", last); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("sshd does not listen: %s", f.read(name+".log"))
		}
	}
}

// privilegeSeparation makes the empty folder without which sshd serves nobody
// as root. Debian's script that starts the service makes it. It stays: another
// test's sshd may use it by now.
func privilegeSeparation(t testing.TB) {
	if os.Getuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755))
	}
}

// listed adds a host to the list: it is known by the given key at the port.
func (f *fleet) listed(name string, port int, key string) {
	fmt.Fprintf(&f.hosts, "%s 127.0.0.1:%d\n", name, port)
	if key != "" {
		fmt.Fprintf(&f.known, "[127.0.0.1]:%d %s\n", port, key)
	}
}

// server adds a host that answers by a shell script.
func (f *fleet) server(name, script string) (port int) {
	port, f.ports = f.ports[0], f.ports[1:]
	f.write(fmt.Sprintf("answers/%d", port), script+"\n")
	f.listed(name, port, f.key)
	return port
}

// good adds a server as it is documented.
func (f *fleet) good(name string, options string) {
	f.t.Helper()
	f.server(name, "exec '"+absolute(f.t, "egress-serve")+"' "+options+" '"+f.file("servers/"+name)+"'")
}

func (f *fleet) aggregates(name, domains, ips string) {
	f.t.Helper()
	f.write("servers/"+name+"/unique-domains.log", domains)
	f.write("servers/"+name+"/unique-ips.log", ips)
}

func (f *fleet) command(options ...string) *exec.Cmd {
	f.t.Helper()
	f.write("hosts", f.hosts.String())
	f.write("known_hosts", f.known.String())
	args := append([]string{"-F", f.file("ssh_config")}, options...)
	return exec.Command(absolute(f.t, "egress-pull"), append(args, f.file("hosts"), f.file("out"))...)
}

// standIn puts a script in the place of a program, for those whose PATH begins
// with bin.
func (f *fleet) standIn(program, script string) {
	f.t.Helper()
	f.write("bin/"+program, "#!/bin/sh\n"+script+"\n")
	must(f.t, os.Chmod(f.file("bin/"+program), 0o755))
}

// run pulls, and returns what was said and the exit status.
func (f *fleet) run(options ...string) (stderr string, status int) {
	f.t.Helper()
	return run(f.t, f.command(options...))
}

func run(t testing.TB, cmd *exec.Cmd) (stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("%s prints %q", cmd, out.String())
	}
	return errs.String(), cmd.ProcessState.ExitCode()
}

// pull demands silence and success.
func (f *fleet) pull(options ...string) {
	f.t.Helper()
	if said, status := f.run(options...); status != 0 || said != "" {
		f.t.Fatalf("exit status %d: %s", status, said)
	}
}

func (f *fleet) want(name, text string) {
	f.t.Helper()
	if got := f.read(name); got != text {
		f.t.Errorf("%s:\n%.300q\nwant:\n%.300q", name, got, text)
	}
}

// wantFiles checks what stands in a folder of the collector.
func (f *fleet) wantFiles(dir, names string) {
	f.t.Helper()
	entries, err := os.ReadDir(f.file(dir))
	must(f.t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if s := strings.Join(got, " "); s != names {
		f.t.Errorf("%s holds %q, want %q", dir, s, names)
	}
}

// status is one field of a host's pull.status.
func (f *fleet) status(host, field string) string {
	f.t.Helper()
	for line := range strings.Lines(f.read("out/" + host + "/pull.status")) {
		if value, ok := strings.CutPrefix(line, field+"="); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	return "no " + field
}
