// Package tally sums what a parser sees, by key, in bounded memory: a table of
// keys, each with a count, the last time, and the addresses it led to, which
// is printed as sorted records.
//
// A line of a log must cost no allocation, and a table of 100,000 names must
// not be work for the garbage collector. So keys, entries and addresses stand
// in slices without a pointer in them, found by hash (open addressing).
package tally

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"

	"egress-monitor/lib/aggregate"
)

// Limit is how many bytes a table takes before it is full: at 100 bytes a
// name, some 150,000 names. A parser prints a full table and goes on with an
// empty one; whoever merges the records unites what was printed twice.
const Limit = 16 << 20

// few addresses of a key are found by looking at them one by one.
const few = 4

// A Table sums by key.
type Table struct {
	seed    maphash.Seed
	keys    []byte
	entries []entry
	slots   []slot // by hash of a key
	addrs   []addr
	pairs   []uint32 // of keys with many addresses, by hash of entry and address: 1 + index in addrs
	paired  int      // how many are in pairs, or a bit more
	printed uint32
}

// A slot is 1 + index in entries, and the hash of that entry's key above it: a
// look into the slots alone is enough for all but the key that is meant.
type slot uint64

func slotOf(hash uint32, index int) slot { return slot(hash)<<32 | slot(index+1) }

func (s slot) hash() uint32  { return uint32(s >> 32) }
func (s slot) index() uint32 { return uint32(s) - 1 }

type entry struct {
	last      int64 // seconds since 1970
	count     uint64
	key       uint32 // where it begins in keys
	keyLen    uint32
	addrs     uint32 // the newest: 1 + index in addrs; 0 for none
	addrCount uint32
}

type addr struct {
	ip    [16]byte // As16; an IPv4 address never looks like an IPv6 one here: those are unmapped
	entry uint32
	next  uint32 // the next older of the same entry: 1 + index; 0 for none
}

// New returns an empty table.
func New() *Table { return &Table{seed: maphash.MakeSeed()} }

// Add adds to the count of a key, and keeps the later time. It returns the
// key's entry, which is good until the table is printed.
func (t *Table) Add(key []byte, count uint64, last int64) (id uint32) {
	id = t.find(key)
	e := &t.entries[id]
	e.count += count
	e.last = max(e.last, last)
	return id
}

// AddIP notes an address that the key of entry id led to. A mapped IPv4
// address (::ffff:192.0.2.7) is noted as the IPv4 address.
func (t *Table) AddIP(id uint32, ip netip.Addr) {
	e := &t.entries[id]
	a := addr{ip: ip.As16(), entry: id, next: e.addrs}
	n := e.addrs
	for range few { // most keys have few addresses, and those that come are the newest
		if n == 0 {
			break
		}
		if t.addrs[n-1].ip == a.ip {
			return
		}
		n = t.addrs[n-1].next
	}
	if e.addrCount >= few && !t.addPair(e, a) {
		return
	}
	t.addrs = append(t.addrs, a)
	e.addrs = uint32(len(t.addrs))
	e.addrCount++
}

// addPair enters an address that is about to be appended in pairs, where those
// of keys with more than a few are. It returns false if it is there.
func (t *Table) addPair(e *entry, a addr) bool {
	if e.addrCount == few {
		for n := e.addrs; n != 0; n = t.addrs[n-1].next {
			t.room()
			place(t.pairs, t.pairHash(t.addrs[n-1]), int(n-1))
		}
	}
	t.room()
	for i := t.pairHash(a); ; i++ {
		p := &t.pairs[i&uint32(len(t.pairs)-1)]
		if *p == 0 {
			*p = uint32(len(t.addrs) + 1)
			return true
		}
		if b := &t.addrs[*p-1]; b.entry == a.entry && b.ip == a.ip {
			return false
		}
	}
}

// Full says whether the table should be printed before more is added.
func (t *Table) Full() bool {
	return len(t.keys)+len(t.entries)*48+len(t.addrs)*32 >= Limit
}

// Printed is how often the table was printed: an entry is good while it stays.
func (t *Table) Printed() uint32 { return t.printed }

// Key is the key of an entry.
func (t *Table) Key(id uint32) []byte {
	e := &t.entries[id]
	return t.keys[e.key:][:e.keyLen:e.keyLen]
}

