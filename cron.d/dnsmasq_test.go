package pipelines

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// A daemon is a real dnsmasq on a loopback port, which answers every question
// by itself and logs as on a server.
type daemon struct {
	*server
	cmd  *exec.Cmd
	conn net.Conn
	id   uint16
}

func newDaemon(s *server) *daemon {
	s.t.Helper()
	port := freePort(s.t)
	s.write("dnsmasq.conf", fmt.Sprintf(`port=%d
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
address=/example/192.0.2.7
address=/example/2001:db8::7
log-queries=extra
log-facility=%s
`, port, s.log()))
	d := &daemon{server: s, cmd: exec.Command("dnsmasq", "--keep-in-foreground", "--conf-file="+s.file("dnsmasq.conf"),
		"--user=root", "--pid-file="+s.file("dnsmasq.pid"))}
	d.cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	s.must(d.cmd.Start())
	s.t.Cleanup(d.stop)
	var err error
	d.conn, err = net.Dial("udp", fmt.Sprint("127.0.0.1:", port))
	s.must(err)
	d.id = uint16(os.Getpid())
	for range 100 {
		if d.tryAsk(1, "ready", "example") {
			return d
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatal("dnsmasq does not answer")
	return nil
}

func (d *daemon) stop() {
	if d.cmd.ProcessState == nil {
		d.cmd.Process.Signal(syscall.SIGTERM)
		d.cmd.Wait()
	}
}

func freePort(t testing.TB) int {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	testtools.Must(t, err)
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// ask asks one question, once, and waits for its answer.
func (d *daemon) ask(qtype uint16, labels ...string) {
	d.t.Helper()
	if !d.tryAsk(qtype, labels...) {
		d.t.Fatalf("no answer for %q", labels)
	}
}

func (d *daemon) tryAsk(qtype uint16, labels ...string) bool {
	d.id++
	msg := binary.BigEndian.AppendUint16(nil, d.id)
	msg = append(msg, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	for _, l := range labels {
		msg = append(append(msg, byte(len(l))), l...)
	}
	msg = binary.BigEndian.AppendUint16(append(msg, 0), qtype)
	msg = binary.BigEndian.AppendUint16(msg, 1)
	if _, err := d.conn.Write(msg); err != nil {
		return false
	}
	d.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	answer := make([]byte, 4096)
	for {
		n, err := d.conn.Read(answer)
		if err != nil {
			return false
		}
		if n >= 2 && binary.BigEndian.Uint16(answer) == d.id {
			return true
		}
	}
}

// now makes the pipeline date lines by the real clock.
func (s *server) now() { s.env = append(s.env, "EGRESS_NOW=") }

// rotate runs the real logrotate.
func (d *daemon) rotate() {
	d.t.Helper()
	out, err := exec.Command("logrotate", "-f", "-s", d.file("logrotate.state"), d.file("logrotate.conf")).CombinedOutput()
	if err != nil {
		d.t.Fatalf("logrotate: %v: %s", err, out)
	}
}

// Questions go on while the log is rotated in every way that logrotate knows,
// and each of them is counted once.
func TestRealRotation(t *testing.T) {
	testtools.Need(t, "dnsmasq", "logrotate", "zstd")
	const reopen = "postrotate\n kill -USR2 $(cat PID)\n endscript\n"
	// Rules that compress at once must wait until dnsmasq has reopened its log: lines
	// that it writes to a file that was compressed meanwhile are gone, for every
	// reader. (Our own logrotate file compresses a rotation later.)
	const reopened = "postrotate\n kill -USR2 $(cat PID); sleep 0.3\n endscript\n"
	for name, rules := range map[string]string{
		"rename":        "nocompress\n" + reopen,
		"create":        "create 0640\n" + reopen,
		"compress":      "compress\n" + reopened,
		"delaycompress": "compress\ndelaycompress\n" + reopen,
		"zstd":          "compress\ncompresscmd /usr/bin/zstd\ncompressext .zst\ncompressoptions --rm -q\n" + reopened,
		"dateext":       "dateext\ndateformat -%Y%m%d-%s\n" + reopen,
		"olddir":        "olddir old\ncreateolddir\n" + reopen,
		"copytruncate":  "copytruncate\ncompress\ndelaycompress\n",
		"copy":          "copy\ncompress\n",
		"renamecopy":    "renamecopy\ncompress\n" + reopened,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.now()
			if name == "olddir" {
				s.env = append(s.env, "EGRESS_DNSMASQ_OLDDIR="+s.file("dnsmasq/old"))
				s.must(os.Mkdir(s.file("dnsmasq/old"), 0o750))
			}
			d := newDaemon(s)
			s.must(os.Chmod(s.file("dnsmasq"), 0o750)) // logrotate refuses folders that others can write to
			conf := s.log() + " {\nrotate 20\nnomail\n" + strings.ReplaceAll(rules, "PID", s.file("dnsmasq.pid")) + "}\n"
			s.must(os.WriteFile(s.file("logrotate.conf"), []byte(conf), 0o600))

			const names = 37
			asked := 0
			load := func(n int) {
				for range n {
					d.ask(1, fmt.Sprint("h", asked%names), "example")
					asked++
				}
			}
			for round := range 4 {
				load(300)
				rotated := make(chan struct{})
				go func() { defer close(rotated); d.rotate() }()
				if name == "copytruncate" { // loses what is written meanwhile, whoever reads it
					<-rotated
				}
				load(300)
				<-rotated
				if name == "dateext" {
					time.Sleep(1100 * time.Millisecond) // its names are a second long
				}
				if round%2 == 1 {
					s.poll("egress-domains")
				}
			}
			load(100)
			s.poll("egress-domains")
			checkCounts(t, s, names, asked)
		})
	}
}

func checkCounts(t *testing.T, s *server, names, asked int) {
	t.Helper()
	rows := map[string]string{}
	for line := range strings.Lines(s.domains()) {
		f := strings.Fields(line)
		rows[f[0]] = f[1] + " " + f[3]
	}
	for i := range names {
		want := fmt.Sprintf("%d 192.0.2.7", (asked-i+names-1)/names)
		if got := rows[fmt.Sprintf("h%d.example", i)]; got != want {
			t.Errorf("h%d.example: %s, want %s", i, got, want)
		}
	}
}

// Names that look like log text, or that a terminal would obey, asked of the
// real dnsmasq: each is one row of four clean fields.
func TestRealOddNames(t *testing.T) {
	testtools.Need(t, "dnsmasq")
	s := newServer(t)
	s.now()
	d := newDaemon(s)
	for _, test := range []struct {
		labels []string
		row    string
	}{
		{[]string{"plain", "example"}, `plain.example 1 192.0.2.7`},
		{[]string{"MiXed", "Example"}, `mixed.example 1 192.0.2.7`},
		{[]string{"a b", "example"}, `a\032b.example 1 192.0.2.7`},
		{[]string{"x from 1.2.3.4", "example"}, ""}, // a dot in a label: dnsmasq does not print it
		{[]string{"x from 1", "2", "3", "4", "example"}, `x\032from\0321.2.3.4.example 1 192.0.2.7`},
		{[]string{"y is 6", "6", "6", "6", "example"}, `y\032is\0326.6.6.6.example 1 192.0.2.7`},
		{[]string{"y is 6", "6", "6", "6"}, `y\032is\0326.6.6.6 1 -`},
		{[]string{"query[A] z from 127", "0", "0", "1", "example"}, `query[a]\032z\032from\032127.0.0.1.example 1 192.0.2.7`},
		{[]string{`back\slash`, "example"}, `back\092slash.example 1 192.0.2.7`},
		{[]string{`\032`, "example"}, `\092032.example 1 192.0.2.7`},
		{[]string{"co,mma", "example"}, `co\044mma.example 1 192.0.2.7`},
		{[]string{"<NXDOMAIN>", "example"}, `<nxdomain>.example 1 192.0.2.7`},
		{[]string{"error", "example"}, `error.example 1 192.0.2.7`},
		{[]string{"-- cursor: evil", "example"}, `--\032cursor:\032evil.example 1 192.0.2.7`},
		{[]string{"esc\x1b[31m", "example"}, ""},
		{[]string{"bell\a", "example"}, ""},
		{[]string{"high\xc3\xa9", "example"}, ""},
		{[]string{"line\nfeed", "example"}, ""},
		{nil, `. 1 -`},
		{[]string{strings.Repeat("l", 63), strings.Repeat("m", 63), strings.Repeat("n", 63), strings.Repeat("o", 53), "example"},
			strings.Repeat("l", 63) + "." + strings.Repeat("m", 63) + "." + strings.Repeat("n", 63) + "." + strings.Repeat("o", 53) + ".example 1 192.0.2.7"},
	} {
		d.ask(1, test.labels...)
		if test.row == "" {
			continue
		}
		s.poll("egress-domains")
		found := false
		for line := range strings.Lines(s.domains()) {
			f := strings.Fields(line)
			if len(f) != 4 {
				t.Fatalf("%q: %d fields", line, len(f))
			}
			found = found || f[0]+" "+f[1]+" "+f[3] == test.row
		}
		if !found {
			t.Errorf("%q: no row %s in\n%s", test.labels, test.row, s.domains())
		}
	}
	s.poll("egress-domains")
	for i, c := range []byte(strings.ReplaceAll(s.domains(), "\n", "")) {
		if c < ' ' || c > '~' {
			t.Errorf("byte %#x at %d", c, i)
		}
	}
	if !strings.Contains(s.domains(), "<name\\032unprintable> 5 ") {
		t.Errorf("unprintable names: %s", s.domains())
	}
}
