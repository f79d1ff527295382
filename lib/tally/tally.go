// Package tally sums what a parser sees, by key, in bounded memory: a table of
// keys, each with a count, the last time, and the addresses it led to, which
// is printed as sorted records.
//
// A line of a log must cost no allocation, and a table of 100,000 names must
// not be work for the garbage collector. So keys, entries and addresses stand
// in blocks without a pointer in them, found by hash (open addressing).
package tally

import "hash/maphash"

// Limit is how many bytes a table takes before it is full: at 100 bytes a
// name, some 150,000 names. A parser prints a full table and goes on with an
// empty one; whoever merges the records unites what was printed twice.
const Limit = 16 << 20

// A Table sums by key.
type Table struct {
	seed    maphash.Seed
	keys    arena
	entries blocks[entry]
	slots   []slot // by hash of a key
	addrs   blocks[addr]
	pairs   []uint32 // of keys with many addresses, by hash of entry and address: 1 + index in addrs
	paired  int      // how many are in pairs
	printed uint32
	dropped Dropped

	texts []byte // of one entry's addresses, while they are sorted
	ips   []ipText
}

// A slot is 1 + the place of a key, and the key's hash above it: a look into the
// slots alone is enough for all but the key that is meant. The number of its
// entry stands with the key, so that an entry is not waited for: that was a
// twentieth of ipparse's time.
type slot uint64

func slotOf(hash, place uint32) slot { return slot(hash)<<32 | slot(place+1) }

func (s slot) hash() uint32  { return uint32(s >> 32) }
func (s slot) place() uint32 { return uint32(s) - 1 }

type entry struct {
	last      int64 // seconds since 1970
	count     uint64
	key       uint32 // where it begins in keys
	addr      uint32 // noted last: 1 + index in addrs; 0 for none
	nextAddr  uint32 // in the ring: the first to look at
	addrCount uint16 // mostAddrs at most
	more      more   // what there was no room for
}

// New returns an empty table.
func New() *Table { return &Table{seed: maphash.MakeSeed()} }

// Add adds to the count of a key, and keeps the later time. It returns the
// key's entry, which is good until the table is printed.
func (t *Table) Add(key []byte, count uint64, last int64) (id uint32) {
	id = t.find(key)
	t.AddTo(id, count, last)
	return id
}

// AddTo does what Add does, for the key of an entry.
func (t *Table) AddTo(id uint32, count uint64, last int64) {
	e := t.entries.at(id)
	e.count += count
	e.last = max(e.last, last)
}

// Full says whether the table should be printed before more is added.
func (t *Table) Full() bool {
	return t.keys.size+int(t.entries.n)*48+int(t.addrs.n)*32 >= Limit
}

// Dropped is what addresses of keys with too many of them were dropped, as long as
// there is the table.
func (t *Table) Dropped() Dropped { return t.dropped }

// Printed is how often the table was printed: an entry is good while it stays.
func (t *Table) Printed() uint32 { return t.printed }

// Key is the key of an entry.
func (t *Table) Key(id uint32) []byte {
	text, _ := t.keys.text(t.entries.at(id).key)
	return text
}

// Lookup is the entry of a key, if there is one.
func (t *Table) Lookup(key []byte) (id uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	id, free := t.probe(key, t.hash(key))
	return id, free == nil
}

// find is the entry of a key: a new one, if need be.
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

// probe looks for a key, and returns its entry, or the slot that is free for it.
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
	t.paired = 0
	t.printed++
}
