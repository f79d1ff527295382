package join

import (
	"bytes"
	"net/netip"
	"slices"
	"sort"
)

// Lookup appends the numbers of the names that led to an address, or to one of
// a prefix, in order and each one once.
func (t *Table) Lookup(dst []uint32, p netip.Prefix) []uint32 {
	from := len(dst)
	for i := range t.levels {
		dst = t.levels[i].lookup(dst, p)
	}
	slices.Sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

// Known says whether any name led to an address, or to one of a prefix.
func (t *Table) Known(p netip.Prefix) bool {
	for i := range t.levels {
		l := &t.levels[i]
		if first, last := l.span(p); l.holds(first, last, p) {
			return true
		}
	}
	return false
}

func (l *level) lookup(dst []uint32, p netip.Prefix) []uint32 {
	if l.is4 != p.Addr().Is4() {
		return dst
	}
	first, last := l.span(p)
	for _, q := range l.pairs[l.search(first):] {
		if bytes.Compare(q.addr[:], last[:]) > 0 {
			break
		}
		dst = append(dst, q.name)
	}
	return dst
}

func (l *level) holds(first, last [16]byte, p netip.Prefix) bool {
	if l.is4 != p.Addr().Is4() {
		return false
	}
	i := l.search(first)
	return i < len(l.pairs) && bytes.Compare(l.pairs[i].addr[:], last[:]) <= 0
}

func (l *level) search(first [16]byte) int {
	return sort.Search(len(l.pairs), func(i int) bool {
		return bytes.Compare(l.pairs[i].addr[:], first[:]) >= 0
	})
}

// span is the first and the last prefix of this length that overlap with p: the
// one that covers p, or those that p covers.
func (l *level) span(p netip.Prefix) (first, last [16]byte) {
	if l.bits <= p.Bits() {
		first = netip.PrefixFrom(p.Addr(), l.bits).Masked().Addr().As16()
		return first, first
	}
	first = p.Addr().As16()
	return first, lastOf(first, p)
}

// lastOf sets the bits behind a prefix.
func lastOf(a [16]byte, p netip.Prefix) [16]byte {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96 // As16 has put the address behind ::ffff:
	}
	for i := bits; i < 128; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return a
}
