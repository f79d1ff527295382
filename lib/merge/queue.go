package merge

import (
	"bytes"
	"io"
	"slices"

	"egress-monitor/lib/keysort"
)

// A queue is sources in the order of their current keys. There are few of them:
// an aggregate, sorted runs, and all files together if they are many (Rounds).
//
// Its items hold the heads of the keys: most comparisons need nothing else.
type queue []item

type item struct {
	keysort.Head
	*Source
}

func (x item) compare(y item) int {
	if x.Head != y.Head || x.IsAll() {
		return x.Head.Compare(y.Head)
	}
	return bytes.Compare(x.tail(), y.tail())
}

func newQueue(sources []*Source) (queue, error) {
	q := make(queue, 0, len(sources))
	for _, s := range sources {
		switch err := s.next(); err {
		case nil:
			q = append(q, item{s.head, s})
		case io.EOF:
		default:
			return nil, err
		}
	}
	slices.SortFunc(q, item.compare)
	return q, nil
}

// tied reports whether the first two sources have the same key.
func (q queue) tied() bool { return len(q) > 1 && q[0].compare(q[1]) == 0 }

// advance moves the first source to its next row.
func (q *queue) advance() error {
	s := (*q)[0].Source
	switch err := s.next(); err {
	case nil:
		q.place(item{s.head, s})
	case io.EOF:
		*q = (*q)[:copy(*q, (*q)[1:])]
	default:
		return err
	}
	return nil
}

// place puts x in its place, and the sources before it one place forward.
func (q queue) place(x item) {
	i := 0
	for i+1 < len(q) && q[i+1].compare(x) < 0 {
		q[i] = q[i+1]
		i++
	}
	q[i] = x
}
