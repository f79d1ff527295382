package transact

import (
	"bytes"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/tally"
)

// maxOpen is how many transactions are open at most; the oldest is closed first.
// dnsmasq forwards dns-forward-max queries at a time: 150 by default.
const maxOpen = 4096

// A key identifies a transaction: pid and serial. In a plain log the pid has the bit
// plainKey set, and serial is a hash of the name.
type key struct{ pid, serial uint32 }

// plainKey marks the key of a plain log. No pid has this bit.
const plainKey = 1 << 31

func (k key) plain() bool { return k.pid&plainKey != 0 }

// A transaction is a query whose addresses may still come; in a plain log all open
// queries of one process for one name.
type transaction struct {
	key
	asked    int64    // time of the latest query, seconds since 1970
	until    int64    // the transaction is over after this time of the log
	wait     [4]uint8 // number of queries by dnsmasq.Type
	answered bool     // only the next lines of its process can belong to it
	id       uint32   // entry of its name in the tally, or unnamed:
	name     uint32   // then the name is names[name:][:nameLen]
	nameLen  uint32

	older, newer uint32 // neighbours in the order of the queries
}

// unnamed marks a transaction whose name has no entry in the tally.
const unnamed = 1<<32 - 1

// A ref names a transaction that may be closed by now.
type ref struct {
	key
	at uint32 // its index when it was open
}

// typ returns the type of the query, for a transaction with exactly one.
func (x *transaction) typ() dnsmasq.Type {
	switch {
	case x.wait[dnsmasq.A] > 0:
		return dnsmasq.A
	case x.wait[dnsmasq.AAAA] > 0:
		return dnsmasq.AAAA
	}
	return dnsmasq.ANY
}

// questions returns the number of queries.
func (x *transaction) questions() (n int) {
	for _, w := range x.wait {
		n += int(w)
	}
	return n
}

// transactions is the table of open transactions: a list in the order of their
// queries, and an index by key with open addressing. (With a map of Go dnsparse
// took 10 % more time: every query enters and removes a key.)
type transactions struct {
	table *tally.Table
	names []byte        // names without an entry in the tally
	list  []transaction // list[0] is both ends of the order: its newer is the oldest
	free  uint32        // first unused index; the others are linked by newer
	count int
	slots []uint32 // by hash of key: index in list, or 0
}

func (o *transactions) init(table *tally.Table) {
	o.table, o.list, o.slots = table, make([]transaction, 1, 64), make([]uint32, 128)
}

// at returns the transaction of r, or nil if it is closed.
func (o *transactions) at(r ref) *transaction {
	if x := &o.list[r.at]; r.at != 0 && x.key == r.key {
		return x
	}
	return nil
}

// find returns the index of a transaction, or 0. If name is not nil, the name must
// be the same as well.
func (o *transactions) find(k key, name []byte) uint32 {
	for i := hash(k); ; i++ {
		at := o.slots[i&o.mask()]
		if at == 0 {
			return 0
		}
		if o.list[at].key == k && (name == nil || bytes.Equal(name, o.nameOf(at))) {
			return at
		}
	}
}

func (o *transactions) mask() uint32 { return uint32(len(o.slots) - 1) }

func hash(k key) uint32 {
	h := (uint64(k.pid)<<32 | uint64(k.serial)) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}

// add opens a transaction, at first without a name, and returns its index. The caller
// has checked that no transaction of that key (and name) is open.
func (o *transactions) add(k key, asked, newest int64) (at uint32) {
	for oldest := o.list[0].newer; oldest != 0 && o.list[oldest].until < newest; oldest = o.list[0].newer {
		o.remove(oldest)
	}
	if o.count == maxOpen {
		o.remove(o.list[0].newer)
	}
	if at = o.free; at != 0 {
		o.free = o.list[at].newer
	} else {
		at = uint32(len(o.list))
		o.list = append(o.list, transaction{})
	}
	o.list[at] = transaction{key: k, asked: asked, until: newest + openFor, id: unnamed}
	o.link(at)
	o.count++
	o.place(at)
	return at
}

// link puts a transaction at the end of the order.
func (o *transactions) link(at uint32) {
	last := o.list[0].older
	o.list[at].older, o.list[at].newer = last, 0
	o.list[last].newer, o.list[0].older = at, at
}

func (o *transactions) unlink(at uint32) {
	x := &o.list[at]
	o.list[x.older].newer, o.list[x.newer].older = x.newer, x.older
}

// place enters a transaction by its key.
func (o *transactions) place(at uint32) {
	if 2*o.count > len(o.slots) {
		o.slots = make([]uint32, 2*len(o.slots))
		for i := o.list[0].newer; i != 0; i = o.list[i].newer {
			o.enter(i)
		}
		return
	}
	o.enter(at)
}

func (o *transactions) enter(at uint32) {
	for i := hash(o.list[at].key); ; i++ {
		if s := &o.slots[i&o.mask()]; *s == 0 {
			*s = at
			return
		}
	}
}

// remove closes a transaction.
func (o *transactions) remove(at uint32) {
	o.vacate(at)
	o.unlink(at)
	o.list[at] = transaction{newer: o.free}
	o.free = at
	o.count--
}

// expire closes all transactions whose time is over.
func (o *transactions) expire(newest int64) {
	for at := o.list[0].newer; at != 0; {
		x := &o.list[at]
		over := at
		at = x.newer
		if x.until < newest {
			o.remove(over)
		}
	}
}

// vacate takes a transaction out of the slots, and moves up the ones after it that
// could not be found any more (Knuth, 6.4 R).
func (o *transactions) vacate(at uint32) {
	mask := o.mask()
	hole := hash(o.list[at].key) & mask
	for o.slots[hole] != at {
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; o.slots[i] != 0; i = (i + 1) & mask {
		home := hash(o.list[o.slots[i]].key) & mask
		if (i-home)&mask >= (i-hole)&mask {
			o.slots[hole] = o.slots[i]
			hole = i
		}
	}
	o.slots[hole] = 0
}

// nameOf returns the name of the query.
func (o *transactions) nameOf(at uint32) []byte {
	x := &o.list[at]
	if x.id != unnamed {
		return o.table.Key(x.id)
	}
	return o.names[x.name:][:x.nameLen:x.nameLen]
}

// setName gives a name to a transaction without an entry in the tally.
func (o *transactions) setName(at uint32, name []byte) {
	x := &o.list[at]
	x.id, x.name, x.nameLen = unnamed, uint32(len(o.names)), uint32(len(name))
	o.names = append(o.names, name...)
}

// detach copies all names out of the tally, which is about to be emptied.
func (o *transactions) detach() {
	old := *o
	o.names = nil
	for at := o.list[0].newer; at != 0; at = o.list[at].newer {
		o.setName(at, old.nameOf(at))
	}
}
