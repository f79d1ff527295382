package report

import (
	"cmp"

	"egress-monitor/lib/sighting"
)

// named is a key with the hosts that have seen it in the way that the table is about;
// or several names of one domain that the same hosts have seen.
type named struct {
	name  string // one of them
	names int
	seen  sighting.Seen
	hosts uint32 // that have it in any way
	known bool   // new here, but not elsewhere
}

// newness is the order in which keys that are new to the whole fleet come first.
func newness(a, b named) int {
	return cmp.Or(compareBool(a.known, b.known), byFewest(a, b))
}

// byFewest is the order in which keys of few hosts come first.
func byFewest(a, b named) int { return cmp.Or(fewest(a.seen, b.seen), cmp.Compare(a.name, b.name)) }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// alike gathers names of one domain that the same few hosts have seen: a tunnel
// has thousands of them, and they should not fill a table.
type alike struct {
	to    *top[named]
	at    map[likeness]int
	names []named
}

type likeness struct {
	hosts uint32
	first [maxHosts]uint32
	known bool
}

// maxHosts is on how many hosts names may be that are gathered.
const maxHosts = 3

// maxAlike is how many groups of one domain there are at a time.
const maxAlike = 1000

func (a *alike) add(n named) {
	if n.seen.Hosts > maxHosts {
		a.to.add(n)
		return
	}
	like := likeness{hosts: n.seen.Hosts, known: n.known}
	copy(like.first[:], n.seen.On)
	if i, ok := a.at[like]; ok {
		a.names[i].names++
		a.names[i].seen.More(n.seen.Count, n.seen.Since, n.seen.Last)
		return
	}
	if len(a.names) == maxAlike {
		a.flush()
	}
	if a.at == nil {
		a.at = map[likeness]int{}
	}
	a.at[like] = len(a.names)
	a.names = append(a.names, n)
}

func (a *alike) flush() {
	for _, n := range a.names {
		a.to.add(n)
	}
	clear(a.at)
	a.names = a.names[:0]
}
