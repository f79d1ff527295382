package pulled

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/networks"
)

// A Cover holds folded rows of a state, and a value for each. The keys that a row covers
// are gone from the state.
type Cover[V any] struct {
	names map[string]V // by the domain that the names are below; "*" covers everything
	nets  networks.Table[V]
}

// Set adds a folded row.
func (c *Cover[V]) Set(key []byte, v V) {
	if p, ok := fold.Address(key); ok {
		c.nets.Set(p, v)
		return
	}
	if c.names == nil {
		c.names = map[string]V{}
	}
	domain, _ := fold.Names(key)
	c.names[string(domain)] = v
}

// Of returns the value of the smallest row that covers a key, and that is not the key's
// own row.
func (c *Cover[V]) Of(key []byte) (v V, ok bool) {
	if p, isAddress := fold.Address(key); isAddress {
		if p.Bits() > 0 {
			v, ok = c.nets.Get(netip.PrefixFrom(p.Addr(), p.Bits()-1))
		}
	} else if len(c.names) > 0 {
		domain, _ := fold.Names(key)
		for rest, more := fold.Tail(domain), true; more && !ok; {
			if _, rest, more = bytes.Cut(rest, []byte{'.'}); more {
				v, ok = c.names[string(rest)]
			}
		}
	}
	if !ok {
		v, ok = c.names["*"]
	}
	return v, ok
}
