package nfnetlink

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"

	"golang.org/x/sys/unix"
)

// namespace gives the test's thread a network of its own, and a socket in it.
func namespace(t *testing.T) *Conn {
	testtools.Network(t)
	testtools.Need(t, "nft", "iptables-nft")
	c, err := Dial()
	testtools.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func run(t *testing.T, name, input string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func nft(t *testing.T, text string) { t.Helper(); run(t, "nft", text, "-f", "-") }

func TestGeneration(t *testing.T) {
	c := namespace(t)
	a, err := c.Generation()
	testtools.Must(t, err)
	if b, err := c.Generation(); err != nil || b != a {
		t.Errorf("%d after %d, %v", b, a, err)
	}
	nft(t, "add table inet x")
	if b, err := c.Generation(); err != nil || b != a+1 {
		t.Errorf("%d after %d and a change, %v", b, a, err)
	}
}

func TestLists(t *testing.T) {
	c := namespace(t)
	nft(t, `table inet x {
		set s { type ipv4_addr; }
		chain plain { udp dport 9 counter notrack; }
		chain out { type filter hook output priority 0; policy drop; ip daddr @s accept; jump plain; }
	}`)
	run(t, "iptables-nft", "", "-t", "raw", "-A", "OUTPUT", "-j", "CT", "--notrack")
	tables, err := c.Tables()
	if err != nil || len(tables) != 2 || tables[0] != (Table{Inet, "x", 1, 0}) || tables[1].Name != "raw" || tables[1].Family != IPv4 {
		t.Errorf("tables %+v, %v", tables, err)
	}
	nft(t, "add table inet x { flags dormant; }")
	if tables, err := c.Tables(); err != nil || tables[0].Flags != 1 {
		t.Errorf("tables %+v, %v", tables, err)
	}
	chains, err := c.Chains()
	if err != nil || len(chains) != 3 || chains[0].Base || !chains[1].Base || chains[1].Hook != HookOutput || chains[1].Accepts || !chains[2].Accepts {
		t.Errorf("chains %+v, %v", chains, err)
	}
	sets, err := c.Sets(Inet, "x")
	if err != nil || len(sets) != 1 || sets[0].Name != "s" || sets[0].Handle == 0 {
		t.Errorf("sets %+v, %v", sets, err)
	}
	rules, err := c.Rules(0, "")
	if err != nil || len(rules) != 4 || !slices.Contains(rules[0].Statements, "notrack") || !slices.Contains(rules[3].Statements, "target:CT") {
		t.Errorf("rules %+v, %v", rules, err)
	}
	for _, gone := range []string{"none", strings.Repeat("n", 200)} {
		rules, err := c.Rules(Inet, gone)
		sets, err2 := c.Sets(Inet, gone)
		if err != nil || err2 != nil || len(rules)+len(sets) != 0 {
			t.Errorf("of a table that is not there: %v %v %v %v", rules, sets, err, err2)
		}
	}
}

// A table that was deleted and put back has another handle.
func TestHandles(t *testing.T) {
	c := namespace(t)
	handles := func() (uint64, uint64) {
		tables, err := c.Tables()
		testtools.Must(t, err)
		rules, err := c.Rules(Inet, "x")
		testtools.Must(t, err)
		return tables[0].Handle, rules[0].Handle
	}
	const text = "table inet x { chain c { counter; }; }\n"
	nft(t, text)
	table, rule := handles()
	nft(t, "flush chain inet x c\nadd rule inet x c counter")
	if again, other := handles(); again != table || other == rule {
		t.Errorf("a rule put back: %d %d after %d %d", again, other, table, rule)
	}
	nft(t, "delete table inet x")
	nft(t, text)
	if again, _ := handles(); again == table {
		t.Errorf("a table put back: %d again", again)
	}
}

func TestElements(t *testing.T) {
	c := namespace(t)
	var text strings.Builder
	text.WriteString("table inet x {\ncounter n { packets 7 bytes 9 }\nset four { type ipv4_addr; size 65536; flags dynamic,timeout; timeout 30d; elements = { ")
	for i := range 20000 {
		fmt.Fprintf(&text, "198.18.%d.%d counter packets %d bytes 1 expires 1h,", i>>8, i&255, i+1)
	}
	text.WriteString("}; }\nset six { type ipv6_addr; size 9; flags dynamic,timeout; timeout 30d; elements = { 2001:db8::1 counter packets 5 bytes 1 }; }\nset none { type ipv6_addr; }\n}\n")
	nft(t, text.String())
	all, err := c.Elements(Inet, "x", "four", 4)
	sum := uint64(0)
	for _, e := range all {
		i := int(e.Key[2])<<8 | int(e.Key[3])
		if [3]byte(e.Key[:3]) != [3]byte{198, 18, byte(i >> 8)} || e.Packets != uint64(i+1) || e.Left > time.Hour || e.Left < 59*time.Minute || e.Key[4] != 0 {
			t.Fatalf("%+v", e)
		}
		sum += e.Packets
	}
	if err != nil || len(all) != 20000 || sum != 20000*20001/2 {
		t.Errorf("%d elements, %d packets, %v", len(all), sum, err)
	}
	all, err = c.Elements(Inet, "x", "six", 16)
	if err != nil || len(all) != 1 || netip.AddrFrom16(all[0].Key).String() != "2001:db8::1" || all[0].Packets != 5 {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := c.Elements(Inet, "x", "none", 16); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := c.Elements(Inet, "x", "gone", 16); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a set that is not there: %v", err)
	}
	counters, err := c.Counters(Inet, "x")
	if err != nil || len(counters) != 1 || counters["n"] != 7 {
		t.Errorf("%v, %v", counters, err)
	}
	if counters, err := c.Counters(Inet, "gone"); err != nil || len(counters) != 0 {
		t.Errorf("%v, %v", counters, err)
	}
}

func FuzzElements(f *testing.F) {
	f.Add([]byte("\x14\x00\x00\x00\x03\x00\x00\x00aaaabbbb\x00\x00\x00\x00"))
	for _, attribute := range []string{"\x02\x00\x02\x00", "\xff\x00\x02\x00", "\x04\x00\x02\x00"} { // too short, too long, empty
		f.Add([]byte("\x18\x00\x00\x00\x0a\x0a\x00\x00aaaabbbb\x01\x00\x00\x00" + attribute))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		interrupted := false
		appendElements(nil, b, 4, &interrupted)
		appendElements(nil, b, 16, &interrupted)
	})
}
