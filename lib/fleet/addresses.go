package fleet

import (
	"net/netip"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/sighting"
)

// addresses takes the rows of unique-ips.log of one host.
type addresses struct {
	*reading
	was     past // of the row at hand
	blind   bool // no names are known of this host
	watched bool // the row at hand is on a watch-list, which is finding enough
}

func (a *addresses) visit(rec *aggregate.Record, was past) error {
	f, h, last := a.f, a.host, sighting.ParseStamp(rec.Last)
	p, ok := fold.Address(rec.Key)
	if !ok || rec.IPs != nil {
		h.strayed[1]++ // or all addresses are folded into one row
		return nil
	}
	if holds, alone := f.canaries.address(p); holds {
		h.canaries[1] = max(h.canaries[1], last)
		if alone {
			return nil
		}
	}
	h.Addresses++
	h.Connections = aggregate.AddCount(h.Connections, rec.Count)
	h.last[1] = max(h.last[1], last)
	item := Item{Count: rec.Count, Last: last, Folded: !p.IsSingleIP()}
	item.First, item.Born, item.New = h.age(was.first, a.since)
	a.was = was
	item.Hosts = max(1, f.On[Addresses].Hosts(sighting.Hash(rec.Key)))
	a.watched = f.watchAddress(a.reading, rec.Key, p, item)
	if !a.watched && f.Allow.Address(h.Name, p) {
		h.Allowed++
		return nil
	}
	return a.take(rec, p, item)
}

// take takes a row that no rule allows.
func (a *addresses) take(rec *aggregate.Record, p netip.Prefix, item Item) error {
	f, h := a.f, a.host
	if item.New {
		h.NewAddresses++
	}
	if fold.Wide(rec.Key) {
		h.wide[1].add(rec, item.First)
	}
	resolver, isResolver := f.Known.Address(p)
	if isResolver {
		a.meet(met{resolver, item})
	}
	direct := !a.blind && !a.table.Known(p)
	switch {
	case isResolver && p.IsSingleIP() && !f.Own.Holds(p):
		item.What, item.Note = string(rec.Key), resolver.Operator
		a.find(Bypass, item)
	case f.Own.Holds(p):
		a.own(rec.Key, p, item, direct)
		return nil
	case direct:
		a.direct(rec, p, item)
	case !p.IsSingleIP():
		item.What, item.Note = string(rec.Key), f.Networks.Of(p)
		a.find(Folded, item)
		fallthrough
	default:
		h.NewNamed += index(item.New)
	}
	if item.Hosts <= f.rare || item.New || direct {
		return a.keep(&a.ofAddresses, rec.Key, item, direct && !(isResolver && p.IsSingleIP()))
	}
	return nil
}

// find adds a finding of the row at hand.
func (a *addresses) find(kind Kind, item Item) {
	if !a.watched {
		a.add(kind, item)
	}
}

// own takes an address of the fleet's own networks.
func (a *addresses) own(key []byte, p netip.Prefix, item Item, direct bool) {
	a.host.Own++
	a.host.OwnConnections = aggregate.AddCount(a.host.OwnConnections, item.Count)
	if p.Addr() == metadata4 || p.Addr() == metadata6 {
		item.Note = "metadata of the cloud"
	}
	odd := item.Born && (item.Note != "" || a.f.On[roleKeys].Hosts(ofRole(sighting.Hash(key), a.role)) <= 1)
	if direct && (item.Hosts <= a.f.rare || odd) {
		item.What, item.net = string(key), lanHash(p)
		if network := networkOf(p); len(a.f.Hosts) > 1 && a.f.On[ownNets].Hosts(networkHash(network)) <= 1 {
			item.Alone = network.String()
		}
		a.find(Internal, item)
	}
}

// Where clouds hand out the metadata of a machine, its credentials among them.
var (
	metadata4 = netip.MustParseAddr("169.254.169.254")
	metadata6 = netip.MustParseAddr("fd00:ec2::254")
)

// networkOf is the network, of the size that sites use, that an address is in.
func networkOf(p netip.Prefix) netip.Prefix {
	bits := 48
	if p.Addr().Is4() {
		bits = 16
	}
	return netip.PrefixFrom(p.Addr(), min(bits, p.Bits())).Masked()
}

// networkHash returns the hash that the hosts which reach a network are counted
// by.
func networkHash(network netip.Prefix) uint64 {
	return sighting.Hash(network.AppendTo(make([]byte, 0, len("ffff:ffff:ffff::/48"))))
}

// direct takes a public address that no name led to.
func (a *addresses) direct(rec *aggregate.Record, p netip.Prefix, item Item) {
	key := rec.Key
	h := a.host
	h.Direct++
	h.DirectConnections = aggregate.AddCount(h.DirectConnections, item.Count)
	h.DirectLast = max(h.DirectLast, item.Last)
	item.What, item.Note, item.net = string(key), a.f.Networks.Of(p), lanHash(p)
	a.grown[1].add(rec, a.was, &item)
	led := sighting.Hash(key)
	item.Known, item.Leader = a.f.On[Led].Hosts(led), a.f.On[Led].First(led)
	switch {
	case fold.Wide(key): // others: the host has a problem
	case item.Hosts > a.f.rare && item.Born:
		a.takeFresh(item)
		fallthrough
	case item.Known > 0, a.near(p), a.before.Known(p):
		a.find(DirectKnown, item)
	case p.Addr().Is6():
		a.find(Direct6, item)
	default:
		a.find(Direct4, item)
	}
}

// near reports whether names of the host lead to the network that an address is
// in: a provider that hands out one today and another tomorrow.
func (a *addresses) near(p netip.Prefix) bool {
	bits := 24
	if p.Addr().Is6() {
		bits = 64
	}
	return p.IsSingleIP() && a.table.Overlaps(netip.PrefixFrom(p.Addr(), bits).Masked())
}

// watchName adds a name that a watch-list has. It is shown even where a rule
// allows it.
func (f *Fleet) watchName(n *names, key []byte, item Item) bool {
	if f.Watch == nil {
		return false
	}
	r, ok := f.Watch.Name(key)
	if ok {
		item.What, item.Note = string(key), r.Operator+": "+r.Entry
		item.Hosts = max(1, f.On[Names].Hosts(sighting.Hash(key)))
		n.add(Watched, item)
	}
	return ok
}

func (f *Fleet) watchAddress(r *reading, key []byte, p netip.Prefix, item Item) bool {
	if f.Watch == nil {
		return false
	}
	found, ok := f.Watch.Address(p)
	if ok {
		item.What, item.Note = string(key), found.Operator+": "+found.Entry
		r.add(Watched, item)
	}
	return ok
}
