package fold

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/ipaddr"
)

// Unprintable is the key of all names with a byte that is not printable: dnsmasq logs
// each of them as "<name unprintable>" (2.90, src/cache.c, log_query).
const Unprintable = `<name\032unprintable>`

// Address reads an address or a prefix, an address as the prefix that holds it
// alone. An IPv4-mapped one is the IPv4 one that it leads to.
func Address(text []byte) (netip.Prefix, bool) {
	if bytes.IndexByte(text, '/') >= 0 {
		p, err := netip.ParsePrefix(view(text))
		return unmap(p).Masked(), err == nil
	}
	a, ok := ipaddr.Parse(text)
	if !ok {
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

// Contains reports whether every address of inner is one of outer.
func Contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// Names reports whether a key stands for all names below a domain, and which domain.
func Names(key []byte) (domain []byte, ok bool) {
	return bytes.CutPrefix(key, []byte("*."))
}

// maxName is the longest name that there is, as text: 253 bytes, each of which may
// be written as \DDD.
const maxName = 4 * 253

// Tail returns the last labels of a name that is longer than any, and of others the
// whole: to look up a name and all it is below takes as long as the square of its
// length.
func Tail(name []byte) []byte {
	if len(name) <= maxName {
		return name
	}
	tail := name[len(name)-maxName:]
	return tail[bytes.IndexByte(tail, '.')+1:]
}
