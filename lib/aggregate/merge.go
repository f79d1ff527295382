package aggregate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Lines is a stream of lines, as bufio.Scanner reads it: Bytes is good until
// the next Scan.
type Lines interface {
	Scan() bool
	Bytes() []byte
	Err() error
}

// A Source is a stream of records in strictly rising order of their keys.
type Source struct {
	lines Lines
	bad   func(line []byte, why error) error

	rec  Record
	head uint64 // the first eight bytes of the key, as a number
	prev []byte // the key before
}

// ErrOrder is a source that is not sorted, or has a key twice.
var ErrOrder = errors.New("not sorted")

// NewSource reads records from lines. A line that is none is given to bad,
// and left out if that returns nil.
func NewSource(lines Lines, bad func(line []byte, why error) error) *Source {
	return &Source{lines: lines, bad: bad}
}

// next goes to the next record; io.EOF is the end.
func (s *Source) next() error {
	s.prev = append(s.prev[:0], s.rec.Key...)
	before := s.head
	for s.lines.Scan() {
		line := s.lines.Bytes()
		rec, err := Parse(line)
		if err != nil {
			if err := s.bad(line, err); err != nil {
				return err
			}
			continue
		}
		s.rec, s.head = rec, head(rec.Key)
		if s.head < before || s.head == before && bytes.Compare(s.prev, rec.Key) >= 0 {
			return fmt.Errorf("%q after %q: %w", rec.Key, s.prev, ErrOrder)
		}
		return nil
	}
	if err := s.lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

// Sorted reads a source to its end, and says whether its records are in
// order. A line that is not a record is passed over.
func Sorted(lines Lines) (bool, error) {
	s := NewSource(lines, func([]byte, error) error { return nil })
	for {
		switch err := s.next(); {
		case errors.Is(err, ErrOrder):
			return false, nil
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		}
	}
}

// head makes a number of the first eight bytes of a key. Two numbers that
// differ are in the order of their keys: that decides most comparisons of a
// merge, without a look at the keys themselves.
func head(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

func (s *Source) less(o *Source) bool {
	if s.head != o.head {
		return s.head < o.head
	}
	return bytes.Compare(s.rec.Key, o.rec.Key) < 0
}

func (s *Source) same(o *Source) bool {
	return s.head == o.head && bytes.Equal(s.rec.Key, o.rec.Key)
}

// Merge writes the union of sorted sources, one record a key, and reads each
// of them as a stream. It returns ErrOrder, and what it has written is of no
// use, if a source is not sorted.
func Merge(w io.Writer, sources []*Source) error {
	h, err := newHeap(sources)
	if err != nil {
		return err
	}
	var group []*Source // those that stand at the smallest key
	var sum adder
	for len(h) > 0 {
		group = h.popSmallest(group[:0])
		rec := group[0].rec
		if len(group) > 1 {
			rec = sum.add(group)
		}
		if _, err := w.Write(sum.text(rec)); err != nil {
			return err
		}
		for _, s := range group {
			if err := h.advance(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// adder merges the records of one key, in memory that serves for all keys.
type adder struct {
	lists [2][]byte // the addresses so far, and the place for the next sum
	line  []byte
}

func (a *adder) add(group []*Source) Record {
	sum := group[0].rec
	for _, s := range group[1:] {
		if list := sum.add(s.rec, a.lists[0][:0]); len(list) > 0 {
			a.lists[0], a.lists[1] = a.lists[1], list
		}
	}
	return sum
}

func (a *adder) text(rec Record) []byte {
	a.line = rec.Append(a.line[:0])
	return a.line
}

// A mergeHeap has the source with the smallest key at its front.
type mergeHeap []*Source

func newHeap(sources []*Source) (mergeHeap, error) {
	h := make(mergeHeap, 0, len(sources))
	for _, s := range sources {
		if err := h.advance(s); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// advance takes a source to its next record and into the heap, if it has one.
func (h *mergeHeap) advance(s *Source) error {
	switch err := s.next(); err {
	case nil:
		h.push(s)
		return nil
	case io.EOF:
		return nil
	default:
		return err
	}
}

// popSmallest moves all sources that stand at the smallest key to group.
func (h *mergeHeap) popSmallest(group []*Source) []*Source {
	group = append(group, h.pop())
	for len(*h) > 0 && (*h)[0].same(group[0]) {
		group = append(group, h.pop())
	}
	return group
}

func (h *mergeHeap) push(s *Source) {
	*h = append(*h, s)
	a := *h
	i := len(a) - 1
	for i > 0 && s.less(a[(i-1)/2]) {
		a[i] = a[(i-1)/2]
		i = (i - 1) / 2
	}
	a[i] = s
}

func (h *mergeHeap) pop() *Source {
	a := *h
	top, last := a[0], a[len(a)-1]
	a = a[:len(a)-1]
	*h = a
	if len(a) == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child+1].less(a[child]) {
			child++
		}
		if !a[child].less(last) {
			break
		}
		a[i], i = a[child], child
	}
	a[i] = last
	return top
}
