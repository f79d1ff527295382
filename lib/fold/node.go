package fold

import (
	"bytes"
	"net/netip"
	"strings"
	"unsafe"
)

// A node is a parsed key: an address or a prefix, a name, or with star all names
// below a name; star without a name is "*".
type node struct {
	prefix netip.Prefix // an address is the prefix that holds it alone
	name   string
	star   bool
}

var root = node{star: true}

// nodeOf parses a key. The node is valid until key is changed.
func nodeOf(key []byte) node {
	if len(key) > 0 && key[0] == '*' {
		if n := starOf(key); n.star {
			return n
		}
	}
	if p, ok := parsePrefix(key); ok {
		return node{prefix: p}
	}
	return node{name: view(key)}
}

func starOf(key []byte) node {
	if len(key) == 1 {
		return root
	}
	name, ok := bytes.CutPrefix(key, []byte("*."))
	if !ok || len(name) == 0 || name[len(name)-1] == '.' {
		return node{}
	}
	return node{name: view(name), star: true}
}

// parsePrefix parses an address or a prefix. ok is false unless key has exactly
// the form in which it would be printed.
func parsePrefix(key []byte) (netip.Prefix, bool) {
	if !likeAddress(key) {
		return netip.Prefix{}, false
	}
	var buf [64]byte
	if bytes.IndexByte(key, '/') >= 0 {
		p, err := netip.ParsePrefix(view(key))
		return p, err == nil && p.Masked() == p && bytes.Equal(p.AppendTo(buf[:0]), key)
	}
	a, err := netip.ParseAddr(view(key))
	if err != nil || a.Zone() != "" || !bytes.Equal(a.AppendTo(buf[:0]), key) {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// within returns the prefix of so many bits that holds n, or n if it is as
// wide.
func (n node) within(bits int) node {
	if n.prefix.Bits() <= bits {
		return n
	}
	return node{prefix: netip.PrefixFrom(n.prefix.Addr(), bits).Masked()}
}

// likeAddress reports whether a key may be an address. For nearly all names it
// returns false after a few bytes.
func likeAddress(key []byte) bool {
	if len(key) == 0 || len(key) > 64 {
		return false
	}
	first, last := key[0], key[len(key)-1]
	return first-'0' <= 9 && last-'0' <= 9 || bytes.IndexByte(key, ':') >= 0
}

// clone returns a copy that stays valid when the key is changed.
func (n node) clone() node {
	n.name = strings.Clone(n.name)
	return n
}

// view returns the bytes as a string, without a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// key returns the text of a node.
func (n node) key() string {
	switch {
	case n == root:
		return "*"
	case n.star:
		return "*." + n.name
	case !n.prefix.IsValid():
		return n.name
	case n.prefix.IsSingleIP():
		return n.prefix.Addr().String()
	}
	return n.prefix.String()
}
