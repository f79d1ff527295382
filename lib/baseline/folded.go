package baseline

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// folded holds the narrow folded rows of a state. The keys that a row covers are
// gone from the state; the time of the row is the earliest of theirs.
type folded struct {
	domains map[string]*entry
	nets    map[netip.Prefix]*entry
	sizes   [129]bool // the bits of prefixes that are in nets
	looked  int       // how often one was looked for
}

// maxName is the longest name that there is, as text: 253 bytes, each of which
// may be written as \DDD. What a longer key would be folded into is not asked:
// one with a million labels would take as many look-ups, each of them long.
const maxName = 4 * 253

func (f *folded) read(state *union.File) error {
	*f = folded{domains: map[string]*entry{}, nets: map[netip.Prefix]*entry{}}
	r := state.Rows()
	for r.Next() {
		rec := r.Record()
		if !fold.Narrow(rec.Key) {
			continue
		}
		if p, ok := fold.Address(rec.Key); ok {
			f.nets[p], f.sizes[p.Bits()] = &entry{at: "~"}, true
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
	if p, ok := fold.Address(key); ok {
		return f.net(p)
	}
	name, _ := fold.Names(key)
	if len(name) > maxName {
		return nil
	}
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

// net returns the entry of the smallest prefix that covers p and is not it. Each
// size that there is takes one look-up, whatever the number of rows.
func (f *folded) net(p netip.Prefix) *entry {
	for bits := p.Bits() - 1; bits >= 0; bits-- {
		if !f.sizes[bits] {
			continue
		}
		f.looked++
		if row := f.nets[netip.PrefixFrom(p.Addr(), bits).Masked()]; row != nil {
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
		if p, ok := fold.Address(key); ok {
			row = f.nets[p]
		}
	}
	if row != nil && row.before(e) {
		return *row
	}
	return e
}

func domainOf(key []byte) string {
	if domain, ok := fold.Names(key); ok {
		return string(domain)
	}
	return ""
}
