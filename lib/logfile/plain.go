package logfile

import (
	"bytes"
	"io"
	"time"
)

// start returns the offset to read on at. If the mark is in the middle of a line, an
// earlier poll has ended that line itself; a line feed that came since is skipped.
func (s *segment) start() (int64, error) {
	if s.offset() == 0 || s.offset() >= s.size {
		return s.offset(), nil
	}
	var b [2]byte
	err := s.readAt(b[:], s.from.Off-1)
	if b[0] != '\n' && b[1] == '\n' {
		return s.from.Off + 1, err
	}
	return s.from.Off, err
}

// copyLines writes the new bytes up to the last line feed, and returns the mark
// there. The growing end may be half a line: the kernel shows one now and then while
// it copies a line over a page boundary.
func (s *segment) copyLines(w *output) (mark, error) {
	from, err := s.start()
	if err != nil {
		return mark{}, err
	}
	end, err := s.lastLine(from, s.size)
	if err != nil {
		return mark{}, err
	}
	return s.copyRange(w, from, end)
}

// lastLine returns the offset after the last line feed of [from, to), or from.
func (s *segment) lastLine(from, to int64) (int64, error) {
	var buf []byte
	for n := int64(4 << 10); to > from; n = chunk {
		n = min(n, to-from)
		if int64(len(buf)) < n {
			buf = make([]byte, n)
		}
		if err := s.readAt(buf[:n], to-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return to - n + int64(i) + 1, nil
		}
		to -= n
	}
	return from, nil
}

// copyFinished writes the new bytes of a segment that a newer one follows, with its
// last line even if that is cut short, and returns the mark at the end. If the writer
// adds to the segment later, a later poll goes on from there.
func (s *segment) copyFinished(w *output) (mark, error) {
	cut, err := s.endsCut()
	if err != nil {
		return mark{}, err
	}
	from, err := s.start()
	if err != nil {
		return mark{}, err
	}
	m, err := s.copyRange(w, from, s.size)
	if err == nil && cut && from < s.size {
		err = w.write([]byte{'\n'})
	}
	return m, err
}

// endsCut reports whether the last line has no line feed. It gives the kernel the
// moment that it takes to copy a line over a page boundary: half lines of that kind
// end at such a boundary and nowhere else.
func (s *segment) endsCut() (bool, error) {
	for try := 0; ; try++ {
		cut, err := s.cutAt(s.size)
		if err != nil || !cut || s.size%4096 != 0 || try == 5 {
			return cut, err
		}
		time.Sleep(time.Millisecond)
		now, err := statOf(s.file)
		if err != nil {
			return cut, err
		}
		s.size = max(s.size, now.size)
	}
}

// cutAt reports whether off is in the middle of a line.
func (s *segment) cutAt(off int64) (bool, error) {
	if off == 0 {
		return false, nil
	}
	var b [1]byte
	err := s.readAt(b[:], off-1)
	return b[0] != '\n', err
}

// readAt fills p from off. The segment is large enough to have these bytes.
func (s *segment) readAt(p []byte, off int64) error {
	_, err := s.file.ReadAt(p, off)
	if err == io.EOF {
		return truncated(s.path)
	}
	return err
}

// copyRange writes [from, to) and returns the mark at to. The mark is made twice: if
// the file was truncated and written anew meanwhile, its beginning has changed.
func (s *segment) copyRange(w *output, from, to int64) (mark, error) {
	before, err := s.markAt(to)
	if err != nil || from == to {
		return before, err
	}
	if err = w.copyFrom(s.file, from, to); err == io.EOF {
		return mark{}, truncated(s.path)
	}
	if err != nil {
		return mark{}, err
	}
	after, err := s.markAt(to)
	if err == nil && after != before {
		err = truncated(s.path)
	}
	return after, err
}
