package logfile

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
)

// A segment is one file of a rotated log.
type segment struct {
	path string
	live bool // the log itself, not a rotated copy
	link bool // the name is a symbolic link
	rotation
	stat
	file   *file   // when opened
	stream *stream // of a compressed one, where match left it

	denied error  // we may not read it
	head   []byte // where begin has read it

	from   *mark // what the cursor says of it, nil if nothing
	newest bool  // and that is the newest mark
}

func (s *segment) id() uint32 { return fileID(s.stat, s.codec) }

// open opens the segment, once.
func (s *segment) open() (err error) {
	if s.file == nil {
		s.file, err = openFile(s.path, s.stat)
	}
	return err
}

func (s *segment) close() {
	s.rewind()
	s.file.close()
	s.file = nil
}

func (s *segment) rewind() {
	if s.stream != nil {
		s.stream.stop()
		s.stream = nil
	}
}

// markAt is the mark at off of an open plain segment.
func (s *segment) markAt(off int64) (mark, error) {
	var buf [2 * window]byte
	n := min(off, window)
	head, tail := buf[:n], buf[window:window+n]
	if _, err := s.file.ReadAt(head, 0); err != nil {
		return mark{}, err
	}
	if _, err := s.file.ReadAt(tail, off-n); err != nil {
		return mark{}, err
	}
	return newMark(off, head, tail, s.id()), nil
}

// A likeness is how well a mark fits a segment.
type likeness int

const (
	unlike   likeness = iota
	possible          // nothing speaks against it: it was empty, or cannot be read
	shorter           // it begins like it, and ends before the mark
	same              // the bytes before the mark are the same
	renamed           // and it is the same file
)

// guess is match as far as names and sizes go: a rotated file of the same
// identity and size has not changed, and need not be read.
func (s *segment) guess(m mark) (l likeness, sure bool) {
	switch {
	case s.sameFile(m) && (s.codec != plain || s.size == m.off || m.off == 0):
		return renamed, true
	case m.off == 0 || s.codec == unreadable:
		return possible, true
	case s.codec == plain && s.size < m.off:
		return unlike, true
	}
	return unlike, false
}

// sameFile is not asked of the live file, which may have been truncated.
func (s *segment) sameFile(m mark) bool { return s.id() == m.id && !s.live }

// match compares a mark with a segment.
func (s *segment) match(m mark) (likeness, error) {
	if l, sure := s.guess(m); sure {
		return l, nil
	}
	err := s.open()
	if errors.Is(err, fs.ErrPermission) && !s.sameFile(m) && !s.live {
		s.denied = err // which matters if what we look for is nowhere else
		return unlike, nil
	}
	if err != nil {
		return unlike, err
	}
	if s.codec != plain {
		return s.matchStream(m)
	}
	here, err := s.markAt(m.off)
	switch {
	case err == io.EOF:
		return unlike, errMoved // truncated since
	case err != nil || !here.sameBytes(m):
		return unlike, err
	case s.sameFile(m):
		return renamed, nil
	}
	return same, nil
}

// matchStream leaves the stream of a match at the mark.
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
	err = r.skip(min(m.off, window))
	if err == nil && newMark(r.pos, r.head, r.tail, 0).head != m.head {
		s.rewind()
		return unlike, nil
	}
	err = r.skip(m.off)
	switch {
	case err == io.EOF || errors.Is(err, errDamaged):
		s.rewind()
		if r.pos >= window {
			return shorter, nil
		}
		return unlike, nil
	case err != nil || !r.mark(0).sameBytes(m):
		s.rewind()
		return unlike, err
	}
	return same, nil
}

// beginsLike says whether s holds the first size bytes of a plain segment:
// judged by both ends of them.
func (s *segment) beginsLike(o *segment, size int64) (bool, error) {
	if s.size < size || o.size < size || size == 0 {
		return size == 0, nil
	}
	if err := cmp.Or(s.open(), o.open()); err != nil {
		return false, err
	}
	a, err1 := s.markAt(size)
	b, err2 := o.markAt(size)
	if err1 == io.EOF || err2 == io.EOF {
		return false, errMoved
	}
	return a.sameBytes(b), cmp.Or(err1, err2)
}

// copies says whether s and o, two files of one number or date, hold the same
// segment: one is being compressed into the other, or was kept a second time
// elsewhere. If not, one is left over from an earlier configuration.
func (s *segment) copies(o *segment) (bool, error) {
	if s.stat.is(o.stat) || s.codec == unreadable || o.codec == unreadable {
		return true, nil
	}
	if s.codec == plain && o.codec == plain {
		return s.beginsLike(o, min(s.size, o.size))
	}
	a, err1 := s.begin()
	b, err2 := o.begin()
	n := min(len(a), len(b))
	return bytes.Equal(a[:n], b[:n]), cmp.Or(err1, err2)
}

// begin returns the first window bytes of the text, or what there is of them.
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
		n, err := s.file.ReadAt(b, 0)
		if err == io.EOF {
			err = errMoved
		}
		return b[:n], err
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
