package netfilter

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const v6 = "SRC=2001:0db8:00ff:0000:0000:0000:0000:0002 DST=2001:0db8:005a:0000:0000:0000:0000:"

// lines has a line of each kind, of Linux 6.18 if no other version is named.
var lines = []struct{ what, prefix, line, dst string }{
	{"iptables, OUTPUT, TCP", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.10 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=15410 DF PROTO=TCP SPT=35444 DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0 ",
		"198.51.100.10"},
	{"iptables with all --log-* options", "EGRESS: ",
		"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=57215 DF PROTO=TCP SPT=48236 DPT=80 SEQ=3859055718 ACK=0 WINDOW=64240 RES=0x00 SYN URGP=0 OPT (020405B40402080A) UID=0 GID=0 ",
		"198.51.100.10"},
	{"ip6tables, OUTPUT, TCP", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 " + v6 + "0010 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=1005566 PROTO=TCP SPT=45454 DPT=443 WINDOW=64800 RES=0x00 SYN URGP=0 ",
		"2001:db8:5a::10"},
	{"one group of zeros is not shortened", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 SRC=2001:0db8:00ff:0000:0000:0000:0000:0002 DST=2001:0db8:005a:0001:0000:0001:0001:0001 LEN=50 TC=0 HOPLIMIT=64 FLOWLBL=364505 PROTO=UDP SPT=38473 DPT=53 LEN=10 ",
		"2001:db8:5a:1:0:1:1:1"},
	{"an IPv4-mapped address stays what the packet had", "EGRESS: ",
		"EGRESS: IN= OUT=eth0 " + strings.Replace(v6, "2001:0db8:005a:0000:0000:0000:0000:", "0000:0000:0000:0000:0000:ffff:c000:0201 LEN=50 TC=0 HOPLIMIT=64 FLOWLBL=0 PROTO=UDP ", 1),
		"::ffff:192.0.2.1"},
	{"an ICMP error repeats the packet it is about", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.77 LEN=58 TOS=0x00 PREC=0x00 TTL=64 ID=4660 PROTO=ICMP TYPE=3 CODE=4 [SRC=198.51.100.77 DST=198.51.100.78 LEN=30 TOS=0x00 PREC=0x00 TTL=64 ID=4660 PROTO=UDP SPT=5353 DPT=99 LEN=10 ] MTU=1400 ",
		"198.51.100.77"},
	{"ESP over IPv6 has no PROTO", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 " + v6 + "0050 LEN=64 TC=0 HOPLIMIT=64 FLOWLBL=0 ", "2001:db8:5a::50"},
	{"SCTP", "EGRESS: ",
		"EGRESS: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.40 LEN=52 TOS=0x00 PREC=0x00 TTL=64 ID=4660 PROTO=132 ", "198.51.100.40"},
	{"forwarded over a bridge", "EGRESS: ",
		"EGRESS: IN=br0 OUT=eth0 PHYSIN=c1 MAC=d6:42:40:15:8a:27:a6:d5:a2:81:7e:b4:08:00 SRC=172.30.0.11 DST=198.51.100.70 LEN=30 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=UDP SPT=1 DPT=2 LEN=10 ",
		"198.51.100.70"},
	{"MACDST= contains DST= (--log-macdecode)", "EGRESS: ",
		"EGRESS: IN=br0 OUT=eth0 PHYSIN=c1 PHYSOUT=c2 MACSRC=a6:d5:a2:81:7e:b4 MACDST=d6:42:40:15:8a:27 VPROTO=0800 VID=5 MACPROTO=0800 SRC=172.30.0.11 DST=198.51.100.70 LEN=30 ",
		"198.51.100.70"},
	{"an empty MAC", "EGRESS: ", "EGRESS: IN=tun0 OUT=eth0 MAC= SRC=172.30.0.11 DST=198.51.100.70 LEN=30 ", "198.51.100.70"},
	{"a sit device", "EGRESS: ",
		"EGRESS: IN=sit1 OUT=eth0 MAC=45:00:00:7c TUNNEL=192.0.2.1->192.0.2.2 " + v6 + "0010 LEN=80 TC=0 ", "2001:db8:5a::10"},
	{"a device called DST=9.9.9.9", "EGRESS: ",
		"EGRESS: IN= OUT=DST=9.9.9.9 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 TOS=0x00 ", "198.51.100.10"},
	{"a device called SRC=1.1.1.1", "EGRESS: ",
		"EGRESS: IN=SRC=1.1.1.1 OUT= MAC= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 TOS=0x00 ", "198.51.100.10"},
	{"a prefix without a space", "EGRESS", "EGRESSIN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ", "198.51.100.10"},
	{"no prefix", "", "IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ", "198.51.100.10"},
	{"the blank left out of the prefix", "[UFW BLOCK]", "[UFW BLOCK] IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ", "198.51.100.10"},
	{"UniFi's description", "[WAN-D-1]", `[WAN-D-1] DESCR="[WAN] Drop all" IN=eth8 OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 `, "198.51.100.10"},
	{"cut after its length", "EGRESS: ", "EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60", "198.51.100.10"},
}

func TestParse(t *testing.T) {
	for _, c := range lines {
		p := NewParser(c.prefix)
		for range 2 { // the second time from what is remembered
			dst, ok, err := p.Parse([]byte(c.line))
			if !ok || err != nil || string(dst) != c.dst {
				t.Errorf("%s: got %q, %v, %v, want %s", c.what, dst, ok, err, c.dst)
			}
		}
	}
}

// memory is addresses that were read before.
type memory []string

func (m *memory) lookup(addr []byte) (id uint32, ok bool) {
	i := slices.Index(*m, string(addr))
	return uint32(max(i, 0)), i >= 0
}

// An address that was read before is found, and no other text is taken for it.
func TestLookup(t *testing.T) {
	p := NewParser("EGRESS: ")
	known := memory{"198.51.100.10", "2001:db8::1", "192.0.2.07", ""}
	p.Lookup = known.lookup
	const head = "EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST="
	for _, c := range []struct {
		line  string
		found bool
		err   error
	}{
		{head + "198.51.100.11 LEN=60 ", false, nil},
		{head + "198.51.100.10 LEN=60 ", true, nil},
		{head + "198.51.100.10 LEN=60", true, nil},
		{head + "198.51.100.1 LEN=60 ", false, nil},
		{head + "198.51.100.10 LEN=x ", false, errLen},
		{head + "198.51.100.10", false, errLen},
		{head + "2001:db8::1 LEN=60 ", false, errFamily},
		{"EGRESS: IN= OUT=eth0 " + v6 + "0010 LEN=60 ", false, nil},
		{head + " LEN=60 ", false, errAddr},
	} {
		_, ok, err := p.Parse([]byte(c.line))
		id, found := p.Found()
		if !ok || !errors.Is(err, c.err) || found != c.found || found && !strings.Contains(c.line, "DST="+known[id]+" ") {
			t.Errorf("%q: %v, error %v, found %v", c.line, ok, err, found)
		}
	}
}

// others has lines of other kinds, some of which try to look like ours.
var others = []struct{ what, line string }{
	{"empty", ""},
	{"the kernel's own", "e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex"},
	{"another rule's prefix", "FW-OTHER: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.10 LEN=60 TOS=0x00 "},
	{"a prefix that begins like ours", "EGRESS-NG: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.10 LEN=60 "},
	{"a prefix that ends like ours", "DROP EGRESS: IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.10 LEN=60 "},
	{"no prefix", "IN= OUT=jn0 SRC=198.18.255.2 DST=198.51.100.10 LEN=60 "},
	{"text after the prefix", "EGRESS: rules installed"},
	{"ARP, bridge family", "EGRESS: ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=… IPSRC=10.0.0.1 MACDST=… IPDST=10.0.0.2"},
	// A process that is called "EGRESS: IN= OUT" runs a file of a chosen name and crashes.
	{"segfault", "EGRESS: IN= OUT[21756]: segfault at 0 ip 000055d0c8a3b139 sp 00007ffc error 6 in  SRC=10.0.0.2 DST=6.6.6.6 LEN=60 x[55d0c8a3b000+1000]"},
	{"segfault, no device", "EGRESS: IN= [21756]: segfault at 0 ip 0 sp 0 error 6 in OUT= SRC=10.0.0.2 DST=6.6.6.6 LEN=60 x[55d0+1000]"},
	{"segfault, a device", "EGRESS: IN= OUT=[21756]: segfault at 0 ip 0 sp 0 error 6 in  SRC=10.0.0.2 DST=6.6.6.6 LEN=60 x[55d0+1000]"},
	{"a program with a name too long for a device", "EGRESS: IN= OUT=abcdefghijklmnop"},
	{"drop_caches", "EGRESS: IN= OUT (21756): drop_caches: 3"},
}

func TestParseOthers(t *testing.T) {
	for _, c := range others {
		if dst, ok, err := NewParser("EGRESS: ").Parse([]byte(c.line)); ok || err != nil {
			t.Errorf("%s: got %q, %v, %v, want another kind of line", c.what, dst, ok, err)
		}
	}
}

// broken is ours and cannot be read.
var broken = []struct{ line, err string }{
	{"EGRESS: IN= OU", `LOG line cut short: "EGRESS: IN= OU"`},
	{"EGRESS: IN=", `LOG line cut short: "EGRESS: IN="`},
	{"EGRESS: IN= OUT=eth", `LOG line cut short: "EGRESS: IN= OUT=eth"`},
	{"EGRESS: IN= OUT=eth0 ", `LOG line cut short: "EGRESS: IN= OUT=eth0 "`},
	{"EGRESS: IN= OUT=eth0 MAC=00:11", `LOG line cut short: "EGRESS: IN= OUT=eth0 MAC=00:11"`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2", `LOG line cut short: ""`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DS", `LOG line cut short: " DS"`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10", `LOG line without LEN= where it belongs: "DST=198.51.100.10"`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=", `LOG line without LEN= where it belongs: "DST=198.51.100.10 LEN="`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=6x", `LOG line without LEN= where it belongs: "DST=198.51.100.10 LEN=6x"`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 TOS=0 LEN=6 ", `LOG line without LEN= where it belongs: "DST=198.51.100.10 TOS=0 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2  DST=198.51.100.10 LEN=6 ", `LOG line cut short: "  DST=198.51.100.10 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.256 LEN=6 ", `not an address: "DST=198.51.100.256 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.010 LEN=6 ", `not an address: "DST=198.51.100.010 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=10.0.0 DST=198.51.100.10 LEN=6 ", `not an address: "SRC=10.0.0 DST=198.51.100.10 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=::1 DST=fe80::1%eth0 LEN=6 ", `not an address: "DST=fe80::1%eth0 LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=::1 DST=\x1b[31m LEN=6 ", `not an address: "DST=\x1b[31m LEN=6 "`},
	{"EGRESS: IN= OUT=eth0 SRC=::1 DST=198.51.100.10 LEN=6 ", `LOG line with addresses of two kinds: "DST=198.51.100.10 LEN=6 "`},
}

func TestParseBroken(t *testing.T) {
	for _, c := range broken {
		if dst, ok, err := NewParser("EGRESS: ").Parse([]byte(c.line)); !ok || err == nil || err.Error() != c.err {
			t.Errorf("%q: got %q, %v, %v, want %s", c.line, dst, ok, err, c.err)
		}
	}
}

// Each form of an address is read as netip reads it.
func TestAddr(t *testing.T) {
	for _, s := range []string{
		"0.0.0.0", "255.255.255.255", "192.0.2.1", "1.2.3.4", "2001:0db8:0000:0000:0000:0000:0000:0001",
		"2001:db8::1", "::", "2001:0DB8:0000:0000:0000:0000:0000:000A", "::ffff:192.0.2.1",
		"0000:0000:0000:0000:0000:ffff:255.255.255.255",
	} {
		want := netip.MustParseAddr(s)
		for _, tail := range []string{"", " ", " LEN="} {
			if n, is4 := addrLen([]byte(s + tail)); n != len(s) || is4 != want.Is4() {
				t.Errorf("%q: got %d bytes, IPv4 %v", s+tail, n, is4)
			}
			var ts texts
			if dst, n := ts.canonical([]byte(s + tail)); !want.Is4() && (string(dst) != want.String() || n != len(s)) {
				t.Errorf("%q: got %q, %d bytes, want %v", s+tail, dst, n, want)
			}
		}
	}
	for _, s := range []string{
		"", " ", "1.2.3", "1.2.3.4.5", "1.2.3.", "1..2.3", "256.1.1.1", "1.2.3.04", "00.1.1.1", "1.2.3.4x", "1.2.3.4\n", "+1.2.3.4",
		"2001:0db8:0000:0000:0000:0000:0000:000g", "2001:0db8:0000:0000:0000:0000:0000:00001",
		"2001:0db8:0000:0000:0000:0000:0000.0001", "fe80::1%eth0", "\x00", strings.Repeat("1", 99),
	} {
		if n, _ := addrLen([]byte(s)); n != 0 {
			t.Errorf("%q: got %d bytes, want none", s, n)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	for _, c := range lines {
		line, p := []byte(c.line), NewParser(c.prefix)
		if n := testing.AllocsPerRun(10, func() { p.Parse(line) }); n != 0 {
			t.Errorf("%s: %v allocations", c.what, n)
		}
	}
}

// Whatever the line: no panic, a key that is an address in its one form, and
// the destination that comes first, right after the first source.
func FuzzParse(f *testing.F) {
	for _, c := range lines {
		f.Add([]byte(c.line))
	}
	for _, c := range others {
		f.Add([]byte(c.line))
	}
	for _, c := range broken {
		f.Add([]byte(c.line))
	}
	p := NewParser("EGRESS: ")
	var known memory
	p.Lookup = known.lookup
	f.Fuzz(func(t *testing.T, line []byte) {
		dst, ok, err := p.Parse(line)
		got := string(dst)
		if id, found := p.Found(); found && (!ok || err != nil || known[id] != got) {
			t.Fatalf("%q: got %q, %v, %v, found %q", line, got, ok, err, known[id])
		}
		if ok && err == nil {
			known = append(known, got)
		}
		if again, ok2, err2 := NewParser("EGRESS: ").Parse(line); ok2 != ok || (err == nil) != (err2 == nil) || string(again) != got {
			t.Fatalf("%q: got %q, %v, %v, and without memory %q, %v, %v", line, got, ok, err, again, ok2, err2)
		}
		if !ok || err != nil {
			return
		}
		if a, err := netip.ParseAddr(got); err != nil || a.String() != got || a.Zone() != "" {
			t.Fatalf("%q: key %q: %v", line, got, err)
		}
		var words [][]byte // from the first SRC= that is a word, and not a device
		for i, w := range bytes.Split(line, []byte(" ")) {
			if i > 2 && bytes.HasPrefix(w, []byte("SRC=")) || words != nil {
				words = append(words, w)
			}
		}
		want, err := netip.ParseAddr(strings.TrimPrefix(string(words[1]), "DST="))
		if err != nil || want.String() != got {
			t.Fatalf("%q: got %v, want %v", line, got, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range lines[:3] {
		b.Run(strings.ReplaceAll(c.what, " ", "-"), func(b *testing.B) {
			line, p := []byte(c.line), NewParser(c.prefix)
			for b.Loop() {
				p.Parse(line)
			}
		})
	}
}

// Any text may be before a LOG line.
func TestPrefix(t *testing.T) {
	const packet = "IN= OUT=eth0 SRC=10.0.0.2 DST=198.51.100.10 LEN=60 "
	for msg, want := range map[string]string{
		packet: "", "[UFW BLOCK] " + packet: "[UFW BLOCK] ", "EGRESS" + packet: "EGRESS", "IN=IN=: " + packet: "IN=IN=: ",
		`[WAN-D-1] DESCR="[WAN] Drop" ` + packet: "[WAN-D-1] ",
	} {
		if got, ok := Prefix([]byte(msg)); !ok || string(got) != want {
			t.Errorf("%q: got %q, %v", msg, got, ok)
		}
	}
	for _, msg := range []string{"", "IN=", "hello", "EGRESS: IN= OUT[21756]: segfault at 0 in  SRC=10.0.0.2 DST=6.6.6.6 LEN=60 x", strings.Repeat("IN=", 1000), strings.Repeat("x", maxPrefix+1) + packet} {
		if got, ok := Prefix([]byte(msg)); ok {
			t.Errorf("%q: got %q", msg, got)
		}
	}
}

func TestLooksLike(t *testing.T) {
	for line, want := range map[string]bool{
		"x IN= OUT= SRC=1 DST=2": true, "x IN= OUT= SRC=1": false, "x OUT= SRC=1 DST=2": false, "x IN= MACSRC=1 MACDST=2 DST=3": false, "SRC=1 IN= DST=2": false,
	} {
		if got := LooksLike([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// Two addresses with one place in texts are not taken for each other.
func TestSamePlace(t *testing.T) {
	var ts texts
	places := map[uint8]string{}
	for i := range 1000 {
		full := fmt.Sprintf("2001:0db8:0000:0000:0000:0000:0000:%04x", i)
		place := hash((*[fullIPv6]byte)([]byte(full)))
		if other := places[place]; other != "" {
			for _, s := range []string{other, full, other} {
				if dst, _ := ts.canonical([]byte(s + " ")); string(dst) != netip.MustParseAddr(s).String() {
					t.Fatalf("%s after one of the same place: %s", s, dst)
				}
			}
		}
		places[place] = full
	}
}

// Of several prefixes each counts, and a blank is only taken where it was left out.
func TestPrefixes(t *testing.T) {
	p := NewParser("one: ", "two")
	for msg, want := range map[string]bool{
		"one: IN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": true, "two IN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": true,
		"twoIN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": true, "one:  IN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": false,
		"two  IN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": false, "three: IN= OUT= SRC=10.0.0.2 DST=198.51.100.10 LEN=60 ": false,
	} {
		if _, ok, err := p.Parse([]byte(msg)); ok != want || err != nil {
			t.Errorf("%q: %v, %v", msg, ok, err)
		}
	}
}
