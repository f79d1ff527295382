package tally

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"net/netip"
)

// few addresses of a key are looked at one by one.
const few = 8

// mostAddrs is how many addresses of a key are noted, until the table is printed.
// A name with more of them is not one that anybody visits: they take the room of
// all other names, and 200 MiB if there were no bound.
const mostAddrs = 1<<16 - 1

// more says of which families addresses were dropped.
type more uint8

const (
	more4 more = 1 << iota
	more6
)

// Dropped counts addresses that were dropped. What they leave is 0.0.0.0/0 or ::/0
// among the addresses of their key, which says that there were more.
type Dropped struct {
	Addresses uint64 // each as often as it came
	First     string // the key of the first
}

func (d Dropped) String() string {
	return fmt.Sprintf("%s: more than %d addresses: %d in answers were dropped (0.0.0.0/0 or ::/0 stands for them)", d.First, mostAddrs, d.Addresses)
}

func (t *Table) drop(e *entry, a *addr) {
	if t.dropped.Addresses++; t.dropped.Addresses == 1 {
		text, _ := t.keys.text(e.key)
		t.dropped.First = string(text)
	}
	if [12]byte(a.ip[:12]) == [12]byte{10: 0xff, 11: 0xff} {
		e.more |= more4
	} else {
		e.more |= more6
	}
}

// The addresses of an entry are a ring in the order in which they came.
type addr struct {
	ip    [16]byte // As16; an IPv4 address never looks like an IPv6 one here: those are unmapped
	entry uint32
	next  uint32 // 1 + index
}

// AddIP notes an address that the key of entry id led to. A mapped IPv4
// address (::ffff:192.0.2.7) is noted as the IPv4 address.
//
// Servers send the addresses of a name in a ring, beginning anywhere: so the
// next one is mostly that which came behind this one the last time.
func (t *Table) AddIP(id uint32, ip netip.Addr) {
	e := t.entries.at(id)
	a := addr{ip: ip.As16(), entry: id}
	n := e.nextAddr
	for range min(few, e.addrCount) {
		b := t.addrs.at(n - 1)
		if b.ip == a.ip {
			e.addr, e.nextAddr = n, b.next
			return
		}
		n = b.next
	}
	if e.addrCount >= few {
		n, ok := t.addPair(e, a)
		if n != 0 {
			e.addr, e.nextAddr = n, t.addrs.at(n-1).next
		}
		if n != 0 || !ok {
			return
		}
	}
	t.link(e, a)
}

// link puts an address into the ring, behind the one noted last.
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

// addPair enters an address that is about to be linked in pairs, where those
// of keys with more than a few are. If it is there already it returns where. If
// there is no room for it, it is dropped.
func (t *Table) addPair(e *entry, a addr) (n uint32, ok bool) {
	if e.addrCount == few {
		n := e.nextAddr
		for range few {
			t.room()
			t.place(n)
			t.paired++
			n = t.addrs.at(n - 1).next
		}
	}
	t.room()
	for i := t.pairHash(&a); ; i++ {
		p := &t.pairs[i&uint32(len(t.pairs)-1)]
		switch {
		case *p == 0 && e.addrCount == mostAddrs:
			t.drop(e, &a)
			return 0, false
		case *p == 0:
			t.paired++
			*p = t.addrs.n + 1
			return 0, true
		}
		if b := t.addrs.at(*p - 1); b.entry == a.entry && b.ip == a.ip {
			return *p, true
		}
	}
}

// room makes place for one more in pairs.
func (t *Table) room() {
	if 4*(t.paired+1) <= 3*len(t.pairs) {
		return
	}
	old := t.pairs
	t.pairs = make([]uint32, max(256, 2*len(old)))
	for _, n := range old {
		if n != 0 {
			t.place(n)
		}
	}
}

func (t *Table) place(n uint32) {
	for i := t.pairHash(t.addrs.at(n - 1)); ; i++ {
		if s := &t.pairs[i&uint32(len(t.pairs)-1)]; *s == 0 {
			*s = n
			return
		}
	}
}

func (t *Table) pairHash(a *addr) uint32 {
	var b [20]byte
	copy(b[:], a.ip[:])
	binary.LittleEndian.PutUint32(b[16:], a.entry)
	return uint32(maphash.Bytes(t.seed, b[:]))
}