func (t *Table) find(key []byte) uint32 {
	if 4*len(t.entries) >= 3*len(t.slots) {
		t.growSlots()
	}
	h := uint32(maphash.Bytes(t.seed, key))
	for i := h; ; i++ {
		s := &t.slots[i&uint32(len(t.slots)-1)]
		if *s == 0 {
			*s = slotOf(h, len(t.entries))
			t.entries = append(t.entries, entry{key: uint32(len(t.keys)), keyLen: uint32(len(key)), last: -1 << 62})
			t.keys = append(t.keys, key...)
			return s.index()
		}
		if s.hash() == h {
			if e := &t.entries[s.index()]; string(t.keys[e.key:][:e.keyLen]) == string(key) {
				return s.index()
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

// room makes place for one more in pairs.
func (t *Table) room() {
	t.paired++
	if 4*t.paired <= 3*len(t.pairs) {
		return
	}
	old := t.pairs
	t.pairs = make([]uint32, max(256, 2*len(old)))
	for _, n := range old {
		if n != 0 {
			place(t.pairs, t.pairHash(t.addrs[n-1]), int(n-1))
		}
	}
}

func place(slots []uint32, hash uint32, index int) {
	for i := hash; ; i++ {
		if s := &slots[i&uint32(len(slots)-1)]; *s == 0 {
			*s = uint32(index + 1)
			return
		}
	}
}

func (t *Table) pairHash(a addr) uint32 {
	var b [20]byte
	copy(b[:], a.ip[:])
	binary.LittleEndian.PutUint32(b[16:], a.entry)
	return uint32(maphash.Bytes(t.seed, b[:]))
}

// AppendIPs appends the addresses of entry id as a record has them.
func (t *Table) AppendIPs(dst []byte, id uint32) []byte {
	next := t.entries[id].addrs
	if next == 0 {
		return append(dst, '-')
	}
	if t.addrs[next-1].next == 0 {
		return t.appendIP(dst, next)
	}
	var list [][]byte
	for ; next != 0; next = t.addrs[next-1].next {
		list = append(list, t.appendIP(nil, next))
	}
	slices.SortFunc(list, bytes.Compare)
	for i, ip := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, ip...)
	}
	return dst
}

func (t *Table) appendIP(dst []byte, n uint32) []byte {
	return netip.AddrFrom16(t.addrs[n-1].ip).Unmap().AppendTo(dst)
}

// Print calls write with each key's record, in the order of the keys, and
// empties the table. ips says whether a record has the field of addresses.
func (t *Table) Print(ips bool, write func(record []byte) error) error {
	var buf []byte
	for _, id := range t.sorted() {
		e := &t.entries[id]
		buf = append(append(buf[:0], t.Key(id)...), ' ')
		buf = append(strconv.AppendUint(buf, e.count, 10), ' ')
		buf = aggregate.AppendTime(buf, e.last)
		if ips {
			buf = t.AppendIPs(append(buf, ' '), id)
		}
		if err := write(append(buf, '\n')); err != nil {
			return err
		}
	}
	t.clear()
	return nil
}

// sorted is the entries in the order of their keys. The first eight bytes of
// a key, as a number, decide most comparisons without a look at the key.
func (t *Table) sorted() []uint32 {
	type item struct {
		head uint64
		id   uint32
	}
	items := make([]item, len(t.entries))
	for i := range items {
		var b [8]byte
		copy(b[:], t.Key(uint32(i)))
		items[i] = item{binary.BigEndian.Uint64(b[:]), uint32(i)}
	}
	slices.SortFunc(items, func(x, y item) int {
		if x.head != y.head {
			return cmp.Compare(x.head, y.head)
		}
		return bytes.Compare(t.Key(x.id), t.Key(y.id))
	})
	ids := make([]uint32, len(items))
	for i, it := range items {
		ids[i] = it.id
	}
	return ids
}

func (t *Table) clear() {
	t.keys, t.entries, t.addrs = t.keys[:0], t.entries[:0], t.addrs[:0]
	clear(t.slots)
	clear(t.pairs)
	t.paired = 0
	t.printed++
}
