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

	"golang.org/x/net/dns/dnsmessage"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/truth"
	"egress-monitor/lib/upstream"
)

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
			f, err := os.Open(testtools.File(t, strings.Join(lines, "")))
			testtools.Must(t, err)
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
	domains := testtools.File(t, `*.egress-monitor.test 5 2026-02-08T21:31:00Z -
canary.egress-monitor.invalid 7 2026-02-08T21:30:00Z 203.0.113.255
canary.egress-monitor.test 2 2026-02-08T21:30:00Z 203.0.113.255
check.canary.egress-monitor.invalid 9 2036-02-08T21:30:00Z 203.0.113.255
`)
	ips := testtools.File(t, "2001:db8:ffff:ffff::255 1 2026-02-08T21:29:00Z\n203.0.113.255 3 2026-02-08T21:28:00Z\n")
	got := Sights(domains, ips, os.Open)
	want := map[string]Sight{
		truth.Names:     {7, testtools.Time(t, "2026-02-08T21:30:00Z"), nil},
		truth.Resolver:  {7, testtools.Time(t, "2026-02-08T21:31:00Z"), nil},
		truth.Addresses: {4, testtools.Time(t, "2026-02-08T21:29:00Z"), nil},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Sights(domains+"x", filepath.Dir(ips), os.Open); got[truth.Names] != (Sight{}) || got[truth.Addresses].Err == nil {
		t.Errorf("no file, and a folder: %v", got)
	}
}

// serve answers every question with an address.
func serve(t *testing.T, addr [4]byte) netip.AddrPort {
	return testtools.NameServer(t, func(m *dnsmessage.Message) []*dnsmessage.Message {
		return []*dnsmessage.Message{testtools.WithAddress(m, addr)}
	})
}

func TestAsk(t *testing.T) {
	if err := Ask(serve(t, answer.As4()), layout.CanaryName); err != nil {
		t.Error(err)
	}
	if err := Ask(serve(t, [4]byte{192, 0, 2, 1}), layout.CanaryName); err == nil || !strings.Contains(err.Error(), "does not ask our dnsmasq") {
		t.Error(err)
	}
}

func TestSystemServers(t *testing.T) {
	for text, want := range map[string]string{
		"": "127.0.0.1",
		"# nameserver 192.0.2.1\nsearch example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.2\n": "127.0.0.53",
		"nameserver fe80::1%eth0\n":                                                                         "fe80::1%eth0",
		"nameserver nonsense\nnameserver\t::1\n":                                                            "::1",
		"options timeout:1 rotate\nnameserver 127.0.0.53\nnameserver 192.0.2.2\n":                           "127.0.0.53 192.0.2.2",
		"nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver ::4\noptions rotate\noptions ndots:2\n": "::1 ::2 ::3",
		"options rotate\n": "127.0.0.1",
	} {
		got, err := System{ResolvConf: testtools.File(t, text)}.servers()
		if err != nil || strings.Trim(fmt.Sprint(got), "[]") != want {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]bool{
		"hosts: files resolve [!UNAVAIL=return] dns\n": true,
		"hosts: files dns\nservices: resolve\n":        false,
		"":                                             false,
	} {
		if got := (System{NSSwitch: testtools.File(t, text)}).asksResolved(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// A server elsewhere is not even asked.
func TestSystemElsewhere(t *testing.T) {
	for _, text := range []string{"nameserver 198.51.100.1\n", "nameserver 198.51.100.1\nnameserver 127.0.0.1\noptions rotate\n"} {
		err := System{ResolvConf: testtools.File(t, text)}.Ask(layout.SystemCheckName)
		if err == nil || !strings.HasSuffix(err.Error(), " asks 198.51.100.1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestUpstreams(t *testing.T) {
	got := upstreams(strings.Fields("192.0.2.1 fe80::1%eth0#5353 192.0.2.4#99999 192.0.2.5@eth0 x"))
	if want := "[192.0.2.1:53 [fe80::1%eth0]:5353 192.0.2.5:53]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestUpstream(t *testing.T) {
	dead, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	testtools.Must(t, err)
	deadAddr := dead.LocalAddr().(*net.UDPAddr).AddrPort()
	dead.Close()
	alive := serve(t, [4]byte{192, 0, 2, 1})
	word := func(a netip.AddrPort) string { return fmt.Sprintf("%s#%d", a.Addr(), a.Port()) }
	asked := 0
	as := func(do func() error) error { asked++; return do() }
	if err := anyServer([]string{word(deadAddr), word(alive)}, "www.example.org", as); err != nil || asked != 2 {
		t.Errorf("%v, %d questions", err, asked)
	}
	was := This
	defer func() { This = was }()
	This = System{ResolvConf: testtools.File(t, "nameserver 127.53.53.53\n")} // where nobody listens
	for _, validates := range []bool{false, true} {
		err := Names(upstream.Facts{Servers: []string{word(alive)}, Validates: validates}, "www.example.org", as)
		if (err != nil) != validates || err != nil && !strings.Contains(err.Error(), "validates (DNSSEC=") {
			t.Errorf("validates %v: %v", validates, err)
		}
	}
	for _, words := range [][]string{{word(deadAddr)}, nil} {
		if Names(upstream.Facts{Servers: words}, "www.example.org", as) == nil {
			t.Errorf("%q: no error", words)
		}
	}
}
