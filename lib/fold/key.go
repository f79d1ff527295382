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
	p, ok := readPrefix(text)
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p, ok
}

// readPrefix is Address for one that stays IPv4-mapped.
func readPrefix(text []byte) (netip.Prefix, bool) {
	if !likeAddress(text) {
		return netip.Prefix{}, false
	}
	if bytes.IndexByte(text, '/') >= 0 {
		p, err := netip.ParsePrefix(view(text))
		return p.Masked(), err == nil
	}
	a, ok := ipaddr.Parse(text)
	return netip.PrefixFrom(a, a.BitLen()), ok
}

// likeAddress reports whether text may be an address or a prefix. For nearly all
// names it returns false after a few bytes.
func likeAddress(text []byte) bool {
	if len(text) == 0 || len(text) > 64 {
		return false
	}
	first, last := text[0], text[len(text)-1]
	return first-'0' <= 9 && last-'0' <= 9 || bytes.IndexByte(text, ':') >= 0
}

// Respell appends an address or a prefix to dst in the form in which it is
// printed. ok is false if text is neither.
func Respell(dst, text []byte) (printed []byte, ok bool) {
	p, ok := readPrefix(text)
	if !ok {
		return dst, false
	}
	return appendPrefix(dst, text, p), true
}

// appendPrefix appends p, which was read from text, as it is printed.
func appendPrefix(dst, text []byte, p netip.Prefix) []byte {
	if bytes.IndexByte(text, '/') >= 0 {
		return p.AppendTo(dst)
	}
	return p.Addr().AppendTo(dst)
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
