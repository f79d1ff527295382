// Package networks knows which addresses are the fleet's own, and whose the
// others are.
//
// Own are, without a setting, the addresses that lead nowhere on
// the internet: private ones (RFC 1918, RFC 4193), those of carriers (RFC 6598),
// link-local ones, multicast, this host. A setting names prefixes in both
// directions: 198.51.100.0/24 is ours though it is public, !10.99.0.0/16 is
// somebody else's though it is private. The longest prefix counts.
//
// A file of networks has a prefix and the name of its owner a line:
//
//	203.0.113.0/24 Example Hosting
//	2001:db8::/32  Example Carrier   # a comment
package networks

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"egress-monitor/lib/fold"
)

// apart are the ranges that are own by default.
var apart = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
	"::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
}

// A Table finds the longest prefix that holds another.
type Table[V any] struct {
	values map[netip.Prefix]V
	bits   [2][]int // lengths in use, of IPv4 and IPv6, the longest first
}

// Set gives a prefix a value.
func (t *Table[V]) Set(p netip.Prefix, v V) {
	if t.values == nil {
		t.values = map[netip.Prefix]V{}
	}
	t.values[p] = v
	bits := &t.bits[side(p)]
	if i, found := slices.BinarySearchFunc(*bits, p.Bits(), func(a, b int) int { return b - a }); !found {
		*bits = slices.Insert(*bits, i, p.Bits())
	}
}

// Get returns the value of the longest prefix that holds p. It takes a look-up for each
// length in use, however many prefixes there are.
func (t *Table[V]) Get(p netip.Prefix) (v V, ok bool) {
	for _, bits := range t.bits[side(p)] {
		if bits <= p.Bits() {
			if v, ok = t.values[netip.PrefixFrom(p.Addr(), bits).Masked()]; ok {
				break
			}
		}
	}
	return v, ok
}

// All returns the prefixes and their values, in no order.
func (t *Table[V]) All() iter.Seq2[netip.Prefix, V] { return maps.All(t.values) }

func side(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 0
	}
	return 1
}

// Own knows which addresses are the fleet's own.
type Own struct {
	table Table[bool]
	first [2][256]bool // the first bytes of what is own, of IPv4 and IPv6
}

// NewOwn returns the default, changed by settings: a prefix, or an address, that
// is ours, or with ! before it, is not.
func NewOwn(settings []string) (*Own, error) {
	o := &Own{}
	for _, text := range apart {
		o.set(netip.MustParsePrefix(text))
	}
	for _, text := range settings {
		rest, foreign := strings.CutPrefix(strings.TrimSpace(text), "!")
		p, ok := fold.Address([]byte(rest))
		if !ok {
			return nil, fmt.Errorf("%q: not an address or a prefix", text)
		}
		if foreign {
			o.table.Set(p, false)
		} else {
			o.set(p)
		}
	}
	return o, nil
}

func (o *Own) set(p netip.Prefix) {
	o.table.Set(p, true)
	first := int(p.Addr().AsSlice()[0])
	for i := range 1 << max(0, 8-p.Bits()) {
		o.first[side(p)][first+i] = true
	}
}

// MayHold is a fast check of the text of an address or a prefix: Holds is false
// wherever this is.
func (o *Own) MayHold(text []byte) bool {
	decimal, hex := 0, 0
	for i, c := range text {
		switch {
		case c == '.':
			return o.first[0][decimal&0xff]
		case c == ':':
			return i == 0 || hex>>8 == 0 || o.first[1][hex>>8&0xff] // :: may be any IPv4 one, 64:ff9b:: too
		case '0' <= c && c <= '9':
			decimal, hex = decimal*10+int(c-'0'), hex<<4+int(c-'0')
		default:
			hex = hex<<4 + int(c|0x20-'a') + 10
		}
	}
	return true
}

// nat64 leads to the IPv4 address in its last four bytes (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Holds reports whether an address, or all of a prefix, is the fleet's own.
func (o *Own) Holds(p netip.Prefix) bool {
	if nat64.Contains(p.Addr()) && p.IsSingleIP() {
		b := p.Addr().As16()
		p = netip.PrefixFrom(netip.AddrFrom4([4]byte(b[12:])), 32)
	}
	own, ok := o.table.Get(p)
	return ok && own
}

// Names are owners of networks.
type Names struct{ table Table[string] }

// Read reads a file of networks. bad is told of each line that cannot be
// understood.
func Read(r io.Reader, bad func(line int, err error)) (*Names, error) {
	n := &Names{}
	lines := bufio.NewScanner(r)
	for i := 1; lines.Scan(); i++ {
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		p, ok := fold.Address([]byte(fields[0]))
		if !ok || len(fields) < 2 {
			bad(i, fmt.Errorf("%q: not a prefix and a name", strings.TrimSpace(text)))
			continue
		}
		n.table.Set(p, strings.Join(fields[1:], " "))
	}
	return n, lines.Err()
}

// Of returns the owner of an address, "" if it is not known.
func (n *Names) Of(p netip.Prefix) string {
	if n == nil {
		return ""
	}
	name, _ := n.table.Get(p)
	return name
}
