package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// copyAll writes the segments of the plan and returns the token after them.
func (l *Log) copyAll(w *output, p *plan) (string, error) {
	growing := p.growing()
	var marks []mark
	var unread []string
	for i, s := range p.segs {
		var m mark
		var err error
		switch {
		case s.settled():
			m = *s.from
		case s.codec == unreadable:
			m = s.pass()
			unread = append(unread, s.path)
		case s.codec != plain:
			m, err = l.copyPacked(w, s)
		case i < growing:
			m, err = s.copyFinished(w)
		default:
			m, err = s.copyLines(w)
		}
		if err != nil {
			return "", err
		}
		marks = append(marks, m)
	}
	l.sayUnread(unread)
	return formatToken(marks), nil
}

// growing is the index of the newest segment that holds data. All before it
// are finished; it, and any empty one after it, can still grow.
func (p *plan) growing() int {
	for i := len(p.segs) - 1; i > 0; i-- {
		if p.segs[i].size > 0 {
			return i
		}
	}
	return 0
}

// pass is the mark of a segment that cannot be read.
func (s *segment) pass() mark {
	m := newMark(0, nil, nil, 0)
	if s.from != nil {
		m = *s.from
	}
	m.id = s.id()
	return m
}

func (l *Log) sayUnread(paths []string) {
	switch n := len(paths); n {
	case 0:
	case 1:
		l.gap("%s: compressed in a form that cannot be read here; skipped", paths[0])
	default:
		l.gap("%s and %d later ones: compressed in a form that cannot be read here; skipped", paths[0], n-1)
	}
}

func (s *segment) start() int64 {
	if s.from == nil {
		return 0
	}
	return s.from.off
}

// copyLines writes what is new up to the last line feed: at the growing end
// there may be half a line, and the kernel shows one now and then while it
// copies a line over a page boundary.
func (s *segment) copyLines(w *output) (mark, error) {
	end := s.size
	if s.limit >= 0 {
		end = min(end, s.limit)
	}
	end, err := s.lastLine(s.start(), end)
	if err != nil {
		return mark{}, err
	}
	return s.copyRange(w, s.start(), end)
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
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return to - n + int64(i) + 1, nil
		}
		to -= n
	}
	return from, nil
}

// copyFinished writes what is new of a segment that a newer one follows, its
// last line even if that is cut short. If the writer does add to it later, the
// rest is printed from where this stops.
func (s *segment) copyFinished(w *output) (mark, error) {
	from, end, cut, err := s.finish()
	if err != nil {
		return mark{}, err
	}
	m, err := s.copyRange(w, from, end)
	if err == nil && cut && from < end {
		err = w.write([]byte{'\n'})
	}
	return m, err
}

func (s *segment) finish() (from, end int64, cut bool, err error) {
	from = s.start()
	if from < s.size {
		if cut, err = s.cutAt(s.size); err != nil {
			return
		}
		cut, err = s.waitForLine(cut)
		if err != nil {
			return
		}
	}
	if from, err = s.afterAddedLine(from); err != nil {
		return
	}
	return from, s.size, cut, nil
}

// waitForLine gives the kernel the moment that it takes to copy a line over a
// page boundary. Half lines of that kind end there and nowhere else.
func (s *segment) waitForLine(cut bool) (bool, error) {
	for try := 0; cut && s.size%4096 == 0 && try < 5; try++ {
		time.Sleep(time.Millisecond)
		now, err := s.file.stat()
		if err != nil {
			return cut, err
		}
		if now.size > s.size {
			s.size = now.size
			cut, err = s.cutAt(s.size)
			if err != nil {
				return cut, err
			}
		}
	}
	return cut, nil
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

// afterAddedLine skips a line feed at from, if from is in the middle of a
// line: we have printed that line feed already.
func (s *segment) afterAddedLine(from int64) (int64, error) {
	if from == 0 || from >= s.size {
		return from, nil
	}
	var b [2]byte
	err := s.readAt(b[:], from-1)
	if b[0] != '\n' && b[1] == '\n' {
		from++
	}
	return from, err
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

// copyPacked writes what is new of a compressed segment.
func (l *Log) copyPacked(w *output, s *segment) (mark, error) {
	r, err := s.streamAt(s.start())
	cut := false
	if err == nil {
		cut, err = copyStream(w, r, r.pos > 0 && r.tail[len(r.tail)-1] != '\n')
	}
	switch {
	case errors.Is(err, errDamaged):
		l.gap("%s: %v; what follows its last good byte is lost", s.path, err)
	case err != nil && err != io.EOF:
		return mark{}, err
	}
	if cut {
		if err := w.write([]byte{'\n'}); err != nil {
			return mark{}, err
		}
	}
	if r == nil {
		return s.pass(), nil
	}
	return r.mark(s.id()), nil
}

// streamAt returns the stream of a compressed segment at off, or as far as it
// goes, then with io.EOF or errDamaged.
func (s *segment) streamAt(off int64) (*stream, error) {
	if s.stream != nil && s.stream.pos == off {
		return s.stream, nil
	}
	s.rewind()
	r, err := newStream(s.file, s.codec)
	if err != nil {
		return nil, err
	}
	s.stream = r
	return r, r.skip(off)
}

// copyStream writes the rest of a text and says whether its last line was cut.
// within says that it goes on in the middle of a line.
func copyStream(w *output, r *stream, within bool) (cut bool, err error) {
	for {
		b, err := r.next(chunk)
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return cut, err
		}
		cut = b[len(b)-1] != '\n'
		if within && b[0] == '\n' {
			b = b[1:]
		}
		within = false
		if err := w.write(b); err != nil {
			return cut, err
		}
	}
}
