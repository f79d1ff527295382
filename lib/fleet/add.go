package fleet

import (
	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/family"
	"egress-monitor/lib/sighting"
)

// domains takes the rows of unique-domains.log of one host.
type domains struct {
	f      *Fleet
	host   *Host
	number uint32
	rows   int
	key    []byte
}

func (d *domains) add(rec *aggregate.Record, isNew bool) error {
	f, h, last := d.f, d.host, sighting.ParseStamp(rec.Last)
	if rec.IPs == nil {
		h.strayed[0]++
		return nil
	}
	if err := f.table.Add(*rec); err != nil {
		return err
	}
	d.rows++
	if holds, alone := f.canaries.name(rec.Key); holds {
		h.canaries[0] = max(h.canaries[0], last)
		if alone {
			return nil
		}
	}
	h.Domains++
	h.Questions = aggregate.AddCount(h.Questions, rec.Count)
	h.Newest = max(h.Newest, last)
	if f.Allow.Name(h.Name, rec.Key) {
		h.Allowed++
		return nil
	}
	if r, ok := f.Known.Name(rec.Key); ok {
		f.resolver(r, d.number, rec.Count, last)
	}
	d.key = appendReversed(d.key[:0], rec.Key)
	if isNew {
		h.NewDomains++
		return f.Domains.Add(d.key, d.number, rec.Count, last, sighting.New)
	}
	return f.Domains.Add(d.key, d.number, rec.Count, last)
}

// addresses takes the rows of unique-ips.log of one host.
type addresses struct {
	f      *Fleet
	host   *Host
	number uint32
	blind  bool // no names are known of this host
	kinds  []sighting.Kind
}

func (a *addresses) add(rec *aggregate.Record, isNew bool) error {
	f, h, last := a.f, a.host, sighting.ParseStamp(rec.Last)
	p, ok := family.Address(rec.Key)
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
	h.Newest = max(h.Newest, last)
	if f.Allow.Address(h.Name, p) {
		h.Allowed++
		return nil
	}
	a.kinds = a.kinds[:0]
	if isNew {
		h.NewAddresses++
		a.kinds = append(a.kinds, sighting.New)
	}
	r, ok := f.Known.Address(p)
	if ok {
		f.resolver(r, a.number, rec.Count, last)
	}
	// a resolver's own row is in its own table; one that was folded with others
	// does not hide these
	if !(ok && p.IsSingleIP()) && !a.blind && !f.table.Known(p, rec.Count) {
		h.direct(rec.Count, last)
		a.kinds = append(a.kinds, sighting.Direct)
	}
	return f.Addresses.Add(rec.Key, a.number, rec.Count, last, a.kinds...)
}

func (h *Host) direct(count uint64, last sighting.Stamp) {
	h.Direct++
	h.DirectConnections = aggregate.AddCount(h.DirectConnections, count)
	h.DirectLast = max(h.DirectLast, last)
}
