package aggregate

import (
	"bytes"
	"io"
)

// A mergeHeap has the source with the smallest key at its front. Its items
// hold the first eight bytes of their keys, as a number: most comparisons end
// there, without a look at the source. A thousand hosts merge twice as fast.
type mergeHeap []item

type item struct {
	head uint64
	*Source
}

func (x item) less(y item) bool {
	if x.head != y.head {
		return x.head < y.head
	}
	return bytes.Compare(x.rec.Key, y.rec.Key) < 0
}

func (x item) same(y item) bool {
	return x.head == y.head && bytes.Equal(x.rec.Key, y.rec.Key)
}

func newHeap(sources []*Source) (mergeHeap, error) {
	h := make(mergeHeap, 0, len(sources))
	return h, h.pushNext(sources)
}

// tied says whether another source stands at the smallest key too. It would be
// a child of the front.
func (h mergeHeap) tied() bool {
	return len(h) > 1 && h[0].same(h[1]) || len(h) > 2 && h[0].same(h[2])
}

// advance takes the source at the front to its next record.
func (h *mergeHeap) advance() error {
	a := *h
	switch err := a[0].next(); err {
	case nil:
		h.down(item{a[0].Source.head, a[0].Source})
	case io.EOF:
		h.pop()
	default:
		return err
	}
	return nil
}

// popSmallest moves all sources that stand at the smallest key to group.
func (h *mergeHeap) popSmallest(group []*Source) []*Source {
	first := h.pop()
	group = append(group, first.Source)
	for len(*h) > 0 && (*h)[0].same(first) {
		group = append(group, h.pop().Source)
	}
	return group
}

// pushNext takes sources to their next records and into the heap.
func (h *mergeHeap) pushNext(group []*Source) error {
	for _, s := range group {
		switch err := s.next(); err {
		case nil:
			h.push(item{s.head, s})
		case io.EOF:
		default:
			return err
		}
	}
	return nil
}

func (h *mergeHeap) push(x item) {
	*h = append(*h, x)
	a := *h
	i := len(a) - 1
	for i > 0 && x.less(a[(i-1)/2]) {
		a[i] = a[(i-1)/2]
		i = (i - 1) / 2
	}
	a[i] = x
}

func (h *mergeHeap) pop() item {
	a := *h
	top, last := a[0], a[len(a)-1]
	*h = a[:len(a)-1]
	if len(*h) > 0 {
		h.down(last)
	}
	return top
}

// down puts x in the place of the front, and where it belongs below that.
func (h *mergeHeap) down(x item) {
	a := *h
	i := 0
	for {
		child := 2*i + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child+1].less(a[child]) {
			child++
		}
		if !a[child].less(x) {
			break
		}
		a[i], i = a[child], child
	}
	a[i] = x
}
