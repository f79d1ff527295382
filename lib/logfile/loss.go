package logfile

import (
	"bytes"
	"fmt"
	"io"
)

// place finds a place for the newest mark if no segment has the bytes before it:
//
//   - The file is there, begins as before, and has another end: in a power cut the
//     bytes written last did not reach the disk. Reading goes on after the good part.
//   - The file was copied and truncated, and the copy ends before the mark. Nothing
//     is missing.
func (l *Log) place(p *plan, a *aligner) error {
	m := a.marks[len(a.marks)-1]
	s, err := a.sameHead(m)
	if s == nil || err != nil {
		return err
	}
	a.at[len(a.at)-1] = s.at
	if s.ends {
		s.from, err = s.segment.end()
		return err
	}
	if like, err := s.match(m); err != nil || like >= same { // the right place, but not in the order of the others
		s.from = &m
		return err
	}
	return l.goOn(p, s.segment, m)
}

// A place is a segment, and its index, for the newest mark. With ends the mark
// belongs to the end of the segment, which is a copy.
type place struct {
	*segment
	at   int
	ends bool
}

// sameHead finds the segment that fits the mark with nothing but its head: the file
// itself, or the last copy of it if the file was truncated.
func (a *aligner) sameHead(m mark) (*place, error) {
	for i := len(a.segs) - 1; i >= 0; i-- {
		s := a.segs[i]
		if s.codec != plain || s.from != nil || s.id() != m.id {
			continue
		}
		if ok, err := s.headIs(m); ok || err != nil {
			return &place{s, i, false}, err
		}
		if i--; !s.live || i < 0 || a.segs[i].from != nil || a.segs[i].codec != plain || a.segs[i].size >= m.off {
			return nil, nil
		}
		ok, err := a.segs[i].headIs(m)
		if !ok {
			return nil, err
		}
		return &place{a.segs[i], i, true}, err
	}
	return nil, nil
}

// headIs reports whether the head of the segment is that of the mark.
func (s *segment) headIs(m mark) (bool, error) {
	n := min(m.off, window)
	if n == 0 || s.size < n {
		return false, nil
	}
	if err := s.open(); err != nil {
		return false, unlessDenied(err)
	}
	here, err := s.markAt(n)
	if err == io.EOF {
		err = errMoved
	}
	return err == nil && here.head == m.head, err
}

// goOn decides where to read on in a file that was read to the mark and has lost its
// end. New lines follow the zeros that a file system leaves in the place of lost
// bytes. Without zeros, nobody knows where they begin.
func (l *Log) goOn(p *plan, s *segment, m mark) error {
	s.from = &mark{id: s.id()}
	p.lost = fmt.Sprintf("%s has lost its end after it was read to byte %d, as in a power cut", s.path, m.off)
	from, found, err := s.zeros(m.off)
	switch {
	case err != nil:
		return err
	case found:
		p.lost += fmt.Sprintf("; going on at byte %d", from)
	case l.Reread:
		p.reread = true
		p.lost += "; printing all of it"
		return nil
	default:
		if from, err = s.nextLine(min(m.off, s.size)); err != nil {
			return err
		}
		p.lost += fmt.Sprintf("; going on at byte %d", from)
	}
	at, err := s.markAt(from)
	s.from = &at
	return err
}

// zeros returns the end of the last run of zeros that begins before off.
func (s *segment) zeros(off int64) (end int64, found bool, err error) {
	buf, within := make([]byte, chunk), false
	for pos := int64(0); pos < s.size && (pos < off || within); pos += chunk {
		b := buf[:min(chunk, s.size-pos)]
		if err := s.readAt(b, pos); err != nil {
			return 0, false, err
		}
		for i := 0; i < len(b); {
			n := bytes.IndexByte(b[i:], 0)
			if within {
				n = len(b[i:]) - len(bytes.TrimLeft(b[i:], "\x00"))
				i, end, within = i+n, pos+int64(i+n), i+n == len(b)
				continue
			}
			if n < 0 || pos+int64(i+n) >= off {
				break
			}
			i, found, within = i+n, true, true
		}
	}
	return end, found, nil
}

// nextLine returns the offset after the line that off is in.
func (s *segment) nextLine(off int64) (int64, error) {
	if cut, err := s.cutAt(off); !cut || err != nil {
		return off, err
	}
	var buf [window]byte
	for from := off; from < s.size; from += window {
		b := buf[:min(window, s.size-from)]
		if err := s.readAt(b, from); err != nil {
			return off, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
	}
	return off, nil
}
