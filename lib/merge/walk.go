package merge

import (
	"bytes"
	"io"

	"egress-monitor/lib/aggregate"
)

// A walk goes through the union of sorted sources, one row a key.
type walk struct {
	queue   queue
	pending bool // the row of the first source was returned: go past it
	sum     keySum
	row     Row    // of the sum
	limit   []byte // the key of the second source, and a space (see ahead)
}

func newWalk(sources []*Source) (*walk, error) {
	q, err := newQueue(sources)
	return &walk{queue: q}, err
}

// next returns the next row, which is valid until the next call; io.EOF is the
// end.
func (w *walk) next() (*Row, error) {
	if w.pending {
		if err := w.queue.advance(); err != nil {
			return nil, err
		}
	}
	w.pending = false
	switch {
	case len(w.queue) == 0:
		return nil, io.EOF
	case w.queue.tied():
		return w.together()
	}
	w.pending = true
	return &w.queue[0].row, nil
}

// together merges all rows of the smallest key, and goes past them.
func (w *walk) together() (*Row, error) {
	first := w.queue[0]
	w.sum.start(first.row.key)
	for len(w.queue) > 0 && w.queue[0].Head == first.Head && bytes.Equal(w.queue[0].row.key, w.sum.key) {
		rec, err := w.queue[0].row.Record()
		if err != nil {
			return nil, err
		}
		w.sum.add(&rec)
		if err := w.queue.advance(); err != nil {
			return nil, err
		}
	}
	w.row.Set(w.sum.rec)
	return &w.row, nil
}

// A keySum is a total that copies what it is given, because the sources go on.
// It is used for one key after the other.
type keySum struct {
	total
	key    []byte
	last   []byte
	united []byte
}

func (s *keySum) start(key []byte) {
	s.key = append(s.key[:0], key...)
	s.rec = aggregate.Record{Key: s.key}
}

func (s *keySum) add(r *aggregate.Record) {
	s.total.add(r, &s.united)
	s.last = append(s.last[:0], s.rec.Last...)
	s.rec.Last = s.last
}
