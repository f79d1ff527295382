package logfile

import (
	"errors"
	"io"

	"egress-monitor/lib/batch"
)

// copyAll writes the new lines of the plan's segments, and returns the token after
// them.
func (l *Log) copyAll(w *output, p *plan) (string, error) {
	if p.reread && l.Reread {
		if err := w.write([]byte(batch.Reread)); err != nil {
			return "", err
		}
	}
	var marks []mark
	var unread []string
	growing := p.growing()
	for i, s := range p.segs {
		if s.codec == unreadable && (s.from == nil || s.newest && !s.settled()) { // others were read to their end
			unread = append(unread, s.path)
		}
		m, err := l.copySegment(w, s, i >= growing)
		if err == nil && m.Off != s.offset() {
			err = sync(s.file) // the bytes must be durable before a cursor vouches for them
		}
		if err != nil {
			return "", err
		}
		marks = append(marks, m)
	}
	l.reportUnread(unread)
	return formatToken(marks, p.others()), nil
}

// copySegment writes the new lines of a segment, and returns the mark after them.
func (l *Log) copySegment(w *output, s *segment, growing bool) (mark, error) {
	switch {
	case s.settled() || s.codec == unreadable:
		return s.pass(), nil
	case s.codec != plain:
		return l.copyPacked(w, s)
	case growing:
		return s.copyLines(w)
	}
	return s.copyFinished(w)
}

// growing returns the index of the newest segment that holds data. The segments
// before it are finished; it, and any empty one after it, can still grow.
func (p *plan) growing() int {
	for i := len(p.segs) - 1; i > 0; i-- {
		if p.segs[i].size > 0 {
			return i
		}
	}
	return 0
}

// pass returns the mark of a segment that is not read: the mark it had.
func (s *segment) pass() mark {
	m := newMark(0, nil, nil, 0)
	if s.from != nil {
		m = *s.from
	}
	m.ID = s.id()
	return m
}

func (l *Log) reportUnread(paths []string) {
	switch n := len(paths); n {
	case 0:
	case 1:
		l.gap("%s: compressed in a form that cannot be read here; skipped", paths[0])
	default:
		l.gap("%s and %d later ones: compressed in a form that cannot be read here; skipped", paths[0], n-1)
	}
}

// copyPacked writes the new lines of a compressed segment, and returns the mark after
// them.
func (l *Log) copyPacked(w *output, s *segment) (mark, error) {
	r, err := s.streamAt(s.offset())
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

// streamAt returns the stream of a compressed segment at off; if the text ends or is
// damaged before off, the stream at that place and io.EOF or errDamaged.
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

// copyStream writes the rest of a text. within tells that r is in the middle of a
// line; cut, that the text ends in one.
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
