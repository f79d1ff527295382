package tally

import "egress-monitor/lib/keysort"

// sorted is the entries in the order of their keys.
func (t *Table) sorted() []keysort.Key {
	list := make([]keysort.Key, t.entries.n)
	for i := range list {
		list[i] = keysort.Key{Head: keysort.HeadOf(t.Key(uint32(i))), ID: uint32(i)}
	}
	keysort.Sort(list, t.Key)
	return list
}
