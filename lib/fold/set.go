package fold

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"

	"egress-monitor/lib/suffix"
)

// A Set holds the narrow rows of a merge.
type Set struct {
	below    map[string]narrow // by the name they are below
	prefixes prefixSet
}

// Empty reports whether the set has no rows.
func (s *Set) Empty() bool { return len(s.below)+len(s.prefixes.keys) == 0 }

// Clone returns a copy of the set.
func (s *Set) Clone() Set {
	return Set{maps.Clone(s.below), prefixSet{maps.Clone(s.prefixes.keys), slices.Clone(s.prefixes.bits4), slices.Clone(s.prefixes.bits6)}}
}

// Add adds a key if it is that of a narrow row. Other keys change nothing.
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
			s.below = map[string]narrow{}
		}
		s.below[n.name] = narrow{n.key(), suffix.Of(n.name), suffix.Above(n.name)}
	default:
		s.prefixes.add(n.prefix)
	}
}

// Top returns the key of the widest row that covers key, or is key itself; ""
// if there is none.
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
		if top, ok := s.below[string(key[at+1:])]; ok && top.owns(key) {
			return top.key
		}
	}
	return ""
}

// narrow is the narrow row of the names below a name.
type narrow struct {
	key    string
	suffix string // the public suffix of the name
	above  bool   // there are other narrow rows below it
}

// owns reports whether a key that ends as the row does also has the row's public
// suffix.
func (n *narrow) owns(key []byte) bool {
	if !n.above {
		return true
	}
	name := view(key)
	if k := nodeOf(key); k.star {
		name = k.name
	}
	return suffix.Of(name) == n.suffix
}

// A prefixSet is a set of prefixes, with the text of each.
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

// top returns the text of the widest prefix that contains p; "" if there is
// none.
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
