package fleet

import "slices"

// maxHeld is how many items of a kind are held of a host while it is read.
const maxHeld = 50_000

// A rest counts the items of a kind that are not held any more. They are less
// interesting than the items that are held, and are not united with others.
type rest struct {
	Crowd
	counts []uint64
}

// add adds an item of a host. Of a kind that has very many the most interesting
// are held.
func (r *reading) add(kind Kind, item Item) {
	if len(r.crowds[kind]) >= maxHeld {
		r.shrink(kind)
	}
	r.crowds[kind] = append(r.crowds[kind], item)
}

// shrink makes room for more items of a kind.
func (r *reading) shrink(kind Kind) {
	items := r.crowds[kind]
	switch kind {
	case Domain:
		items = together(items)
	case Direct4, Direct6, DirectKnown, Internal:
		items = sweeps(items)
	}
	if len(items) <= maxHeld/2 {
		r.crowds[kind] = items
		return
	}
	var held []Item
	for age := range Ages {
		held = append(held, first(items, age)...)
	}
	names := map[string]bool{}
	for i := range held {
		names[held[i].What] = true
	}
	gone := slices.DeleteFunc(items, func(item Item) bool { return names[item.What] })
	r.weeks(kind, gone)
	for i := range gone {
		r.rest[kind].take(&gone[i])
	}
	clear(items)
	r.crowds[kind] = append(items[:0], held...)
}

func (r *rest) take(item *Item) {
	r.Crowd.take(item)
	r.counts = append(r.counts, item.Count)
}

// with returns the crowd of the rest and of the items that are held.
func (r *rest) with(items []Item) Crowd {
	if len(items) == 0 {
		return r.Crowd
	}
	for i := range items {
		r.take(&items[i])
	}
	slices.Sort(r.counts)
	r.Typical = r.counts[len(r.counts)/2]
	for age := New; age >= Base; age-- {
		r.Items = append(r.Items, first(items, age)...)
	}
	return r.Crowd
}
