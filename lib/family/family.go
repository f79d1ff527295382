// Package family knows the keys that stand for many. Where there are too many
// rows, or addresses in a row, aggmerge folds a family into one:
//
//	*.example.com    names below example.com
//	203.0.113.0/24   addresses of the prefix
//
// They are ordinary keys. This package says what they cover.
package family

import (
	"bytes"
	"net/netip"
	"unsafe"
)

// Address reads an address or a prefix, an address as the prefix that holds it
// alone. An IPv4-mapped one is the IPv4 one that it leads to.
func Address(text []byte) (netip.Prefix, bool) {
	s := unsafe.String(unsafe.SliceData(text), len(text)) // only read, and not kept
	if bytes.IndexByte(text, '/') >= 0 {
		p, err := netip.ParsePrefix(s)
		return unmap(p).Masked(), err == nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}

func unmap(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// Contains says whether every address of inner is one of outer.
func Contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// Names says whether a key is a family of names, and of which domain.
func Names(key []byte) (domain []byte, ok bool) {
	return bytes.CutPrefix(key, []byte("*."))
}

// Is says whether a key stands for many.
func Is(key []byte) bool {
	if _, ok := Names(key); ok {
		return true
	}
	if bytes.IndexByte(key, '/') < 0 {
		return false
	}
	_, ok := Address(key)
	return ok
}

// Parents calls visit with each key that may stand for a family of this one,
// from the closest to the widest, until it returns true.
func Parents(key []byte, visit func(parent []byte) bool) {
	if p, ok := Address(key); ok {
		parentPrefixes(p, visit)
		return
	}
	name := bytes.TrimPrefix(key, []byte("*."))
	if len(name) == len(key) && visit(append([]byte("*."), name...)) {
		return // a folded family takes the row of its own domain with it
	}
	for {
		i := bytes.IndexByte(name, '.')
		if i < 0 || i == len(name)-1 {
			return
		}
		name = name[i+1:]
		if visit(append([]byte("*."), name...)) {
			return
		}
	}
}

func parentPrefixes(p netip.Prefix, visit func(parent []byte) bool) {
	for bits := p.Bits() - 1; bits >= 0; bits-- {
		wider := netip.PrefixFrom(p.Addr(), bits).Masked()
		if visit(wider.AppendTo(nil)) {
			return
		}
	}
}
