package tally

import (
	"strconv"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/keysort"
)

// Print calls write with each key's record, in the order of the keys, and
// empties the table. With ips the records have the field of addresses. Print
// stops at the first error of write, and returns it.
func (t *Table) Print(ips bool, write func(record []byte) error) error {
	var buf []byte
	for _, k := range t.sorted() {
		e := t.entries.at(k.ID)
		buf = append(append(buf[:0], t.Key(k.ID)...), ' ')
		buf = append(strconv.AppendUint(buf, e.count, 10), ' ')
		buf = aggregate.AppendTime(buf, e.last)
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

// sorted returns the entries in the order of their keys.
func (t *Table) sorted() []keysort.Key {
	list := make([]keysort.Key, t.entries.n)
	for i := range list {
		list[i] = keysort.Key{Head: keysort.HeadOf(t.Key(uint32(i))), ID: uint32(i)}
	}
	keysort.Sort(list, t.Key)
	return list
}
