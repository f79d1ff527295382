package tally

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
)

// Print calls write with each key's record, in the order of the keys, and
// empties the table. ips says whether a record has the field of addresses.
func (t *Table) Print(ips bool, write func(record []byte) error) error {
	var buf []byte
	var day day
	for _, k := range t.sorted() {
		e := t.entries.at(k.id)
		buf = append(append(buf[:0], t.Key(k.id)...), ' ')
		buf = append(strconv.AppendUint(buf, e.count, 10), ' ')
		buf = day.appendTime(buf, e.last)
		if ips {
			buf = t.appendIPs(append(buf, ' '), e)
		}
		if err := write(append(buf, '\n')); err != nil {
			return err
		}
	}
	t.clear()
	return nil
}

// A sortKey is an entry, and the first bytes of its key, as numbers: they
// decide most comparisons without a look at the key.
type sortKey struct {
	head [2]uint64
	id   uint32
}

// sorted is the entries in the order of their keys.
func (t *Table) sorted() []sortKey {
	list := make([]sortKey, t.entries.n)
	for i := range list {
		list[i] = sortKey{headOf(t.Key(uint32(i))), uint32(i)}
	}
	slices.SortFunc(list, func(x, y sortKey) int {
		if x.head != y.head {
			return compareHeads(x.head, y.head)
		}
		return bytes.Compare(t.Key(x.id), t.Key(y.id))
	})
	return list
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
