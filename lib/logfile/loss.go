package logfile

import (
	"bytes"
	"fmt"
	"slices"
)

// place finds a place for the newest mark if no segment has the bytes before it:
//
//   - The file is there, begins as before, and has another end: in a power cut the
//     bytes written last did not reach the disk. Reading goes on after the good part.
//   - The file was copied and truncated, and the copy ends before the mark. Nothing
//     is missing.
func (l *Log) place(p *plan, a *aligner) error {
	m := a.marks[len(a.marks)-1]
	i, err := a.sameHead(m)
	if i < 0 || err != nil {
		return err
	}
	s := a.segs[i]
	a.at[len(a.at)-1] = i
	if s.id() != m.ID { // a copy
		s.from, err = s.end()
		return err
	}
	if like, err := s.match(m); err != nil || like >= same { // the right place, but not in the order of the others
		s.from = &m
		return err
	}
	return l.goOn(p, s, m)
}

// sameHead finds the segment that fits the mark with nothing but its head: the file
// itself, or the last copy of it if the file was truncated. It returns its index, or -1.
func (a *aligner) sameHead(m mark) (int, error) {
	i := slices.IndexFunc(a.segs, func(s *segment) bool { return s.codec == plain && s.from == nil && s.id() == m.ID })
	if i < 0 {
		return i, nil
	}
	if ok, err := a.segs[i].headIs(m); ok || err != nil {
		return i, err
	}
	if !a.segs[i].live || i == 0 {
		return -1, nil
	}
	i--
	if s := a.segs[i]; s.from == nil && s.codec == plain && s.size < m.Off {
		if ok, err := s.headIs(m); ok || err != nil {
			return i, err
		}
	}
	return -1, nil
}

// headIs reports whether the head of the segment is that of the mark.
func (s *segment) headIs(m mark) (bool, error) {
	head, err := s.begin()
	n := min(m.Off, window)
	return 0 < n && n <= int64(len(head)) && newMark(n, head, head[:n], 0).Head == m.Head, unlessDenied(err)
}

// goOn decides where to read on in a file that was read to the mark and has lost its
// end. New lines follow the zeros that a file system leaves in the place of lost
// bytes. Without zeros, nobody knows where they begin.
func (l *Log) goOn(p *plan, s *segment, m mark) error {
	s.from = &mark{ID: s.id()}
	p.lost = fmt.Sprintf("%s has lost its end after it was read to byte %d, as in a power cut", s.path, m.Off)
	from, found, err := s.zeros(m.Off)
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
		if from, err = s.nextLine(min(m.Off, s.size)); err != nil {
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
	buf := make([]byte, chunk)
	for pos := int64(0); pos < s.size; pos += chunk {
		b := buf[:min(chunk, s.size-pos)]
		if err := s.readAt(b, pos); err != nil {
			return 0, false, err
		}
		for i, c := range b {
			switch at := pos + int64(i); {
			case c == 0 && (at < off || found && at == end):
				end, found = at+1, true
			case at >= off:
				return end, found, nil
			}
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
