package fleet

import (
	"net/netip"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/sighting"
)

// minSweep is the number of addresses of a network from which on they are one thing: a
// scan, the pods of a node, the servers of a service.
const minSweep = 8

// sweeps makes one item of the many addresses of a network that came at one age,
// and of those that came later: the host is known to reach that network. The item has
// the name of the address with the largest count. Among items there may be some that
// sweeps has made before.
func sweeps(items []Item) []Item {
	if len(items) < minSweep {
		return items
	}
	in := map[uint64][Ages]int{}
	for i := range items {
		ages := in[items[i].net]
		ages[items[i].Age()]++
		if items[i].Net != "" {
			ages[items[i].Age()] += minSweep
		}
		in[items[i].net] = ages
	}
	at := map[uint64]int{}
	kept := items[:0]
	for _, item := range items {
		age, ok := sweepAge(in[item.net])
		if !ok || item.Age() < age {
			kept = append(kept, item)
			continue
		}
		if i, ok := at[item.net]; ok {
			kept[i].sweep(&item)
			continue
		}
		at[item.net] = len(kept)
		if item.Net == "" {
			item.Net, item.most = lanOf(item.What), item.Count
		}
		kept = append(kept, item)
	}
	return kept
}

// sweepAge returns the age at which the addresses of a network became many.
func sweepAge(n [Ages]int) (Age, bool) {
	for age := range Ages {
		if n[age] >= minSweep {
			return age, true
		}
	}
	return 0, false
}

// sweep takes in another address of the same network, or more of them.
func (i *Item) sweep(o *Item) {
	most := o.Count
	if o.Net != "" {
		most = o.most
	}
	if most > i.most {
		i.What, i.most = o.What, most
	}
	i.join(o)
}

// lan returns the network that an address shares with its neighbours: a /24 or a /64.
func lan(p netip.Prefix) netip.Prefix {
	bits := 64
	if p.Addr().Is4() {
		bits = 24
	}
	return netip.PrefixFrom(p.Addr(), min(bits, p.Bits())).Masked()
}

func lanOf(address string) string {
	p, _ := fold.Address([]byte(address)) // as it was when it was read
	return lan(p).String()
}

// lanHash returns a hash of that network.
func lanHash(p netip.Prefix) uint64 {
	b := lan(p).Addr().As16()
	return sighting.Hash(b[:])
}
