// Package tally sums the findings of a parser, by key, in bounded memory: a table of
// keys, each with a count, the last time, and the addresses it led to, which
// is printed as sorted records.
//
// A line of a log must cost no allocation, and a table of 100,000 names must
// not be work for the garbage collector. So keys, entries and addresses are in
// blocks without pointers (see blocks.go), and keys are found by hash with open
// addressing: with a map of Go dnsparse took 6 % more time.
package tally

import "hash/maphash"

// Limit is the size in bytes at which a table is full: at 100 bytes a name,
// after some 150,000 names. A parser prints a full table and goes on with an
// empty one; aggmerge adds up a key that is printed twice.
const Limit = 16 << 20

// A Table sums by key.
type Table struct {
	seed    maphash.Seed
	keys    arena
	entries blocks[entry]
	slots   []slot // by hash of a key
	addrs   blocks[addr]
	pairs   map[pair]uint32 // of keys with more than a few addresses: 1 + index in addrs
	dropped Dropped

	texts []byte // of one entry's addresses, while they are sorted
	ips   []ipText
}

// A slot holds the hash of a key (high 32 bits) and 1 + its place in keys (low 32
// bits), so a lookup reads a key only when the hashes match. The number of the
// entry is stored beside the key: one cache miss less (5 % of ipparse).
type slot uint64

func slotOf(hash, place uint32) slot { return slot(hash)<<32 | slot(place+1) }

func (s slot) hash() uint32  { return uint32(s >> 32) }
func (s slot) place() uint32 { return uint32(s) - 1 }

type entry struct {
	last      int64 // seconds since 1970
	count     uint64
	key       uint32 // its place in keys
	addr      uint32 // the address that came last: 1 + index in addrs; 0 if there is none
	nextAddr  uint32 // the address after it in the ring, which is compared first
	addrCount uint16 // mostAddrs at most
	more      more   // families with addresses that were dropped
}

// New returns an empty table.
func New() *Table {
	return &Table{seed: maphash.MakeSeed(), pairs: map[pair]uint32{}}
}

// Add adds count to the count of a key, and keeps the later time (seconds since
// 1970). It returns the number of the key's entry, which is valid until the table
// is printed.
func (t *Table) Add(key []byte, count uint64, last int64) (id uint32) {
	id = t.find(key)
	t.AddTo(id, count, last)
	return id
}

// AddTo is Add for the key of the entry id.
func (t *Table) AddTo(id uint32, count uint64, last int64) {
	e := t.entries.at(id)
	e.count += count
	e.last = max(e.last, last)
}

// Full reports whether the table should be printed before more is added.
func (t *Table) Full() bool {
	return t.keys.size+int(t.entries.n)*48+int(t.addrs.n)*32 >= Limit
}

// Dropped returns which addresses were dropped since New, because their keys had
// too many.
func (t *Table) Dropped() Dropped { return t.dropped }

// Key returns the key of the entry id.
func (t *Table) Key(id uint32) []byte {
	text, _ := t.keys.text(t.entries.at(id).key)
	return text
}

// Lookup returns the number of a key's entry; ok is false if there is none.
func (t *Table) Lookup(key []byte) (id uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	id, free := t.probe(key, t.hash(key))
	return id, free == nil
}

// find returns the number of a key's entry, and makes the entry if there is none.
func (t *Table) find(key []byte) uint32 {
	if 4*int(t.entries.n) >= 3*len(t.slots) {
		t.growSlots()
	}
	h := t.hash(key)
	id, free := t.probe(key, h)
	if free == nil {
		return id
	}
	place := t.keys.add(key, t.entries.n)
	*free = slotOf(h, place)
	return t.entries.add(entry{key: place, last: -1 << 62})
}

func (t *Table) hash(key []byte) uint32 { return uint32(maphash.Bytes(t.seed, key)) }

// probe returns the number of a key's entry, or else the slot that is free for it.
func (t *Table) probe(key []byte, h uint32) (id uint32, free *slot) {
	for i := h; ; i++ {
		s := &t.slots[i&uint32(len(t.slots)-1)]
		if *s == 0 {
			return 0, s
		}
		if s.hash() == h {
			if text, id := t.keys.text(s.place()); string(text) == string(key) {
				return id, nil
			}
		}
	}
}

func (t *Table) growSlots() {
	old := t.slots
	t.slots = make([]slot, max(256, 2*len(old)))
	for _, s := range old {
		if s == 0 {
			continue
		}
		i := s.hash()
		for t.slots[i&uint32(len(t.slots)-1)] != 0 {
			i++
		}
		t.slots[i&uint32(len(t.slots)-1)] = s
	}
}

func (t *Table) clear() {
	t.keys.clear()
	t.entries.n, t.addrs.n = 0, 0
	clear(t.slots)
	clear(t.pairs)
}
