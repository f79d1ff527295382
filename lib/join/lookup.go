package join

import (
	"bytes"
	"net/netip"
	"slices"
	"sort"
)

// Lookup appends the numbers of the names that led to an address of p, in order
// and each one once.
func (t *Table) Lookup(dst []uint32, p netip.Prefix) []uint32 {
	from := len(dst)
	for i := range t.levels {
		for _, q := range t.levels[i].overlapping(p) {
			dst = append(dst, q.name)
		}
	}
	slices.Sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

// Known reports whether names led to the addresses of a row. A wide row
// (0.0.0.0/0, ::/0, and the /8, /16, /48 of earlier versions) may stand for any
// address, and is never known. A /24 stands for more than half of its addresses; so
// it is not known while names led to at most half of them, and to no prefix that
// holds it. (A host that lies may send a /24 of one connection: in a merge it takes
// the addresses of all hosts.)
func (t *Table) Known(p netip.Prefix) bool {
	if others(p) {
		return false
	}
	const half = 1 << 7
	isFolded := p.Addr().Is4() && p.Bits() == 24
	var led [2 * half]bool // the addresses of a /24 that names led to
	count := 0
	for i := range t.levels {
		l := &t.levels[i]
		for _, q := range l.overlapping(p) {
			if slices.Contains(t.nowhere, q.name) {
				continue
			}
			if !isFolded || l.bits <= p.Bits() {
				return true
			}
			for at := int(q.addr[15]); at < int(q.addr[15])+l.size(); at++ {
				if !led[at] {
					led[at] = true
					count++
				}
			}
		}
	}
	return count > half
}

// Overlaps reports whether a printable name led to any address of p.
func (t *Table) Overlaps(p netip.Prefix) bool {
	for i := range t.levels {
		for _, q := range t.levels[i].overlapping(p) {
			if !slices.Contains(t.nowhere, q.name) {
				return true
			}
		}
	}
	return false
}

func others(p netip.Prefix) bool {
	return p.Addr().Is4() && p.Bits() <= 16 || p.Addr().Is6() && p.Bits() <= 48
}

// overlapping returns the pairs whose prefixes overlap with p.
func (l *level) overlapping(p netip.Prefix) []pair {
	if l.is4 != p.Addr().Is4() {
		return nil
	}
	first, last := l.span(p)
	list := l.pairs[l.search(first):]
	for i := range list {
		if bytes.Compare(list[i].addr[:], last[:]) > 0 {
			return list[:i]
		}
	}
	return list
}

// size returns how many addresses a prefix of a level of IPv4 has.
func (l *level) size() int { return 1 << (32 - l.bits) }

func (l *level) search(first [16]byte) int {
	return sort.Search(len(l.pairs), func(i int) bool {
		return bytes.Compare(l.pairs[i].addr[:], first[:]) >= 0
	})
}

// span returns the first and the last prefix of this length that overlap with p:
// twice the one that covers p, or the ends of those that p covers.
func (l *level) span(p netip.Prefix) (first, last [16]byte) {
	if l.bits <= p.Bits() {
		first = netip.PrefixFrom(p.Addr(), l.bits).Masked().Addr().As16()
		return first, first
	}
	first = p.Addr().As16()
	return first, lastOf(first, p)
}

// lastOf returns the last address of a prefix that begins at a.
func lastOf(a [16]byte, p netip.Prefix) [16]byte {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96 // As16 returns ::ffff: and the address
	}
	for i := bits; i < 128; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return a
}
