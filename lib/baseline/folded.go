package baseline

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/family"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// folded holds the narrow folded rows of a state. The keys that a row covers are
// gone from the state; the time of the row is the earliest of theirs.
type folded struct {
	domains map[string]*entry
	nets    map[netip.Prefix]*entry
}

func (f *folded) read(state *union.File) error {
	f.domains, f.nets = map[string]*entry{}, map[netip.Prefix]*entry{}
	r := state.Rows()
	for r.Next() {
		rec := r.Record()
		if !fold.Narrow(rec.Key) {
			continue
		}
		if p, ok := family.Address(rec.Key); ok {
			f.nets[p] = &entry{at: "~"}
		} else {
			f.domains[domainOf(rec.Key)] = &entry{at: "~"}
		}
	}
	return r.Err()
}

// absorb adds the entry of a key to the row that covers it, if there is one.
func (f *folded) absorb(key []byte, e entry) bool {
	row := f.cover(key)
	if row == nil {
		return false
	}
	if e.before(*row) {
		*row = e
	}
	return true
}

func (f *folded) holds(key []byte) bool { return f.cover(key) != nil }

// cover returns the entry of the folded row that covers a key, but is not it.
func (f *folded) cover(key []byte) *entry {
	if len(f.domains) == 0 && len(f.nets) == 0 {
		return nil
	}
	if p, ok := family.Address(key); ok {
		return f.net(p)
	}
	name, _ := family.Names(key)
	for {
		i := bytes.IndexByte(name, '.')
		if i < 0 {
			return nil
		}
		name = name[i+1:]
		if row := f.domains[string(name)]; row != nil {
			return row
		}
	}
}

func (f *folded) net(p netip.Prefix) *entry {
	for net, row := range f.nets {
		if net != p && family.Contains(net, p) {
			return row
		}
	}
	return nil
}

// earliest returns the entry of a row of the state: of a folded one, the
// earliest of those that it has absorbed.
func (f *folded) earliest(key []byte, e entry) entry {
	row := f.domains[domainOf(key)]
	if bytes.IndexByte(key, '/') >= 0 {
		if p, ok := family.Address(key); ok {
			row = f.nets[p]
		}
	}
	if row != nil && row.before(e) {
		return *row
	}
	return e
}

func domainOf(key []byte) string {
	if domain, ok := family.Names(key); ok {
		return string(domain)
	}
	return ""
}
