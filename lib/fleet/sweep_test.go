package fleet

import (
	"fmt"
	"testing"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/sighting"
)

// TestSweeps: many addresses of a network are one thing, which has the age at
// which they became many, and the time of the first; the busiest one names it.
func TestSweeps(t *testing.T) {
	var items []Item
	add := func(address string, count uint64, born, isNew bool) {
		p, _ := fold.Address([]byte(address))
		item := Item{What: address, Count: count, Born: born, New: isNew, Hosts: 1, net: lanHash(p)}
		item.First = []sighting.Stamp{1, 200, 400}[item.Age()]
		if born {
			item.First -= sighting.Stamp(len(items))
		}
		items = append(items, item)
	}
	for i := range 9 {
		add(fmt.Sprintf("192.0.2.%d", i), 1, false, false)
		add(fmt.Sprintf("198.51.100.%d", i), uint64(1+i%5), true, true)
		add(fmt.Sprintf("203.0.%d.9", i), 1, true, true)
		add(fmt.Sprintf("2001:db8::%x", i), 1, true, false)
	}
	add("192.0.2.200", 7, true, true)
	add("198.51.100.200", 1, false, false)
	got := map[string]string{}
	for _, i := range sweeps(items) {
		got[i.What] = fmt.Sprintf("%d %d %d %d %s", i.Alike, i.Count, i.Age(), i.First, i.Net)
	}
	want := map[string]string{"192.0.2.200": "9 16 0 1 192.0.2.0/24", "198.51.100.4": "8 25 2 367 198.51.100.0/24", "198.51.100.200": "0 1 0 1 ", "2001:db8::0": "8 9 1 165 2001:db8::/64"}
	for i := range 9 {
		want[fmt.Sprintf("203.0.%d.9", i)] = fmt.Sprintf("0 1 2 %d ", 398-4*i)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestSweepLeader: a sweep names the host that alone vouches for one of its addresses,
// in any order.
func TestSweepLeader(t *testing.T) {
	for shift := range 9 {
		var items []Item
		for i := range 9 {
			known := []Item{{}, {Known: 3, Leader: 1}, {Known: 2, Leader: 5}, {Known: 2, Leader: 4}}[(i+shift)%9%4]
			known.What, known.net = fmt.Sprintf("192.0.2.%d", i), 1
			items = append(items, known)
		}
		if got := sweeps(items); len(got) != 1 || got[0].Known != 2 || got[0].Leader != 4 {
			t.Errorf("shift %d: %+v", shift, got)
		}
	}
}
