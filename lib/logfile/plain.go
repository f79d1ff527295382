package logfile

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// start is where to go on. If that is in the middle of a line, we have ended
// the line ourselves, and skip the line feed that has come since.
func (s *segment) start() (int64, error) {
	if s.from == nil || s.from.off == 0 || s.from.off >= s.size {
		return s.from.offset(), nil
	}
	var b [2]byte
	err := s.readAt(b[:], s.from.off-1)
	if b[0] != '\n' && b[1] == '\n' {
		return s.from.off + 1, err
	}
	return s.from.off, err
}

// copyLines writes what is new up to the last line feed: at the growing end
// there may be half a line, and the kernel shows one now and then while it
// copies a line over a page boundary.
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

// lastLine is the offset after the last line feed of [from, to), or from.
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
		if bytes.IndexByte(buf[:n], '\n') >= 0 { // the fast one, for long lines
			return to - n + int64(bytes.LastIndexByte(buf[:n], '\n')) + 1, nil
		}
		to -= n
	}
	return from, nil
}

// copyFinished writes what is new of a segment that a newer one follows, its
// last line even if that is cut short. If the writer does add to it later, the
// rest is printed from where this stops.
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

// endsCut says whether the last line has no line feed, after giving the kernel
// the moment that it takes to copy a line over a page boundary: half lines of
// that kind end there and nowhere else.
func (s *segment) endsCut() (bool, error) {
	for try := 0; ; try++ {
		cut, err := s.cutAt(s.size)
		if err != nil || !cut || s.size%4096 != 0 || try == 5 {
			return cut, err
		}
		time.Sleep(time.Millisecond)
		now, err := s.file.stat()
		if err != nil {
			return cut, err
		}
		s.size = max(s.size, now.size)
	}
}

// cutAt says whether off is in the middle of a line.
func (s *segment) cutAt(off int64) (bool, error) {
	if off == 0 {
		return false, nil
	}
	var b [1]byte
	err := s.readAt(b[:], off-1)
	return b[0] != '\n', err
}

// readAt reads what the size says is there.
func (s *segment) readAt(p []byte, off int64) error {
	_, err := s.file.ReadAt(p, off)
	if err == io.EOF {
		return s.truncated()
	}
	return err
}

func (s *segment) truncated() error {
	return fmt.Errorf("%s: truncated while it was read", s.path)
}

// copyRange writes [from, to) and makes the mark at its end. Had the file been
// truncated and written anew meanwhile, its beginning would be another.
func (s *segment) copyRange(w *output, from, to int64) (mark, error) {
	before, err := s.markAt(to)
	if err == nil {
		err = w.copyFrom(s.file, from, to)
	}
	if err != nil {
		return mark{}, s.explain(err)
	}
	if from == to {
		return before, nil
	}
	after, err := s.markAt(to)
	if err == nil && after != before {
		err = io.EOF
	}
	return after, s.explain(err)
}

func (s *segment) explain(err error) error {
	if err == io.EOF {
		return s.truncated()
	}
	return err
}
