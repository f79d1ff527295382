// Package join finds the names that led to an address.
//
// A Table is made of the rows of domains, and held in memory in a compact form: 20
// bytes for each address of a name, and each name once. A million names of three
// addresses each take some 90 MB. The rows of addresses are read as a stream.
//
// Either side may hold prefixes, where many addresses were folded into one (see
// package fold). A name with the prefix 203.0.113.0/24 matches each of its
// addresses. A wider prefix than that in a name's list (IPv6: than a /48) says
// only that the name led to more than the list has room for, and matches
// nothing. A row 203.0.113.0/24 of addresses matches each name that led to one
// of them. An IPv4-mapped address matches as the IPv4 address it leads to.
//
// The name that stands for all unprintable ones (fold.Unprintable) is listed with
// its addresses, but makes none of them known: whoever asks for one such name could
// hide what another one led to.
package join

import (
	"bytes"
	"errors"
	"math"
	"net/netip"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// A Table knows the names of addresses.
type Table struct {
	text    []byte   // all names, one after the other
	ends    []uint32 // where each name ends in text
	nowhere []uint32 // the names that are Unprintable
	levels  []level
}

// A level holds the prefixes of one length. Most tables have two levels: the
// addresses of IPv4 and those of IPv6.
type level struct {
	is4   bool
	bits  int
	pairs []pair // in order
}

type pair struct {
	addr [16]byte
	name uint32
}

func (p pair) compare(q pair) int {
	if c := bytes.Compare(p.addr[:], q.addr[:]); c != 0 {
		return c
	}
	return int(p.name) - int(q.name)
}

var (
	errNoAddresses = errors.New("no addresses: not a row of domains")
	errTooMany     = errors.New("more names than fit into a table (4 GiB)")
)

// Read makes a table of rows of domains.
func Read(names *union.File) (*Table, error) {
	t := &Table{}
	r := names.Rows()
	for r.Next() {
		rec := r.Record()
		if rec.IPs == nil {
			r.Skip(errNoAddresses)
		} else if err := t.Add(rec); err != nil {
			return nil, err
		}
	}
	t.Sort()
	return t, r.Err()
}

// Add takes a row of domains.
func (t *Table) Add(rec aggregate.Record) error {
	if len(t.text)+len(rec.Key) > math.MaxUint32 {
		return errTooMany
	}
	name := uint32(len(t.ends))
	t.text = append(t.text, rec.Key...)
	t.ends = append(t.ends, uint32(len(t.text)))
	if string(rec.Key) == fold.Unprintable {
		t.nowhere = append(t.nowhere, name)
	}
	for ips := rec.IPs; len(ips) > 0; {
		ip, rest, _ := bytes.Cut(ips, []byte{','})
		if p, ok := fold.Address(ip); ok && fold.Leads(p) { // not "-"
			t.level(p).add(p, name)
		}
		ips = rest
	}
	return nil
}

func (t *Table) level(p netip.Prefix) *level {
	is4 := p.Addr().Is4()
	for i := range t.levels {
		if l := &t.levels[i]; l.bits == p.Bits() && l.is4 == is4 {
			return l
		}
	}
	t.levels = append(t.levels, level{is4: is4, bits: p.Bits()})
	return &t.levels[len(t.levels)-1]
}

func (l *level) add(p netip.Prefix, name uint32) {
	l.pairs = append(l.pairs, pair{p.Addr().As16(), name})
}

// Sort readies the table for Lookup, after the last Add.
func (t *Table) Sort() {
	for i := range t.levels {
		slices.SortFunc(t.levels[i].pairs, pair.compare)
	}
}

// Reset empties the table, and keeps its memory for other rows.
func (t *Table) Reset() {
	t.text, t.ends, t.nowhere = t.text[:0], t.ends[:0], t.nowhere[:0]
	for i := range t.levels {
		t.levels[i].pairs = t.levels[i].pairs[:0]
	}
}

// Len returns how many names there are.
func (t *Table) Len() int { return len(t.ends) }

// Name returns the name with a number, in the order in which they were added.
func (t *Table) Name(i uint32) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.text[start:t.ends[i]]
}
