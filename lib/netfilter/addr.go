package netfilter

import (
	"bytes"
	"net/netip"
)

// readAddr reads the address that b begins with, up to a space or the end, and
// says how long it is; 0 is no address. netip.ParseAddr would need a string,
// and knows many more forms than the two that the kernel prints.
func readAddr(b []byte) (a netip.Addr, n int) {
	if ip, n := readIPv4(b); n > 0 {
		return netip.AddrFrom4(ip), n
	}
	if ip, ok := readIPv6(b); ok {
		return netip.AddrFrom16(ip), fullIPv6
	}
	return readOther(b)
}

// readIPv4 reads four numbers without leading zeros.
func readIPv4(b []byte) (ip [4]byte, n int) {
	for i := 0; i < 4; i++ {
		if i > 0 {
			if n >= len(b) || b[n] != '.' {
				return ip, 0
			}
			n++
		}
		from, v := n, 0
		for n < len(b) && n < from+3 && b[n]-'0' <= 9 {
			v = v*10 + int(b[n]-'0')
			n++
		}
		if n == from || v > 255 || b[from] == '0' && n > from+1 {
			return ip, 0
		}
		ip[i] = byte(v)
	}
	if n < len(b) && b[n] != ' ' {
		return ip, 0
	}
	return ip, n
}

const fullIPv6 = len("2001:0db8:0000:0000:0000:0000:0000:0001")

// readIPv6 reads eight groups of four digits.
func readIPv6(b []byte) (ip [16]byte, ok bool) {
	if len(b) < fullIPv6 || len(b) > fullIPv6 && b[fullIPv6] != ' ' {
		return ip, false
	}
	var bad byte
	for i := range 8 {
		g := b[i*5 : i*5+4]
		h0, h1, h2, h3 := hex[g[0]], hex[g[1]], hex[g[2]], hex[g[3]]
		bad |= h0 | h1 | h2 | h3
		ip[2*i], ip[2*i+1] = h0<<4|h1, h2<<4|h3
		if i < 7 && b[i*5+4] != ':' {
			return ip, false
		}
	}
	return ip, bad < 16
}

// hex is the value of a hexadecimal digit, 255 for other bytes.
var hex = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// readOther reads an address in any other form, which no known kernel prints.
// An address with a zone is none: a packet carries no zone.
func readOther(b []byte) (a netip.Addr, n int) {
	const longest = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
	if n = bytes.IndexByte(b[:min(len(b), longest+1)], ' '); n < 0 {
		n = len(b)
	}
	if n > longest {
		return a, 0
	}
	a, err := netip.ParseAddr(string(b[:n]))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, 0
	}
	return a, n
}
