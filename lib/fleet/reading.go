package fleet

import (
	"slices"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/baseline"
	"egress-monitor/lib/join"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

// reading holds the state of a host while it is read. Rows for the tables of the fleet
// are gathered and handed over together, since hosts are read side by side: a lock for
// each row makes the report of a host with a million rare names a tenth slower.
type reading struct {
	f      *Fleet
	host   *Host
	number uint32
	since  sighting.Stamp
	role   uint64     // the hash of its role
	table  join.Table // its names
	before join.Table // those it had before a reset
	crowds [Kinds][]Item
	rest   [Kinds]rest // of the crowds, beyond what is held
	grown  [2]growth   // of names and of addresses

	ofNames, ofAddresses []kept
	text                 []byte // the keys of both
	resolvers            []met
	fresh                []Item // new here, and not rare
}

// kept is a row for the tables of the fleet.
type kept struct {
	from, to      int // of text
	count         uint64
	first, last   sighting.Stamp
	isNew, direct bool
}

// met is a resolver that was met.
type met struct {
	*resolvers.Resolver
	Item
}

// maxGathered is how many rows are gathered before they go to the fleet.
const maxGathered = 4096

func (r *reading) keep(to *[]kept, key []byte, item Item, direct bool) error {
	from := len(r.text)
	r.text = append(r.text, key...)
	*to = append(*to, kept{from, len(r.text), item.Count, item.First, item.Last, item.New, direct})
	if len(*to) < maxGathered {
		return nil
	}
	return r.f.take(r)
}

func (r *reading) meet(m met) {
	r.resolvers = append(r.resolvers, m)
	if len(r.resolvers) >= maxGathered {
		r.f.takeMet(r)
	}
}

func (r *reading) takeFresh(item Item) {
	r.fresh = append(r.fresh, item)
	if len(r.fresh) >= maxGathered {
		r.f.takeMet(r)
	}
}

// reset readies the reading for another host.
func (r *reading) reset(n uint32) {
	r.number, r.host = n, &r.f.Hosts[n]
	r.table.Reset()
	r.before.Reset()
	r.ofNames, r.ofAddresses, r.text = r.ofNames[:0], r.ofAddresses[:0], r.text[:0]
	r.grown[0].reset()
	r.grown[1].reset()
	r.resolvers, r.fresh, r.crowds, r.rest = r.resolvers[:0], r.fresh[:0], [Kinds][]Item{}, [Kinds]rest{}
}

// run reads a host.
func (r *reading) run(n uint32, dir string) error {
	r.reset(n)
	h := r.host
	r.role = hashString(Role(h.Name))
	h.readPast(dir)
	names := &names{reading: r, domains: map[string]*domain{}}
	if err := r.f.readFile(h, dir, pulled.Domains, baseline.FirstDomains, names.visit); err != nil {
		return err
	}
	names.finish()
	r.table.Sort()
	r.readBefore(dir)
	ips := &addresses{reading: r, blind: names.rows == 0}
	if err := r.f.readFile(h, dir, pulled.IPs, baseline.FirstIPs, ips.visit); err != nil {
		return err
	}
	h.Newest = max(h.last[0], h.last[1])
	for _, kind := range []Kind{Direct4, Direct6, DirectKnown, Internal} {
		r.crowds[kind] = sweeps(r.crowds[kind])
	}
	for kind := range r.crowds {
		r.weeks(Kind(kind), r.crowds[kind])
		h.Crowds[kind] = r.rest[kind].with(r.crowds[kind])
		r.crowds[kind] = nil
	}
	r.compare(dir)
	return r.f.take(r)
}

// weeks counts the things of a kind by their age.
func (r *reading) weeks(kind Kind, items []Item) {
	switch kind {
	case Direct4, Direct6, Bypass, Domain, Unanswered, Many, Spread:
	default:
		return
	}
	for i := range items {
		item := &items[i]
		week := int(r.f.Now.Sub(item.First.Time()) / (7 * 24 * time.Hour))
		if item.Born && week >= 0 && week < len(r.host.Weeks) {
			r.host.Weeks[week]++
		}
	}
}

// readBefore reads the names that the host had before its last reset: they led
// to addresses that it still knows.
func (r *reading) readBefore(dir string) {
	var reset time.Time
	for _, e := range r.host.events {
		if e.Kind == baseline.Reset {
			reset = e.At
		}
	}
	states, err := baseline.States(dir)
	if reset.IsZero() || err != nil {
		return
	}
	for i := len(states) - 1; i >= 0; i-- {
		if states[i].Before(reset) {
			// an error is ignored: with fewer names known, the report shows more
			// addresses, not fewer
			baseline.EachRow(dir, states[i], pulled.Domains, func(rec aggregate.Record) error { return r.before.Add(rec) })
			break
		}
	}
	r.before.Sort()
}

// take hands the rows that were gathered of a host to the fleet: at the end of the
// host, and whenever there are many.
func (f *Fleet) take(r *reading) error {
	f.takeMet(r)
	f.lock.Lock()
	defer f.lock.Unlock()
	for _, k := range r.ofNames {
		if err := k.add(f.Domains, r); err != nil {
			return err
		}
	}
	for _, k := range r.ofAddresses {
		if err := k.add(f.Addresses, r); err != nil {
			return err
		}
	}
	r.ofNames, r.ofAddresses, r.text = r.ofNames[:0], r.ofAddresses[:0], r.text[:0]
	return nil
}

// takeMet is take for the resolvers that a host uses, and for things that are new on it
// but not rare.
func (f *Fleet) takeMet(r *reading) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for _, m := range r.resolvers {
		f.resolver(m, r.number)
	}
	for i := range r.fresh {
		f.takeFresh(&r.fresh[i], r.number)
	}
	r.resolvers, r.fresh = r.resolvers[:0], r.fresh[:0]
}

func (k kept) add(to *sighting.Collector, r *reading) error {
	kinds := make([]sighting.Kind, 0, 2)
	if k.isNew {
		kinds = append(kinds, sighting.New)
	}
	if k.direct {
		kinds = append(kinds, sighting.Direct)
	}
	return to.Add(r.text[k.from:k.to], r.number, k.count, k.first, k.last, kinds...)
}

// resolver counts a public resolver, once for each host.
func (f *Fleet) resolver(m met, host uint32) {
	s := f.Resolvers[m.Resolver]
	if s == nil {
		s = &sighting.Seen{}
		f.Resolvers[m.Resolver] = s
	}
	s.Again(host, m.Count, m.First, m.Last)
}

// maxFresh is how many things are held that are new on several hosts.
const maxFresh = 100_000

// takeFresh counts a host for something that is new on it, and not rare.
func (f *Fleet) takeFresh(item *Item, host uint32) {
	s := f.Fresh[item.What]
	if s == nil {
		if len(f.Fresh) >= maxFresh {
			f.MoreFresh = true
			return
		}
		f.Fresh[item.What] = &Fresh{*item, []uint32{host}}
		return
	}
	all, name := s.Item, s.Name
	i, _ := slices.BinarySearch(s.On, host)
	if s.On = slices.Insert(s.On, i, host); i == 0 {
		s.Item = *item // all other fields are those of the first host
	}
	if s.Name = name; name != item.Name {
		s.Name = "" // several
	}
	s.Count = aggregate.AddCount(all.Count, item.Count)
	s.First, s.Last, s.New = min(all.First, item.First), max(all.Last, item.Last), all.New && item.New
}
