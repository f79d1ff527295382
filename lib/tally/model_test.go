package tally

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// A table prints the same as a model made of maps, for random input.
func TestTableIsMaps(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	table := New()
	for round := range 4 { // a table is used again after it was printed
		counts, ips := map[string]int{}, map[string]map[string]bool{}
		for range 30_000 {
			key := strings.Repeat("long-label.", r.Intn(3)) + fmt.Sprint(int(1000*r.ExpFloat64()))
			id := table.Add([]byte(key), 1, 1770586200)
			counts[key]++
			if ips[key] == nil {
				ips[key] = map[string]bool{}
			}
			for range r.Intn(4) {
				ip := anyIP(r, 1<<(3*round))
				table.AddIP(id, ip)
				ips[key][ip.Unmap().String()] = true
			}
		}
		var want []string
		for _, key := range slices.Sorted(maps.Keys(counts)) {
			list := strings.Join(slices.Sorted(maps.Keys(ips[key])), ",")
			want = append(want, fmt.Sprintf("%s %d 2026-02-08T21:30:00Z %s", key, counts[key], cmp.Or(list, "-")))
		}
		if got := printed(t, table); !slices.Equal(got, want) {
			t.Fatalf("round %d: %d records, want %d; or they differ", round, len(got), len(want))
		}
	}
}

func anyIP(r *rand.Rand, n int) netip.Addr {
	b := [16]byte{0: 0x20, 14: byte(r.Intn(n) >> 8), 15: byte(r.Intn(n))}
	switch r.Intn(3) {
	case 0:
		return netip.AddrFrom4([4]byte{192, byte(r.Intn(2)), b[14], b[15]})
	case 1:
		b[0], b[10], b[11] = 0, 0xff, 0xff
	}
	return netip.AddrFrom16(b)
}

// A text of any length comes out of an arena as it went in.
func TestArena(t *testing.T) {
	var a arena
	for range 2 {
		var places, texts = []uint32{}, []string{}
		for i := range 300 {
			text := strings.Repeat(string(rune('a'+i%26)), i*i)
			places, texts = append(places, a.add([]byte(text), uint32(i))), append(texts, text)
		}
		for i, text := range texts {
			if got, id := a.text(places[i]); string(got) != text || int(id) != i {
				t.Fatalf("text %d of %d bytes is another", i, len(text))
			}
		}
		a.clear()
	}
}
