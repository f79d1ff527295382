package netfilter

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"egress-monitor/lib/ipaddr"
)

// addrLen returns the length of the address that b begins with, up to a space or the
// end (0 if there is none), and whether it is an IPv4 address.
func addrLen(b []byte) (n int, is4 bool) {
	if n = ipv4Len(b); n > 0 {
		return n, true
	}
	a, n := readIPv6(b)
	return n, a.Is4()
}

// ipv4Len returns the length of the IPv4 address that b begins with, up to a space or
// the end; 0 if there is none.
func ipv4Len(b []byte) int {
	_, size := ipaddr.Read4(b)
	if size < len(b) && b[size] != ' ' {
		return 0
	}
	return size
}

// fullIPv6 is the length of an IPv6 address with all its digits.
const fullIPv6 = len("2001:0db8:0000:0000:0000:0000:0000:0001")

// readIPv6 reads the address that b begins with, and returns its length in b, or 0.
// The kernel prints all eight groups; other programs may print the other forms. An
// address with a zone is refused: packets carry none.
func readIPv6(b []byte) (a netip.Addr, n int) {
	const longest = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
	if n = bytes.IndexByte(b[:min(len(b), longest+1)], ' '); n < 0 {
		n = len(b)
	}
	if n > longest {
		return a, 0
	}
	a, ok := ipaddr.Parse(b[:n])
	if !ok {
		return a, 0
	}
	return a, n
}

// texts keeps the short form of IPv6 addresses that were read before (4 % of ipparse,
// if each seventh address is one).
type texts struct {
	known [256]text
	buf   []byte
}

type text struct {
	full  [fullIPv6]byte // as the kernel prints it
	short [fullIPv6]byte // as RFC 5952 has it
	n     uint8          // length of short; 0 in an empty place
}

// canonical returns the short form of the IPv6 address that b begins with, and its
// length in b; 0 if there is no address.
func (t *texts) canonical(b []byte) (dst []byte, n int) {
	if len(b) <= fullIPv6 || b[fullIPv6] != ' ' {
		return t.work(b)
	}
	full := (*[fullIPv6]byte)(b)
	k := &t.known[hash(full)]
	if k.n > 0 && k.full == *full {
		return k.short[:k.n], fullIPv6
	}
	if dst, n = t.work(b); n == fullIPv6 {
		k.full, k.n = *full, uint8(copy(k.short[:], dst))
	}
	return dst, n
}

func (t *texts) work(b []byte) (dst []byte, n int) {
	a, n := readIPv6(b)
	if n == 0 || a.Is4() {
		return nil, n
	}
	t.buf = a.AppendTo(t.buf[:0])
	return t.buf, n
}

// hash returns the place of an address in texts.known, from the parts in which
// addresses differ.
func hash(b *[fullIPv6]byte) uint8 {
	h := binary.LittleEndian.Uint64(b[31:]) ^ binary.LittleEndian.Uint64(b[20:])<<1 ^ binary.LittleEndian.Uint64(b[10:])<<2
	return uint8(h * 0x9e3779b97f4a7c15 >> 56)
}
