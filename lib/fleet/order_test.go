package fleet

import (
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"egress-monitor/lib/sighting"
)

// TestOrder: hosts are read side by side, and domains come out of a map. A report is
// the same in whatever order they come.
func TestOrder(t *testing.T) {
	var items []Item
	for i, name := range []string{"b.example", "c.example", "a.test", "d.example"} {
		items = append(items, Item{What: name, Addr: "192.0.2.1", Count: uint64(9 - i), First: sighting.Stamp(7 + i%2), Last: sighting.Stamp(9 + i),
			Born: true, New: i%2 == 1, Hosts: uint32(3 - i%3), Names: 1 + i, TopLevel: name[1:]})
	}
	freshOf := func(order []int) Fresh {
		f := Fleet{Fresh: map[string]*Fresh{}}
		for _, host := range order {
			item := items[host]
			item.What, item.Name = "e.example", []string{"", "x"}[host%2]
			f.takeFresh(&item, uint32(host))
		}
		return *f.Fresh["e.example"]
	}
	inOrder := []int{0, 1, 2, 3}
	wantTogether, wantFresh := together(slices.Clone(items))[0], freshOf(inOrder)
	if wantTogether.Hosts != 1 || wantTogether.TopLevel != ".test" || wantFresh.Names != 1 || wantFresh.Name != "" || wantFresh.First != 7 {
		t.Errorf("together %+v\nfresh %+v", wantTogether, wantFresh)
	}
	random := rand.New(rand.NewSource(1))
	for range 50 {
		order := random.Perm(len(items))
		var some []Item
		for _, i := range order {
			some = append(some, items[i])
		}
		if got := together(some)[0]; got != wantTogether {
			t.Errorf("order %v: together %+v\nwant %+v", order, got, wantTogether)
		}
		if got := freshOf(order); !reflect.DeepEqual(got, wantFresh) {
			t.Errorf("order %v: fresh %+v\nwant %+v", order, got, wantFresh)
		}
	}
}
