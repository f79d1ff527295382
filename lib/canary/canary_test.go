package canary

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"egress-monitor/lib/layout"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Every row of files small and large is found, and none that is not there.
func TestFind(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 1000, 5000} {
		for _, long := range []int{0, 100, 40000} {
			if n*long > 10e6 {
				continue
			}
			var lines []string
			for i := range n {
				lines = append(lines, fmt.Sprintf("k%d %d 2026-02-08T21:30:00Z %s\n", i, i+1, "-"+strings.Repeat("x", (i%3)*long)))
			}
			lines = slices.DeleteFunc(lines, func(l string) bool { return len(l) > 1000 && l[1] == '1' && !strings.HasPrefix(l, "k1 ") })
			slices.Sort(lines)
			f, err := os.Open(write(t, strings.Join(lines, "")))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for i := 0; i < len(lines); i += 1 + len(lines)/50 {
				key, rest, _ := strings.Cut(lines[i], " ")
				r, err := find(f, key)
				want := strings.Fields(rest)[0]
				if strings.Contains(lines[i], "-x") { // no record: the list is no list of addresses
					want = "0"
				}
				if err != nil || fmt.Sprint(r.Count) != want {
					t.Fatalf("%d rows, %d long: %s: %d, %v", n, long, key, r.Count, err)
				}
			}
			for _, key := range []string{"", "a", "k", "k1x", "k999999", "z", "~"} {
				if r, err := find(f, key); err != nil || r.Key != nil {
					t.Fatalf("%d rows: %q: %q, %v", n, key, r.Key, err)
				}
			}
		}
	}
}

func TestSights(t *testing.T) {
	domains := write(t, `*.egress-monitor.test 5 2026-02-08T21:31:00Z -
canary.egress-monitor.invalid 7 2026-02-08T21:30:00Z 203.0.113.255
canary.egress-monitor.test 2 2026-02-08T21:30:00Z 203.0.113.255
check.canary.egress-monitor.invalid 9 2036-02-08T21:30:00Z 203.0.113.255
`)
	ips := write(t, "2001:db8:ffff:ffff::255 1 2026-02-08T21:29:00Z\n203.0.113.255 3 2026-02-08T21:28:00Z\n")
	got, err := Sights(domains, ips, os.Open)
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	want := map[string]Sight{
		Names:     {7, at("2026-02-08T21:30:00Z")},
		Resolver:  {7, at("2026-02-08T21:31:00Z")},
		Addresses: {4, at("2026-02-08T21:29:00Z")},
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if got, err := Sights(domains+"x", ips+"x", os.Open); err != nil || len(got) != 0 {
		t.Errorf("no files: %v, %v", got, err)
	}
}

// serve answers every question with an address.
func serve(t *testing.T, addr [4]byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response = true
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.AResource{A: addr},
			}}
			if b, err := m.Pack(); err == nil {
				conn.WriteToUDP(b, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestAsk(t *testing.T) {
	if err := Ask(serve(t, answer.As4()), layout.CanaryName); err != nil {
		t.Error(err)
	}
	if err := Ask(serve(t, [4]byte{192, 0, 2, 1}), layout.CanaryName); err == nil || !strings.Contains(err.Error(), "does not ask our dnsmasq") {
		t.Error(err)
	}
}
