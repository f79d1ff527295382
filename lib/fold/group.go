package fold

import (
	"strings"

	"egress-monitor/lib/suffix"
)

// A group is a set of rows that one wide row can stand for, and that gives up
// rows together. It is named by the node of that wide row.
type group = node

var (
	group4 = nodeOf([]byte("0.0.0.0/0"))
	group6 = nodeOf([]byte("::/0"))
)

// suffix returns the public suffix of a name.
func (n node) suffix() string {
	if n.prefix.IsValid() {
		return ""
	}
	return suffix.Of(n.name)
}

// group returns the group of a key's row. The row "*" has no group; for it, group
// returns root itself.
func (n node) group() group { return n.groupOf(n.suffix()) }

// groupOf is group for a key whose suffix is known.
func (n node) groupOf(s string) group {
	switch {
	case n == root, n == group4, n == group6:
		return root
	case n.prefix.IsValid() && n.prefix.Addr().Is4():
		return group4
	case n.prefix.IsValid():
		return group6
	case strings.HasSuffix(n.name, "."):
		return root // the name of the root, or an odd one
	}
	if s == n.name {
		_, parent, more := strings.Cut(n.name, ".")
		if !more {
			return root
		}
		s = suffix.Of(parent)
	}
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' {
		return root
	}
	return node{name: s, star: true}
}

const (
	reverse4 = "in-addr.arpa"
	reverse6 = "ip6.arpa"
)

// owner returns the widest narrow row that could take a key, which stands for all
// keys of its owner. It returns n itself if no narrow row could.
func (n node) owner() node { return n.ownerOf(n.suffix()) }

// ownerOf is owner for a key whose suffix is known.
func (n node) ownerOf(s string) node {
	switch {
	case n.prefix.IsValid() && n.prefix.Addr().Is4():
		return n.within(bits4)
	case n.prefix.IsValid():
		return n.within(bits6)
	case n == root || strings.HasSuffix(n.name, "."):
		return n
	case isBelow(n.name, reverse4):
		return n.below(labels4)
	case isBelow(n.name, reverse6):
		return n.below(labels6)
	}
	return n.below(strings.Count(s, ".") + 2)
}

// below returns the family of the names that end in so many last labels of n; n
// itself if it has no more labels.
func (n node) below(labels int) node {
	at := len(n.name)
	for ; labels > 0; labels-- {
		if at = strings.LastIndexByte(n.name[:at], '.'); at < 0 {
			return n
		}
	}
	return node{name: n.name[at+1:], star: true}
}

func isBelow(name, zone string) bool {
	rest, ok := strings.CutSuffix(name, zone)
	return ok && (rest == "" || rest[len(rest)-1] == '.')
}
