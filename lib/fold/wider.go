package fold

import (
	"math"
	"net/netip"
	"strings"

	"egress-monitor/lib/suffix"
)

// The families of a key, from narrow to wide, stand on levels. A level says
// how many labels the domain of a family may have (beyond those that the
// registrable domain has, which is level 0 and the most), and how many bits a
// prefix. The numbers for names are such that reverse names of IPv6 addresses
// have their levels, of four hexadecimal digits each.
var levels = []struct{ labels, bits4, bits6 int }{
	{math.MaxInt, 24, 64},
	{14, 16, 48},
	{10, 8, 32},
	{6, 0, 16},
	{4, 0, 0},
	{3, 0, 0},
	{2, 0, 0},
	{1, 0, 0},
	{0, -1, -1},
}

const (
	reverse4 = "in-addr.arpa"
	reverse6 = "ip6.arpa"
)

// wider is the family of a node on a level: the node itself if it is as wide.
func (n node) wider(level int) node {
	l := levels[level]
	switch {
	case n == root || l.labels == 0:
		return root
	case !n.prefix.IsValid():
		return n.below(labelsKept(n.name, l.labels))
	case n.prefix.Addr().Is4():
		return n.within(l.bits4)
	}
	return n.within(l.bits6)
}

func (n node) within(bits int) node {
	if n.prefix.Bits() <= bits {
		return n
	}
	p := netip.PrefixFrom(n.prefix.Addr(), bits)
	return node{prefix: p.Masked()}
}

// below is the family of the names that end in the last labels of n.
func (n node) below(labels int) node {
	if strings.HasSuffix(n.name, ".") {
		return n // the root, or an odd name that has no place in the tree
	}
	at := len(n.name)
	for ; labels > 0; labels-- {
		at = strings.LastIndexByte(n.name[:at], '.')
		if at < 0 {
			return n // has no more labels than that
		}
	}
	return node{name: n.name[at+1:], star: true}
}

// labelsKept is how many labels the domain of a name's family has, if it may
// have no more than limit.
func labelsKept(name string, limit int) int {
	switch {
	case isBelow(name, reverse4):
		return min(limit, 2+3)
	case isBelow(name, reverse6) && limit >= 2:
		return 2 + min(limit-2, 16)/4*4
	case limit <= 2:
		return limit // a registrable domain has two at least
	}
	return min(limit, strings.Count(suffix.Of(name), ".")+2)
}

func isBelow(name, zone string) bool {
	rest, ok := strings.CutSuffix(name, zone)
	return ok && (rest == "" || rest[len(rest)-1] == '.')
}
