package logfile

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
)

// A segment is one file of a rotated log.
type segment struct {
	path string
	live bool // the log itself, not a rotated copy
	rotation
	stat
	series      series
	until, born int64    // time and birth, as far as order trusts them
	file        *os.File // nil until it is opened
	stream      *stream  // of a compressed segment, where match left it

	head []byte // its first bytes; nil until begin reads them

	copied bool  // of another file, which is read instead while it exists: see unique and dropCopies
	old    bool  // not new: see dropKnown
	from   *mark // its mark in the cursor, nil if it has none
	newest bool  // from is the newest mark of the cursor
}

func (s *segment) id() uint32 { return fileID(s.stat, s.codec) }

// offset returns how many bytes were read.
func (s *segment) offset() int64 {
	if s.from == nil {
		return 0
	}
	return s.from.Off
}

// open opens the segment if it is not open yet.
func (s *segment) open() (err error) {
	if s.file == nil {
		s.file, err = openFile(s.path, s.stat)
	}
	return err
}

func (s *segment) close() {
	s.rewind()
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

func (s *segment) rewind() {
	if s.stream != nil {
		s.stream.stop()
		s.stream = nil
	}
}

// markAt returns the mark at off of an open plain segment.
func (s *segment) markAt(off int64) (mark, error) {
	var buf [2 * window]byte
	n := min(off, window)
	head, tail := buf[:n], buf[window:window+n]
	err := s.readAt(head, 0)
	if err == nil {
		err = s.readAt(tail, off-n)
	}
	if err != nil {
		return mark{}, err
	}
	return newMark(off, head, tail, s.id()), nil
}

// A likeness is how well a mark fits a segment.
type likeness int

const (
	unlike   likeness = iota
	possible          // no evidence against it: it was empty, or cannot be read
	shorter           // the same beginning, but it ends before the mark
	same              // the same bytes before the mark
	renamed           // and the same file
)

// match returns how well a mark fits the segment, which it reads if need be: a rotated
// file of the same identity and size has not changed.
func (s *segment) match(m mark) (likeness, error) {
	sameFile := s.id() == m.ID && !s.live // the live one may have been truncated
	switch {
	case sameFile && (s.codec != plain || s.size == m.Off || m.Off == 0):
		return renamed, nil
	case m.Off == 0 || s.codec == unreadable:
		return possible, nil
	case s.codec == plain && s.size < m.Off:
		return unlike, nil
	}
	err := s.open()
	if errors.Is(err, fs.ErrPermission) && !sameFile && !s.live {
		return unlike, nil // an error only if no other segment fits the mark: then this one must be read
	}
	if err != nil {
		return unlike, err
	}
	if s.codec != plain {
		return s.matchStream(m)
	}
	here, err := s.markAt(m.Off)
	switch {
	case err != nil || !here.SameBytes(m):
		return unlike, err
	case sameFile:
		return renamed, nil
	}
	return same, nil
}

// matchStream is match for an open compressed segment. If they match, the stream is
// left at the mark.
func (s *segment) matchStream(m mark) (likeness, error) {
	s.rewind()
	r, err := newStream(s.file, s.codec)
	if errors.Is(err, errDamaged) {
		return unlike, nil
	}
	if err != nil {
		return unlike, err
	}
	s.stream = r
	err = r.skip(min(m.Off, window))
	if err == nil && r.mark(0).Head != m.Head {
		s.rewind()
		return unlike, nil
	}
	err = r.skip(m.Off)
	switch {
	case err == io.EOF || errors.Is(err, errDamaged):
		s.rewind()
		if r.pos >= window {
			return shorter, nil
		}
		return unlike, nil
	case err != nil || !r.mark(0).SameBytes(m):
		s.rewind()
		return unlike, err
	}
	return same, nil
}

// copies reports whether s and o, two files of one number or date, hold the same
// segment: one is being compressed into the other. If not, one is left over from an
// earlier configuration.
func (s *segment) copies(o *segment) (bool, error) {
	if o.codec == plain {
		s, o = o, s
	}
	if s.codec == unreadable || o.codec == unreadable {
		return s.codec == plain, nil
	}
	a, err1 := s.begin()
	b, err2 := o.begin()
	n := min(len(a), len(b))
	return bytes.Equal(a[:n], b[:n]) && (n > 0 || s.codec == plain && len(b) == 0), cmp.Or(err1, err2)
}

// begin returns the first window bytes of the text, or all of a shorter text.
func (s *segment) begin() (head []byte, err error) {
	if s.head == nil {
		s.head, err = s.readHead()
	}
	return s.head, err
}

func (s *segment) readHead() ([]byte, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if s.codec == plain {
		b := make([]byte, min(s.size, window))
		return b, s.readAt(b, 0)
	}
	r, err := newStream(s.file, s.codec)
	if err == nil {
		defer r.stop()
		if err = r.skip(window); err == nil || err == io.EOF {
			return r.head, nil
		}
	}
	if errors.Is(err, errDamaged) {
		return r.begun(), nil
	}
	return nil, err
}
