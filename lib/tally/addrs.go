package tally

import (
	"fmt"
	"net/netip"
)

// few is how many addresses of a key are compared one by one. Those of a key
// with more are found in Table.pairs.
const few = 8

// mostAddrs is how many addresses of a key are kept until the table is printed.
// Nobody visits a name with more. Without this bound, one such name could take
// 200 MiB.
const mostAddrs = 1<<16 - 1

// more says which families have addresses that were dropped.
type more uint8

const (
	more4 more = 1 << iota
	more6
)

// Dropped counts addresses that were dropped. The record of their key then has
// 0.0.0.0/0 or ::/0 among its addresses, which means "and others".
type Dropped struct {
	Addresses uint64 // an address counts each time that it comes
	First     string // the key of the first address
}

func (d Dropped) String() string {
	return fmt.Sprintf("%s: more than %d addresses: %d in answers were dropped (0.0.0.0/0 or ::/0 stands for them)", d.First, mostAddrs, d.Addresses)
}

func (t *Table) drop(e *entry, a *addr) {
	if t.dropped.Addresses++; t.dropped.Addresses == 1 {
		text, _ := t.keys.text(e.key)
		t.dropped.First = string(text)
	}
	if a.is4() {
		e.more |= more4
	} else {
		e.more |= more6
	}
}

// An addr is an address of an entry. The addresses of an entry are a ring, in
// the order in which they came.
type addr struct {
	pair
	next uint32 // 1 + index in Table.addrs
}

// A pair is an address and its entry.
type pair struct {
	ip    [16]byte // As16. An IPv4 address is here as a mapped one; AddIP leaves no other mapped ones
	entry uint32
}

func (p *pair) is4() bool { return [12]byte(p.ip[:12]) == [12]byte{10: 0xff, 11: 0xff} }

// AddIP adds an address to the entry id. A mapped IPv4 address
// (::ffff:192.0.2.7) is kept as the IPv4 address.
//
// Servers send the addresses of a name in a ring, beginning anywhere. So the
// next address is mostly the one that followed the last one before.
func (t *Table) AddIP(id uint32, ip netip.Addr) {
	e := t.entries.at(id)
	a := addr{pair: pair{ip.As16(), id}}
	n := e.nextAddr
	for range min(few, e.addrCount) {
		b := t.addrs.at(n - 1)
		if b.ip == a.ip {
			e.addr, e.nextAddr = n, b.next
			return
		}
		n = b.next
	}
	if e.addrCount < few {
		t.link(e, a)
		return
	}
	if e.addrCount == few {
		t.pairAll(e)
	}
	switch n, found := t.pairs[a.pair]; {
	case found:
		e.addr, e.nextAddr = n, t.addrs.at(n-1).next
	case e.addrCount == mostAddrs:
		t.drop(e, &a)
	default:
		t.pairs[a.pair] = t.addrs.n + 1
		t.link(e, a)
	}
}

// link puts an address into the ring, after the one that came last.
func (t *Table) link(e *entry, a addr) {
	n := 1 + t.addrs.n
	if e.addrCount == 0 {
		e.nextAddr = n
	} else {
		t.addrs.at(e.addr - 1).next = n
	}
	a.next = e.nextAddr
	t.addrs.add(a)
	e.addr = n
	e.addrCount++
}

// pairAll enters the addresses of an entry in pairs.
func (t *Table) pairAll(e *entry) {
	n := e.nextAddr
	for range e.addrCount {
		a := t.addrs.at(n - 1)
		t.pairs[a.pair] = n
		n = a.next
	}
}
