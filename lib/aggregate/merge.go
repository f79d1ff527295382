package aggregate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"egress-monitor/lib/keysort"
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
	lines  Lines
	bad    func(line []byte, why error) error
	sealed bool // only the keys are read, as long as no other source has them
	blocks blocks

	rec  Record
	at   keysort.Head // of its key
	prev []byte       // what the head of the key before did not have
}

// ErrOrder is a source that is not sorted, or has a key twice.
var ErrOrder = errors.New("not sorted")

// ErrChanged is a sealed source that is not as it was written.
var ErrChanged = errors.New("it has changed since it was written")

// NewSource reads records from lines. A line that is none is given to bad,
// and left out if that returns nil.
func NewSource(lines Lines, bad func(line []byte, why error) error) *Source {
	return &Source{lines: lines, bad: bad}
}

// NewSealed reads what we have written ourselves, and nobody else has changed.
// Its rows go on as they are, unless another source has their key. Whoever has
// more than a hope that it is so must make sure of it: a checksum costs a
// twentieth of what it takes to check each row.
func NewSealed(lines Lines) *Source {
	b, _ := lines.(blocks)
	return &Source{lines: lines, blocks: b, sealed: true, bad: func(_ []byte, why error) error {
		return fmt.Errorf("%w: %w", ErrChanged, why)
	}}
}

// next goes to the next record; io.EOF is the end.
func (s *Source) next() error {
	if s.sealed {
		return s.nextSealed()
	}
	before := s.at
	s.prev = s.prev[:0]
	if !before.IsAll() {
		s.prev = append(s.prev, s.rest()...)
	}
	for s.lines.Scan() {
		line := s.lines.Bytes()
		if err := s.parse(line); err != nil {
			if err := s.bad(line, err); err != nil {
				return err
			}
			continue
		}
		s.at = keysort.HeadOf(s.rec.Key)
		if s.at.Less(before) || s.at == before && (s.at.IsAll() || bytes.Compare(s.prev, s.rest()) >= 0) {
			return fmt.Errorf("%q: %w", s.rec.Key, ErrOrder)
		}
		return nil
	}
	if err := s.lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

// nextSealed is next for a source that is in order.
func (s *Source) nextSealed() error {
	if !s.lines.Scan() {
		return cmp.Or(s.lines.Err(), io.EOF)
	}
	line := s.lines.Bytes()
	if err := s.parse(line); err != nil {
		return s.bad(line, err)
	}
	s.at = keysort.HeadOf(s.rec.Key)
	return nil
}

// parse reads as much of a line as has to be known of it now: the addresses
// come later (settle).
func (s *Source) parse(line []byte) error {
	if !s.sealed {
		return s.rec.parse(line)
	}
	k := bytes.IndexByte(line, ' ')
	if k <= 0 {
		return errFields
	}
	s.rec.Key, s.rec.line = line[:k:k], line
	return nil
}

// settle reads what parse has left. The record is none if that fails, and is
// given to bad.
func (s *Source) settle() (ok bool, err error) {
	line := s.rec.line
	if s.sealed {
		s.rec, err = Parse(line)
	} else {
		err = s.rec.settle()
	}
	if err != nil {
		return false, s.bad(line, err)
	}
	return true, nil
}

// Merge writes the union of sorted sources, one record a key, and reads each
// of them as a stream. It returns ErrOrder, and what it has written is of no
// use, if a source is not sorted.
func Merge(w io.Writer, sources []*Source) error { return MergeChecked(w, sources, nil, nil) }

// MergeChecked is Merge, which ends with the first error of check. Lines of a
// sealed source, up to the next key of another one, are shown to pass before: so
// much of them as it returns, in bytes of whole lines, goes on as it is, without
// a check.
func MergeChecked(w io.Writer, sources []*Source, check Check, pass func(lines []byte) int) error {
	m, err := newMerger(sources)
	if err != nil {
		return err
	}
	out := output{w: w, buf: make([]byte, 0, 80<<10), check: check}
	for {
		rec, err := m.next()
		if err == io.EOF {
			return out.flush()
		}
		if err == nil {
			err = out.record(rec)
		}
		if err == nil {
			err = out.flushFull()
		}
		if err == nil && pass != nil {
			err = out.lines(m, pass)
		}
		if err != nil {
			return err
		}
	}
}

// output gathers lines, and writes them in large pieces.
type output struct {
	w     io.Writer
	buf   []byte
	check Check // nil for none
}

func (o *output) record(r *Record) error {
	if o.check != nil {
		if err := o.check(r); err != nil {
			return err
		}
	}
	o.buf = r.appendAsRead(o.buf)
	return nil
}

// lines puts out what may go on as it is: in large pieces without a copy.
func (o *output) lines(m *merger, pass func(lines []byte) int) error {
	lines := m.ahead()
	if len(lines) == 0 {
		return nil
	}
	n := pass(lines)
	lines = lines[:n]
	m.goPast(lines)
	if n < 4<<10 {
		o.buf = append(o.buf, lines...)
		return o.flushFull()
	}
	if err := o.flush(); err != nil {
		return err
	}
	_, err := o.w.Write(lines)
	return err
}

func (o *output) flushFull() error {
	if len(o.buf) < 64<<10 {
		return nil
	}
	return o.flush()
}

func (o *output) flush() error {
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}
