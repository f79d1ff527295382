package aggregate

import (
	"bytes"
	"hash/maphash"
)

// sums is a table of records, each the sum of those of its key. What it is
// given must stay where it is until reset.
type sums struct {
	seed   maphash.Seed
	all    []keySum
	slots  []slot // by hash; as many as a power of two, at least twice as many as sums
	united []byte
}

type keySum struct {
	sum
	slot uint32
}

// longList is how long a list of addresses may be that is gone through for each
// record of its key. What comes behind a longer one is united later.
const longList = 1 << 10

type slot struct {
	hash uint32
	sum  uint32 // its number, counted from 1
}

func newSums() sums { return sums{seed: maphash.MakeSeed(), slots: make([]slot, 1<<10)} }

func (t *sums) hash(key []byte) uint32 { return uint32(maphash.Bytes(t.seed, key)) }

func (t *sums) key(n uint32) []byte { return t.all[n].rec.Key }

// find is the sum of a key, or nil.
func (t *sums) find(key []byte, hash uint32) *keySum {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; t.slots[i].sum != 0; i = (i + 1) & mask {
		if t.slots[i].hash != hash {
			continue
		}
		if s := &t.all[t.slots[i].sum-1]; bytes.Equal(s.rec.Key, key) {
			return s
		}
	}
	return nil
}

// insert takes a record whose key is new.
func (t *sums) insert(r Record, hash uint32) {
	if 2*len(t.all) >= len(t.slots) {
		t.grow()
	}
	n := len(t.all)
	if n == cap(t.all) {
		t.all = append(t.all, keySum{})
	}
	t.all = t.all[:n+1]
	s := &t.all[n]
	s.rec = r
	s.slot = t.place(slot{hash, uint32(n + 1)})
}

// place puts a slot where it will be found.
func (t *sums) place(x slot) uint32 {
	mask := uint32(len(t.slots) - 1)
	i := x.hash & mask
	for t.slots[i].sum != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = x
	return i
}

func (t *sums) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for i := range t.all {
		t.all[i].slot = t.place(old[t.all[i].slot])
	}
}

// reset forgets all sums. Their memory serves for the next.
func (t *sums) reset() {
	for i := range t.all {
		s := &t.all[i]
		t.slots[s.slot] = slot{}
		if cap(s.list) > 4*longList {
			s.list = nil
		}
	}
	t.all = t.all[:0]
}

// add adds a record of the same key.
func (t *sums) add(s *keySum, r *Record) {
	if len(s.rec.IPs) > longList {
		s.addLater(r)
	} else {
		s.sum.add(r, &t.united)
	}
}

// addKnown adds the record whose key stands before text, if its addresses are
// among those of the sum, and returns the length of what is left of its line;
// 0 if it is not such a record. The text ends with a line feed.
func (s *sum) addKnown(text []byte) int {
	d := lenDigits(text)
	t := d + 1 // where the time begins
	end := t + len(TimeLayout)
	if len(text) <= end || text[d] != ' ' || !validTime(text[t:end]) {
		return 0
	}
	count, err := parseCount(text[:d])
	if err != nil {
		return 0
	}
	n := end + 1
	if text[end] != '\n' {
		list := lenKnown(s.rec.IPs, text[n:])
		if text[end] != ' ' || list == 0 {
			return 0
		}
		n += list
	}
	s.addNumbers(count, text[t:end:end])
	return n
}

// lenKnown is the length of the line that text begins with, if it is a list of
// addresses that are all among known ones; 0 if not.
func lenKnown(known, text []byte) int {
	if n := len(known); n < len(text) && text[n] == '\n' && n > 0 && string(text[:n]) == string(known) {
		return n + 1
	} else if n > longList {
		return 0
	}
	n := 0
	for len(known) > 0 {
		ip, rest := cutComma(known)
		known = rest
		end := n + len(ip)
		if end < len(text) && (text[end] == ',' || text[end] == '\n') && string(text[n:end]) == string(ip) {
			n = end + 1
			if text[end] == '\n' {
				return n
			}
		}
	}
	return 0
}
