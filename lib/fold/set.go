package fold

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"

	"egress-monitor/lib/suffix"
)

// A Set is the narrow rows of a merge.
type Set struct {
	below    map[string]string // by the name they are below
	prefixes prefixSet
}

// Empty says whether there is none.
func (s *Set) Empty() bool { return len(s.below)+len(s.prefixes.keys) == 0 }

// Clone is a set of the same rows.
func (s *Set) Clone() Set {
	return Set{maps.Clone(s.below), prefixSet{maps.Clone(s.prefixes.keys), slices.Clone(s.prefixes.bits4), slices.Clone(s.prefixes.bits6)}}
}

// Add takes a key, which may be any; only that of a narrow row changes s.
func (s *Set) Add(key []byte) {
	if Folded(key) {
		s.add(nodeOf(bytes.Clone(key)))
	}
}

func (s *Set) add(n node) {
	switch {
	case !n.narrow():
	case n.star:
		if s.below == nil {
			s.below = map[string]string{}
		}
		s.below[n.name] = n.key()
	default:
		s.prefixes.add(n.prefix)
	}
}

// Top is the key of the widest row that covers key, or is key itself; "" if
// there is none.
func (s *Set) Top(key []byte) string {
	if s.Empty() {
		return ""
	}
	if p, ok := parsePrefix(key); ok {
		return s.prefixes.top(p)
	}
	if len(s.below) == 0 {
		return ""
	}
	for at := bytes.LastIndexByte(key, '.'); at >= 0; at = bytes.LastIndexByte(key[:at], '.') {
		if top, ok := s.below[string(key[at+1:])]; ok && sameOwner(key, top) {
			return top
		}
	}
	return ""
}

// sameOwner says whether a key that ends as a narrow row does has its public
// suffix too.
func sameOwner(key []byte, narrow string) bool {
	name := view(key)
	if n := nodeOf(key); n.star {
		name = n.name
	}
	return suffix.Of(name) == suffix.Of(narrow[len("*."):])
}

// prefixSet is a set of prefixes, with the text of each.
type prefixSet struct {
	keys  map[netip.Prefix]string
	bits4 []int // how long they are, the widest first
	bits6 []int
}

func (s *prefixSet) add(p netip.Prefix) {
	if s.keys == nil {
		s.keys = map[netip.Prefix]string{}
	}
	s.keys[p] = p.String()
	bits := &s.bits6
	if p.Addr().Is4() {
		bits = &s.bits4
	}
	if at, ok := slices.BinarySearch(*bits, p.Bits()); !ok {
		*bits = slices.Insert(*bits, at, p.Bits())
	}
}

// top is the text of the widest prefix that contains p; "" if there is none.
func (s *prefixSet) top(p netip.Prefix) string {
	lengths := s.bits6
	if p.Addr().Is4() {
		lengths = s.bits4
	}
	for _, bits := range lengths {
		if bits > p.Bits() {
			break
		}
		if text, ok := s.keys[netip.PrefixFrom(p.Addr(), bits).Masked()]; ok {
			return text
		}
	}
	return ""
}
