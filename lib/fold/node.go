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

// parsePrefix reads an address or a prefix. ok is false unless key has exactly
// the form in which it would be printed.
func parsePrefix(key []byte) (p netip.Prefix, ok bool) {
	if p, ok = readPrefix(key); !ok {
		return p, false
	}
	var buf [64]byte
	return p, bytes.Equal(appendPrefix(buf[:0], key, p), key)
}

// within returns the prefix of so many bits that holds n, or n if it is as
// wide.
func (n node) within(bits int) node {
	if n.prefix.Bits() <= bits {
		return n
	}
	return node{prefix: netip.PrefixFrom(n.prefix.Addr(), bits).Masked()}
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
