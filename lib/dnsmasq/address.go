package dnsmasq

import (
	"net/netip"
	"unsafe"
)

// Address reads a value, or a name, that is an address.
func Address(b []byte) (ip netip.Addr, ok bool) {
	if ip4, ok := ipv4(b); ok {
		return netip.AddrFrom4(ip4), true
	}
	if !looksLikeIPv6(b) {
		return ip, false // an error of netip would be an allocation
	}
	ip, err := netip.ParseAddr(unsafe.String(&b[0], len(b))) // only read, and not kept
	return ip, err == nil
}

// ipv4 reads four numbers without leading zeros. It takes a third of the time
// of netip.ParseAddr, and says no to most other values at once.
func ipv4(b []byte) (ip [4]byte, ok bool) {
	if len(b) < len("0.0.0.0") || len(b) > len("255.255.255.255") {
		return ip, false
	}
	n, from, v := 0, 0, uint(0)
	for i, c := range b {
		switch d := uint(c - '0'); {
		case d <= 9:
			if v = v*10 + d; v > 255 || v == d && i > from {
				return ip, false
			}
		case c == '.' && i > from && n < 3:
			ip[n] = byte(v)
			n, from, v = n+1, i+1, 0
		default:
			return ip, false
		}
	}
	ip[3] = byte(v)
	return ip, n == 3 && from < len(b)
}

// looksLikeIPv6 says whether b has hexadecimal digits, colons, and perhaps dots.
func looksLikeIPv6(b []byte) bool {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	if len(b) < len("::") || len(b) > longest {
		return false
	}
	colons := false
	for _, c := range b {
		switch {
		case c-'0' <= 9 || c == '.' || c|0x20-'a' <= 5:
		case c == ':':
			colons = true
		default:
			return false
		}
	}
	return colons
}
