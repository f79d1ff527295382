package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	hostileAnswers = 20
	perAnswer      = 3500 // as many as fit into a message
)

// A zone that answers with 70,000 addresses over the whole address space costs
// the visibility of its own name only: what nobody has resolved is direct, and
// what another name led to is not. Through the real dnsmasq.
func TestHostileZone(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	testtools.Need(t, "dnsmasq")
	bin := t.TempDir()
	testtools.Must(t, testtools.Build(bin, "egress-monitor/cmd/dnsparse", "egress-monitor/cmd/aggjoin", "egress-monitor/cmd/aggmerge"))
	dir := t.TempDir()
	log := filepath.Join(dir, "dnsmasq.log")
	port := startDNSMasq(t, log, serveHostile(t))
	for range hostileAnswers {
		if n := askTCP(t, port, "flood.example.org."); n != perAnswer {
			t.Fatalf("%d addresses in an answer", n)
		}
	}
	askTCP(t, port, "www.example.org.")
	time.Sleep(100 * time.Millisecond) // dnsmasq's children write as they end
	testtools.Write(t, filepath.Join(dir, "ips"), "198.51.100.7 1 2026-02-08T21:30:00Z\n203.0.113.1 1 2026-02-08T21:30:00Z\n203.0.113.99 1 2026-02-08T21:30:00Z\n60.60.60.60 1 2026-02-08T21:30:00Z\n")
	script := `set -eu
dnsparse --utc dnsmasq.log >records
aggmerge --max-ips 1000 --max-rows 100000 --into domains records
aggjoin --direct --names domains ips`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":/usr/bin:/bin")
	var said bytes.Buffer
	cmd.Stderr = &said
	got, err := cmd.Output()
	want := "203.0.113.1 1 2026-02-08T21:30:00Z\n203.0.113.99 1 2026-02-08T21:30:00Z\n60.60.60.60 1 2026-02-08T21:30:00Z\n"
	if err != nil || string(got) != want {
		t.Errorf("%v: %s: got\n%swant\n%s", err, said.String(), got, want)
	}
	row := rowOf(t, filepath.Join(dir, "domains"), "flood.example.org")
	if n := strings.Count(row, ",") + 1; n != 1000 || !strings.Contains(row, " 0.0.0.0/0,") {
		t.Errorf("%d entries: %.100s", n, row)
	}
}

func rowOf(t *testing.T, file, key string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	testtools.Must(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, key+" ") {
			return line
		}
	}
	t.Fatalf("no row of %s", key)
	return ""
}

// startDNSMasq runs a dnsmasq that asks the server on a port, until the test
// ends, and returns its own port.
func startDNSMasq(t *testing.T, log string, upstream int) int {
	t.Helper()
	port := testtools.FreePorts(t, 1)[0]
	cmd := exec.Command("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=",
		"--listen-address=127.0.0.1", "--bind-interfaces", fmt.Sprint("--port=", port), fmt.Sprintf("--server=127.0.0.1#%d", upstream),
		"--cache-size=0", "--log-queries=extra", "--log-facility="+log, "--user=root")
	if os.Geteuid() != 0 {
		cmd.Args = cmd.Args[:len(cmd.Args)-1]
	}
	testtools.Must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			c.Close()
			return port
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("dnsmasq does not listen")
	return 0
}

// serveHostile is a name server that answers over TCP only: www with one
// address, all else with addresses of which none comes twice. It returns its port.
func serveHostile(t *testing.T) int {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	testtools.Must(t, err)
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	testtools.Must(t, err)
	t.Cleanup(func() { tcp.Close(); udp.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			udp.WriteTo(hostileAnswer(buf[:n], nil), from) // cut short: ask again over TCP
		}
	}()
	go func() {
		next := 0
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			for {
				q, err := readMessage(c)
				if err != nil {
					break
				}
				ips := []netip.Addr{netip.MustParseAddr("198.51.100.7")}
				if !bytes.Contains(q, []byte("\x03www")) {
					ips = ips[:0]
					for range perAnswer {
						// from 1.0.0.0 on, in steps over all of the address space
						n := uint32(1<<24 + uint64(next)*(222<<24)/(hostileAnswers*perAnswer))
						ips = append(ips, netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), 250}))
						next++
					}
				}
				writeMessage(c, hostileAnswer(q, ips))
			}
			c.Close()
		}
	}()
	return tcp.Addr().(*net.TCPAddr).Port
}

func hostileAnswer(query []byte, ips []netip.Addr) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: h.ID, Response: true, RecursionAvailable: true, Truncated: ips == nil})
	b.EnableCompression()
	b.StartQuestions()
	b.Question(q)
	b.StartAnswers()
	for _, ip := range ips {
		b.AResource(dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, dnsmessage.AResource{A: ip.As4()})
	}
	msg, _ := b.Finish()
	return msg
}

func readMessage(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}

func writeMessage(w io.Writer, msg []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...))
	return err
}

// askTCP asks for the addresses of a name, and returns how many there are.
func askTCP(t *testing.T, port int, name string) (addresses int) {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
	testtools.Must(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: 7, RecursionDesired: true})
	b.StartQuestions()
	b.Question(dnsmessage.Question{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET})
	msg, err := b.Finish()
	testtools.Must(t, err)
	testtools.Must(t, writeMessage(c, msg))
	answer, err := readMessage(c)
	testtools.Must(t, err)
	var p dnsmessage.Parser
	if _, err := p.Start(answer); err != nil {
		t.Fatal(err)
	}
	p.SkipAllQuestions()
	for {
		if _, err := p.AnswerHeader(); err != nil {
			return addresses
		}
		p.SkipAnswer()
		addresses++
	}
}
