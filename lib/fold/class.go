package fold

import (
	"bytes"
	"net/netip"
	"strings"

	"egress-monitor/lib/suffix"
)

// Narrow reports whether a key is that of a narrow folded row: it stands for
// keys of one owner, and takes them in every merge.
func Narrow(key []byte) bool { return Folded(key) && nodeOf(key).narrow() }

// Wide reports whether a key is that of a wide folded row: it stands for keys
// that have no row of their own, and takes rows only where a limit demands it.
func Wide(key []byte) bool { return Folded(key) && !nodeOf(key).narrow() }

// narrow is Narrow for a node of a folded row.
func (n node) narrow() bool {
	switch {
	case n == root:
		return false
	case n.star:
		return ownName(n.name)
	case n.prefix.Addr().Is4():
		return n.prefix.Bits() >= bits4
	}
	return n.prefix.Bits() >= bits6
}

// The widest prefixes, as keys of rows, that are of one owner.
const (
	bits4 = 24
	bits6 = 64
)

// ownName reports whether the names below one are of one owner: it is neither a
// public suffix nor the reverse zone of more than a /24 or a /64.
func ownName(name string) bool {
	switch labels := strings.Count(name, ".") + 1; {
	case isBelow(name, reverse4):
		return labels >= labels4
	case isBelow(name, reverse6):
		return labels >= labels6
	}
	return suffix.Of(name) != name
}

// The number of labels in the reverse zones of a /24 and a /64.
const (
	labels4 = 3 + 2
	labels6 = 16 + 2
)

// Leads reports whether a prefix in a list of addresses (or an address, as the
// prefix that holds it alone) says that a name led there. A wide one says only
// that the name led to more than the list has room for. An IPv4-mapped prefix
// is the IPv4 one.
func Leads(p netip.Prefix) bool {
	bits := p.Bits()
	switch {
	case p.Addr().Is4():
		return bits >= 24
	case p.Addr().Is4In6() && bits >= 96:
		return bits >= 96+24
	}
	return bits >= 48
}

// Overflowed reports whether addresses were left out of a list because it was
// full.
func Overflowed(list []byte) bool {
	for slash := bytes.IndexByte(list, '/'); slash >= 0; {
		from, to := bytes.LastIndexByte(list[:slash], ',')+1, len(list)
		if i := bytes.IndexByte(list[slash:], ','); i >= 0 {
			to = slash + i
		}
		if p, ok := parsePrefix(list[from:to]); ok && !Leads(p) {
			return true
		}
		next := bytes.IndexByte(list[to:], '/')
		if next < 0 {
			break
		}
		slash = to + next
	}
	return false
}
