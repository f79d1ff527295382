package merge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/keysort"
)

// Lines is a stream of lines, as bufio.Scanner reads it: the result of Bytes is
// valid until the next Scan.
type Lines interface {
	Scan() bool
	Bytes() []byte
	Err() error
}

// buffered are Lines that hold many lines in memory, as batch.Scanner does.
type buffered interface {
	Ready() []byte
	Advance(n, lines int)
}

// A Source is a stream of records in strictly rising order of their keys.
type Source struct {
	lines    Lines
	in       *batch.Scanner // lines, unless sealed
	buffered buffered       // lines, if they are buffered and sealed

	row  Row
	head keysort.Head // of row.key
	prev []byte       // the previous key after its head
}

// ErrOrder means that a source is not sorted, or has a key twice.
var ErrOrder = errors.New("not sorted")

// ErrChanged means that a sealed source is not as it was written.
var ErrChanged = errors.New("it has changed since it was written")

var errKey = fmt.Errorf("%w: a line without a key", ErrChanged)

// NewSource reads records. Lines that are not records are skipped.
func NewSource(in *batch.Scanner) *Source { return &Source{lines: in, in: in} }

// NewSealed reads lines that this program has written and nobody has changed.
// Its rows are copied unread, unless another source has the same key. A caller
// that only hopes that nobody has changed them must compare a checksum: that
// costs a twentieth of reading every row.
func NewSealed(lines Lines) *Source {
	b, _ := lines.(buffered)
	return &Source{lines: lines, buffered: b}
}

// NewRun is NewSealed for a file, from its beginning.
func NewRun(f *os.File) *Source { return NewSealed(linesOf(f)) }

// linesOf returns the lines of a file that this program has written.
func linesOf(f *os.File) *batch.Scanner {
	in := batch.NewScanner(io.NewSectionReader(f, 0, math.MaxInt64), "a sorted run")
	in.Max, in.Plain = aggregate.MaxRow, true
	return in
}

// next goes to the next row; io.EOF is the end.
func (s *Source) next() error {
	if s.in == nil {
		return s.nextSealed()
	}
	before := s.head
	s.prev = s.prev[:0]
	if !before.IsAll() {
		s.prev = append(s.prev, s.tail()...)
	}
	for s.in.Scan() {
		line := s.in.Bytes()
		rec, err := aggregate.Parse(line)
		if err != nil {
			s.in.Skip(err)
			continue
		}
		s.row, s.head = rowOf(rec, line), keysort.HeadOf(rec.Key)
		if s.head.Less(before) || s.head == before && (s.head.IsAll() || bytes.Compare(s.prev, s.tail()) >= 0) {
			return fmt.Errorf("%q: %w", rec.Key, ErrOrder)
		}
		return nil
	}
	return cmp.Or(s.in.Err(), io.EOF)
}

// nextSealed is next for a source that is in order.
func (s *Source) nextSealed() error {
	if !s.lines.Scan() {
		return cmp.Or(s.lines.Err(), io.EOF)
	}
	line := s.lines.Bytes()
	k := bytes.IndexByte(line, ' ')
	if k <= 0 {
		return errKey
	}
	if s.row.rec.Key != nil || s.row.dropped { // by a Check; to set all of each row takes 3 % of sorting
		s.row = Row{}
	}
	s.row.key, s.row.line = line[:k:k], line
	s.head = keysort.HeadOf(s.row.key)
	return nil
}

// tail returns the current key after its head.
func (s *Source) tail() []byte { return s.row.key[keysort.Len:] }
