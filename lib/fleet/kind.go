package fleet

import (
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/sighting"
)

// A Kind is a kind of thing that may not belong.
type Kind int

const (
	Watched     Kind = iota // on a watch-list
	Bypass                  // a public resolver, by its address
	Direct6                 // an IPv6 address that no name led to
	Direct4                 // an IPv4 address that no name led to
	Many                    // a domain with many names that nobody else asks for
	Spread                  // a domain with a name that leads to many networks
	Domain                  // a domain that few hosts ask for
	Unanswered              // a domain that few hosts ask for, and none of its names has an address
	Resolver                // a public resolver, by its name
	Name                    // names few ask for, of a domain that many ask for
	Odd                     // a domain that others ask for, but none of the host's role, and that came later
	DirectKnown             // an address that names lead to, but none on this host
	Internal                // an address of the fleet's own that no name led to
	Grown                   // a name, or a direct address, that is asked for far more often than before
	Folded                  // a network that names lead to, of which the single addresses are lost
	Lookup                  // look-ups of addresses below a domain (DNSBL, RFC 5782)
	Reverse                 // reverse look-ups
	Kinds
)

// An Item is one thing of a kind on a host.
type Item struct {
	What        string
	Count       uint64         // connections, or questions
	First, Last sighting.Stamp // First is the beginning of the records, if Born is false; 0 is not known
	Born        bool           // it came after the first pull of the host
	New         bool           // it was first seen in the time of the report
	Hosts       uint32         // of the fleet that have it

	Names    int    // of a domain
	TopLevel string // of a domain, if no other host asks for any name below it
	Name     string // the only one, of a domain that others have, too
	Alike    int    // items that lead to the same address, or are of the same network, and are part of this one
	Networks int    // that a name leads to
	Overflow bool   // and more than are kept
	Back     int    // days for which it had been silent, before it came back in the time of the report
	Times    int    // so many times as often as before
	Folded   bool   // a row that holds the sum of many
	Addr     string // the first address it leads to
	Known    uint32 // hosts on which a name leads to this address: of a sweep, to that which the fewest know
	Leader   uint32 // the number of the first of these hosts
	Alone    string // the own network of which only this address is reached, and from here only
	Note     string // the operator of a resolver, the watch-list, the owner of the network
	Net      string // the network that a sweep is of

	net  uint64 // the hash of the network that an address is in: see sweeps
	most uint64 // the count of the address that a sweep is called by
}

// An Age is how old an item is.
type Age int

const (
	Base Age = iota // there at the first pull of the host
	Born            // came later
	New             // came in the time of the report
	Ages
)

// Age returns that of an item.
func (i *Item) Age() Age {
	switch {
	case i.New:
		return New
	case i.Born:
		return Born
	}
	return Base
}

// join takes another item in. The age is that of the earliest one.
func (i *Item) join(o *Item) {
	i.Alike += 1 + o.Alike
	i.Count = aggregate.AddCount(i.Count, o.Count)
	i.Hosts = min(i.Hosts, o.Hosts)
	i.Last = max(i.Last, o.Last)
	if o.Known > 0 && (i.Known == 0 || o.Known < i.Known || o.Known == i.Known && o.Leader < i.Leader) {
		i.Known, i.Leader = o.Known, o.Leader
	}
	if o.First < i.First || o.Age() < i.Age() {
		i.First, i.Born, i.New = o.First, o.Born, o.New
	}
}

// A Crowd is all items of a kind on a host, by their age.
type Crowd struct {
	N       [Ages]int
	Alike   [Ages]int // more, that are part of these
	Count   [Ages]uint64
	First   [Ages]sighting.Stamp // the earliest
	Last    [Ages]sighting.Stamp
	Typical uint64    // the median of the counts
	Lasting [Ages]int // items that were seen for days
	Items   []Item    // the new ones first; no more than maxItems of an age
}

// maxItems is how many items of a kind and an age are kept of a host.
const maxItems = 32

// lasting is how long an item is seen that is not passing by, in seconds.
const lasting = 3 * 24 * 3600

// All returns how many items there are.
func (c *Crowd) All() int { return c.N[Base] + c.N[Born] + c.N[New] }

// Of returns the items of an age that were kept.
func (c *Crowd) Of(age Age) (items []Item) {
	for _, item := range c.Items {
		if item.Age() == age {
			items = append(items, item)
		}
	}
	return items
}

// crowdOf sums items up, and keeps the most interesting.
func crowdOf(items []Item) Crowd {
	var r rest
	return r.with(items)
}

// first returns the first items of an age.
func first(items []Item, age Age) []Item {
	kept := make([]*Item, 0, maxItems+1)
	for i := range items {
		item := &items[i]
		if item.Age() != age || len(kept) == maxItems && !item.before(kept[maxItems-1]) {
			continue
		}
		at := len(kept)
		for at > 0 && item.before(kept[at-1]) {
			at--
		}
		kept = slices.Insert(kept, at, item)[:min(len(kept)+1, maxItems)]
	}
	all := make([]Item, len(kept))
	for i, item := range kept {
		all[i] = *item
	}
	return all
}

// before returns the order of items: what is alone in its network, sweeps, what comes
// back for days, then what counts most.
func (i *Item) before(o *Item) bool {
	if a, b := i.Alone != "", o.Alone != ""; a != b {
		return a
	}
	if a, b := i.Net != "", o.Net != ""; a != b {
		return a
	}
	if a, b := i.Lasts(), o.Lasts(); a != b {
		return a
	}
	return i.Count > o.Count || i.Count == o.Count && i.What < o.What
}

func (c *Crowd) take(item *Item) {
	age := item.Age()
	c.N[age]++
	c.Alike[age] += item.Alike
	if item.Lasts() {
		c.Lasting[age]++
	}
	c.Count[age] = aggregate.AddCount(c.Count[age], item.Count)
	c.Last[age] = max(c.Last[age], item.Last)
	if f := &c.First[age]; *f == 0 || item.First < *f {
		*f = item.First
	}
}

// Lasts reports whether an item was seen for days.
func (i *Item) Lasts() bool {
	return i.First != 0 && i.Last.Time().Sub(i.First.Time()).Seconds() >= lasting
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}
