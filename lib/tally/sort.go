package tally

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A sortKey is an entry, and the first bytes of its key, as numbers: they
// decide most comparisons without a look at the key.
type sortKey struct {
	head [2]uint64
	id   uint32
}

func (k *sortKey) byteAt(depth int) byte {
	return byte(k.head[depth/8] >> (56 - depth%8*8))
}

// sorted is the entries in the order of their keys.
func (t *Table) sorted() []sortKey {
	list := make([]sortKey, t.entries.n)
	for i := range list {
		list[i] = sortKey{headOf(t.Key(uint32(i))), uint32(i)}
	}
	t.radix(list, make([]sortKey, len(list)), 0)
	return list
}

// fewKeys are sorted by comparison.
const fewKeys = 64

// radix sorts keys that are alike up to depth, by one byte after the other. Of
// 100,000 names that takes a third of the time that it takes to compare them,
// which was a tenth of dnsparse's. spare is as long as list.
func (t *Table) radix(list, spare []sortKey, depth int) {
	if len(list) < fewKeys || depth == len(sortKey{}.head)*8 {
		t.compareSort(list)
		return
	}
	var ends [256]int // first how many, then where they begin, then where they end
	for i := range list {
		ends[list[i].byteAt(depth)]++
	}
	sum := 0
	for c, n := range ends {
		ends[c] = sum
		sum += n
	}
	for i := range list {
		end := &ends[list[i].byteAt(depth)]
		spare[*end] = list[i]
		*end++
	}
	copy(list, spare)
	from := 0
	for _, end := range ends {
		if end > from {
			t.radix(list[from:end], spare[from:end], depth+1)
		}
		from = end
	}
}

func (t *Table) compareSort(list []sortKey) {
	slices.SortFunc(list, func(x, y sortKey) int {
		if x.head != y.head {
			return compareHeads(x.head, y.head)
		}
		return bytes.Compare(t.Key(x.id), t.Key(y.id))
	})
}

// headOf is the first 16 bytes of a text. Of two different heads the smaller
// one belongs to the text that sorts first.
func headOf(text []byte) [2]uint64 {
	var b [16]byte
	copy(b[:], text)
	return [2]uint64{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func compareHeads(x, y [2]uint64) int {
	if x[0] != y[0] {
		return cmp.Compare(x[0], y[0])
	}
	return cmp.Compare(x[1], y[1])
}
