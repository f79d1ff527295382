package pulled

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// covers holds the folded rows of a state, narrow and wide ones.
type covers struct {
	all      bool            // "*"
	below    map[string]bool // the domains of families of names
	prefixes map[netip.Prefix]bool
	bits     [129]bool // the lengths of the prefixes
}

func (c *covers) read(f *union.File) error {
	c.below, c.prefixes = map[string]bool{}, map[netip.Prefix]bool{}
	r := f.Rows()
	for r.Next() {
		if rec := r.Record(); fold.Folded(rec.Key) {
			c.add(rec.Key)
		}
	}
	return r.Err()
}

func (c *covers) add(key []byte) {
	if domain, ok := fold.Names(key); ok {
		c.below[string(domain)] = true
	} else if p, ok := fold.Address(key); ok {
		c.prefixes[p] = true
		c.bits[p.Bits()] = true
	} else {
		c.all = true
	}
}

// cover reports whether the row of a key may have been folded into one of them.
func (c *covers) cover(key []byte) bool {
	if c.all {
		return true
	}
	if p, ok := fold.Address(key); ok {
		return c.coverPrefix(p)
	}
	for {
		_, parent, ok := bytes.Cut(key, []byte{'.'})
		if !ok {
			return false
		}
		if c.below[string(parent)] {
			return true
		}
		key = parent
	}
}

func (c *covers) coverPrefix(p netip.Prefix) bool {
	for bits := range p.Bits() {
		if outer, err := p.Addr().Prefix(bits); c.bits[bits] && err == nil && c.prefixes[outer] {
			return true
		}
	}
	return false
}
