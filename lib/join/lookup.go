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
		dst = t.levels[i].lookup(dst, p)
	}
	slices.Sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

// Known reports whether names led to the addresses of a row with so many
// connections. A wide row (0.0.0.0/0, ::/0, and the /8, /16, /48 of earlier
// versions) may stand for any address, and is never known. A /24 stands for more
// than half of its addresses; so it is not known while names led to at most half
// of them, and to no prefix that holds it.
func (t *Table) Known(p netip.Prefix, connections uint64) bool {
	if others(p) {
		return false
	}
	const half = 1 << 7
	needed := 1
	if p.Addr().Is4() && p.Bits() == 24 && connections > half {
		needed = half + 1
	}
	for i := range t.levels {
		l := &t.levels[i]
		if l.is4 == p.Addr().Is4() {
			needed -= l.known(p, needed)
		}
		if needed <= 0 {
			return true
		}
	}
	return false
}

func others(p netip.Prefix) bool {
	return p.Addr().Is4() && p.Bits() <= 16 || p.Addr().Is6() && p.Bits() <= 48
}

// known returns how many addresses of p the level holds. It stops counting at
// most.
func (l *level) known(p netip.Prefix, most int) (n int) {
	first, last := l.span(p)
	list := l.pairs[l.search(first):]
	for i := range list {
		if bytes.Compare(list[i].addr[:], last[:]) > 0 {
			break
		}
		if i > 0 && list[i].addr == list[i-1].addr {
			continue
		}
		if l.bits <= p.Bits() {
			return most // the prefix holds all of p
		}
		if n += l.size(); n >= most {
			break
		}
	}
	return n
}

// size returns how many addresses a prefix of the level has, at most 256.
func (l *level) size() int {
	bits := 128
	if l.is4 {
		bits = 32
	}
	return 1 << min(bits-l.bits, 8)
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
