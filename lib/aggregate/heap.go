package aggregate

import (
	"bytes"
	"io"

	"egress-monitor/lib/keysort"
)

// A mergeHeap has the source with the smallest key at its front. Its items
// hold the heads of their keys: most comparisons end there, without a look at
// the source.
type mergeHeap []item

type item struct {
	keysort.Head
	*Source
}

func (x item) less(y item) bool {
	if x.Head != y.Head {
		return x.Head.Less(y.Head)
	}
	return !x.IsAll() && bytes.Compare(x.rest(), y.rest()) < 0
}

func (x item) same(y item) bool {
	return x.Head == y.Head && (x.IsAll() || bytes.Equal(x.rest(), y.rest()))
}

// rest is what the head does not have of the key the source stands at.
func (s *Source) rest() []byte { return s.rec.Key[keysort.Len:] }

func newHeap(sources []*Source) (mergeHeap, error) {
	h := make(mergeHeap, 0, len(sources))
	for _, s := range sources {
		switch err := s.next(); err {
		case nil:
			h.push(item{s.at, s})
		case io.EOF:
		default:
			return nil, err
		}
	}
	return h, nil
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
		h.down(item{a[0].Source.at, a[0].Source})
	case io.EOF:
		h.pop()
	default:
		return err
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

// pop removes the source at the front.
func (h *mergeHeap) pop() {
	a := *h
	last := a[len(a)-1]
	*h = a[:len(a)-1]
	if len(*h) > 0 {
		h.down(last)
	}
}

// down puts x in the place of the front, and where it belongs below that. The
// next key of a source mostly belongs far below: so the way down is the way of
// the smaller children, and x is compared only on the way back up.
func (h *mergeHeap) down(x item) {
	a := *h
	i := 0
	for child := 1; child < len(a); child = 2*i + 1 {
		if child+1 < len(a) && a[child+1].less(a[child]) {
			child++
		}
		a[i], i = a[child], child
	}
	for i > 0 && x.less(a[(i-1)/2]) {
		a[i], i = a[(i-1)/2], (i-1)/2
	}
	a[i] = x
}
