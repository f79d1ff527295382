package main

// The tests run egress-pull, as it is installed, against a real sshd on
// loopback, with servers that are dead, slow, or lie.

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func TestMain(m *testing.M) { testtools.Main(m, testtools.OnPath, ".", "../egress-report") }

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
	testtools.Need(t, "sshd", "ssh", "ssh-keygen", "rsync")
	f := &fleet{t: t, dir: t.TempDir(), ports: testtools.FreePorts(t, servers)}
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
func (f *fleet) write(name, text string)   { f.t.Helper(); testtools.Write(f.t, f.file(name), text) }
func (f *fleet) read(name string) string   { f.t.Helper(); return testtools.Read(f.t, f.file(name)) }
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
	testtools.Must(f.t, err)
	cmd := exec.Command(sshd, "-D", "-f", f.file(name), "-E", f.file(name+".log"))
	testtools.Must(f.t, cmd.Start())
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
		testtools.Must(t, os.MkdirAll("/run/sshd", 0o755))
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
	f.server(name, "exec '"+testtools.Absolute(f.t, "../../scripts/egress-serve")+"' "+options+" '"+f.file("servers/"+name)+"'")
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
	return exec.Command("egress-pull", append(args, f.file("hosts"), f.file("out"))...)
}

// standIn puts a script in the place of a program, for those whose PATH begins
// with bin.
func (f *fleet) standIn(program, script string) {
	f.t.Helper()
	f.write("bin/"+program, "#!/bin/sh\n"+script+"\n")
	testtools.Must(f.t, os.Chmod(f.file("bin/"+program), 0o755))
}

// run pulls, and returns the messages and the exit status.
func (f *fleet) run(options ...string) (stderr string, status int) {
	f.t.Helper()
	return run(f.t, f.command(options...))
}

func run(t testing.TB, cmd *exec.Cmd) (stderr string, status int) {
	t.Helper()
	out, errs, status := testtools.Run(t, cmd)
	if out != "" {
		t.Errorf("%s prints %q", cmd, out)
	}
	return errs, status
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

// wantFiles checks what stands in a folder of the collector, the records of
// package baseline aside.
func (f *fleet) wantFiles(dir, names string) {
	f.t.Helper()
	got := records.ReplaceAllString(testtools.Names(f.t, f.file(dir)), "")
	if got = strings.TrimSpace(got); got != names {
		f.t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

var records = regexp.MustCompile(`(\.fleet|\.fleet-pending|first-seen-domains\.log|first-seen-ips\.log|pull\.history|states)( |$)`)

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
