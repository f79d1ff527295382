package tally

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

func printed(t *testing.T, table *Table) (lines []string) {
	t.Helper()
	if err := table.Print(true, func(rec []byte) error {
		lines = append(lines, strings.TrimSuffix(string(rec), "\n"))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestTable(t *testing.T) {
	table := New()
	id := table.Add([]byte("b.example"), 1, 1770586200)
	table.AddIP(id, netip.MustParseAddr("192.0.2.9"))
	table.AddIP(id, netip.MustParseAddr("::ffff:192.0.2.9"))
	table.AddIP(id, netip.MustParseAddr("192.0.2.10"))
	for _, ip := range []string{"2001:db8::1", "2001:db8:1111:2222::2", "2001:db8:1111:2222::1"} {
		table.AddIP(id, netip.MustParseAddr(ip))
	}
	table.Add([]byte("b.example"), 2, 1770586100)
	table.Add([]byte("a.example"), 0, 1770586100)
	want := []string{
		"a.example 0 2026-02-08T21:28:20Z -",
		"b.example 3 2026-02-08T21:30:00Z 192.0.2.10,192.0.2.9,2001:db8:1111:2222::1,2001:db8:1111:2222::2,2001:db8::1",
	}
	if got := printed(t, table); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := printed(t, table); len(got) > 0 {
		t.Errorf("after it was printed: %q", got)
	}
}

// Two keys of one hash are two.
func TestOneHash(t *testing.T) {
	table, keys, twins := New(), map[uint32]string{}, 0
	for i := range 400_000 { // some eighteen pairs
		key := fmt.Sprintf("%06d", i)
		h := table.hash([]byte(key))
		if other := keys[h]; other != "" {
			twins++
			if table.Add([]byte(key), 1, 0) == table.Add([]byte(other), 1, 0) {
				t.Errorf("%s is taken for %s", key, other)
			}
		}
		keys[h] = key
	}
	if twins == 0 {
		t.Error("no two keys of one hash")
	}
}

// A table that is printed whenever it is full counts everything once.
func TestTableFills(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	table, prints, sum := New(), 0, 0
	count := func(rec []byte) error {
		var key, last string
		var n int
		fmt.Sscan(string(rec), &key, &n, &last)
		sum += n
		return nil
	}
	const lines = 400_000
	for range lines {
		table.Add(fmt.Appendf(nil, "%x.tunnel.example.com", r.Uint64()), 1, 1770586200)
		if table.Full() {
			prints++
			testtools.Must(t, table.Print(true, count))
		}
	}
	testtools.Must(t, table.Print(true, count))
	if sum != lines || prints == 0 {
		t.Errorf("counted %d of %d, printed %d times in between", sum, lines, prints)
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, names := range []int{1000, 100_000} {
		b.Run(fmt.Sprint("names=", names), func(b *testing.B) {
			keys := make([][]byte, names)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, "host%d.example.com", i)
			}
			ip := netip.MustParseAddr("192.0.2.1")
			table := New()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 7919) % names
				table.AddIP(table.Add(keys[i], 1, 1), ip)
			}
		})
	}
}

// A key with too many addresses keeps as many as there is room for, and gets the
// prefix that says that there were more; other keys keep all of theirs. An address
// that comes again takes no room.
func TestTooManyAddresses(t *testing.T) {
	table := New()
	id, other := table.Add([]byte("flood"), 1, 0), table.Add([]byte("other"), 1, 0)
	for range 3 {
		for i := range mostAddrs + 1000 {
			table.AddIP(id, netip.AddrFrom4([4]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}))
		}
	}
	table.AddIP(id, netip.MustParseAddr("2001:db8::1"))
	table.AddIP(other, netip.MustParseAddr("2001:db8::2"))
	if len(table.pairs) > 1<<18 || int(table.addrs.n) != mostAddrs+1 {
		t.Errorf("%d pairs, %d addresses", len(table.pairs), table.addrs.n)
	}
	if d := table.Dropped(); d.Addresses != 3001 || d.First != "flood" {
		t.Errorf("dropped: %v", d)
	}
	got := printed(t, table)
	list := strings.Split(strings.Fields(got[0])[3], ",")
	if len(list) != mostAddrs+2 || list[0] != "0.0.0.0/0" || list[len(list)-1] != "::/0" || !slices.IsSorted(list) {
		t.Errorf("%d addresses, from %s to %s", len(list), list[0], list[len(list)-1])
	}
	if !strings.HasSuffix(got[1], " 2001:db8::2") {
		t.Errorf("the other one: %s", got[1])
	}
}
