package aggregate

import (
	"bytes"
	"io"
)

// A merger goes through the union of sorted sources.
type merger struct {
	h       mergeHeap
	pending bool // the source at the front is to be advanced
	sum     adder
	limit   []byte // the key that comes after a source's lines (see ahead)
}

func newMerger(sources []*Source) (*merger, error) {
	h, err := newHeap(sources)
	return &merger{h: h}, err
}

// next is the next record. It is good until the one after it; io.EOF is the end.
func (m *merger) next() (*Record, error) {
	for {
		if m.pending {
			if err := m.h.advance(); err != nil {
				return nil, err
			}
		}
		m.pending = false
		switch {
		case len(m.h) == 0:
			return nil, io.EOF
		case m.h.tied():
			if rec, err := m.together(); rec != nil || err != nil {
				return rec, err
			}
			continue
		}
		m.pending = true
		front := m.h[0].Source
		if front.sealed {
			return &front.rec, nil
		}
		if ok, err := front.settle(); ok || err != nil {
			return &front.rec, err
		}
	}
}

// together merges all records of the smallest key, and goes past them. It is
// nil if none of them was a record.
func (m *merger) together() (*Record, error) {
	at := m.h[0].Head
	key := append(m.sum.key[:0], m.h[0].rec.Key...)
	m.sum.start(key)
	for len(m.h) > 0 && m.h[0].Head == at && bytes.Equal(m.h[0].rec.Key, key) {
		front := m.h[0].Source
		ok, err := front.settle()
		if err != nil {
			return nil, err
		}
		if ok {
			m.sum.add(&front.rec)
		}
		if err := m.h.advance(); err != nil {
			return nil, err
		}
	}
	if m.sum.records == 0 {
		return nil, nil
	}
	return &m.sum.rec, nil
}

// An adder is a sum in memory of its own, that serves for all keys: sources go on
// meanwhile.
type adder struct {
	sum
	records int
	key     []byte
	last    []byte
	united  []byte
}

func (a *adder) start(key []byte) {
	a.key, a.records = key, 0
	a.rec = Record{Key: key}
}

func (a *adder) add(r *Record) {
	a.records++
	a.sum.add(r, &a.united)
	a.last = append(a.last[:0], a.rec.Last...)
	a.rec.Last = a.last
}
