package fold

import (
	"bytes"
	"net/netip"
	"slices"
)

// A Set is the folded rows of a merge.
type Set struct {
	all      bool              // "*"
	below    map[string]string // by the name they are below
	prefixes prefixSet
}

// Empty says whether nothing is folded.
func (s *Set) Empty() bool { return !s.all && len(s.below)+len(s.prefixes.keys) == 0 }

// Add takes a key, which may be any; only that of a folded row changes s.
func (s *Set) Add(key []byte) {
	if !Folded(key) {
		return
	}
	switch n := nodeOf(bytes.Clone(key)); {
	case n == root:
		s.all = true
	case n.star:
		if s.below == nil {
			s.below = map[string]string{}
		}
		s.below[n.name] = n.key()
	default:
		s.prefixes.add(n.prefix)
	}
}

// Top is the key of the widest folded row that covers key, or is key itself;
// "" if there is none.
func (s *Set) Top(key []byte) string {
	if s.all {
		return "*"
	}
	if p, ok := parsePrefix(key); ok {
		return s.prefixes.top(p)
	}
	if len(s.below) == 0 {
		return ""
	}
	for at := bytes.LastIndexByte(key, '.'); at >= 0; at = bytes.LastIndexByte(key[:at], '.') {
		if top, ok := s.below[string(key[at+1:])]; ok {
			return top
		}
	}
	return ""
}

// Tops are the keys of the rows that no other row of the set covers.
func (s *Set) Tops() (keys []string) {
	if s.all {
		return []string{"*"}
	}
	for _, key := range s.below {
		keys = append(keys, key)
	}
	for _, key := range s.prefixes.keys {
		keys = append(keys, key)
	}
	return slices.DeleteFunc(keys, func(key string) bool { return s.Top([]byte(key)) != key })
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
