package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// A plan is what one poll reads: segments of one moment, opened.
type plan struct {
	all    []*segment // every file that scan found
	segs   []*segment // the ones to read, oldest first
	newest *mark      // of the cursor, nil if it has none
	lost   string     // what to say of a gap, "" if there is none
}

func (p *plan) close() {
	for _, s := range p.all {
		s.close()
	}
}

// plan tries until no rename comes in between. What is open then stays what
// it is, whatever logrotate does next.
func (l *Log) plan(marks []mark) (p *plan, err error) {
	for wait := time.Millisecond; ; wait *= 2 {
		p = &plan{}
		err = l.attempt(p, marks)
		if err == nil {
			return p, nil
		}
		p.close()
		if !errors.Is(err, errMoved) {
			return nil, err
		}
		if wait > 256*time.Millisecond {
			return nil, fmt.Errorf("%s: %w", l.Path, errMoved)
		}
		time.Sleep(wait)
	}
}

func (l *Log) attempt(p *plan, marks []mark) (err error) {
	if p.all, err = l.scan(); err != nil {
		return err
	}
	if p.segs, err = unique(p.all); err != nil {
		return err
	}
	if p.segs, err = withoutCopies(p.segs, marks); err != nil {
		return err
	}
	if err = l.choose(p, marks); err != nil || p.idle(marks) {
		return err
	}
	for _, s := range p.segs {
		if s.settled() || s.codec == unreadable {
			continue
		}
		if err := s.open(); err != nil {
			return err
		}
	}
	return l.confirm(p)
}

// choose cuts the plan's segments to those that the marks leave to be read.
func (l *Log) choose(p *plan, marks []mark) error {
	if len(marks) == 0 {
		return nil
	}
	a := newAligner(marks, p.segs)
	found, err := a.run()
	if err != nil {
		return err
	}
	if found {
		p.segs = p.segs[slices.IndexFunc(p.segs, func(s *segment) bool { return s.from != nil }):]
	}
	p.newest = &marks[len(marks)-1]
	switch {
	case a.at[len(marks)-1] >= 0 || !found && a.begins():
		return nil
	case l.blocked(p) != nil:
		return l.blocked(p) // what is missing may be there: it is not lost yet
	}
	what := "all that is retained"
	if found {
		what = "all that is later than " + p.segs[0].path
	}
	p.lost = fmt.Sprintf("the file of the cursor (read to byte %d) is gone or overwritten; printing %s", p.newest.off, what)
	return nil
}

func (l *Log) blocked(p *plan) error {
	for _, s := range p.segs {
		if s.denied != nil {
			return s.denied
		}
	}
	return l.denied
}

// settled: read to its end before, and not written to since.
func (s *segment) settled() bool {
	return s.from != nil && !s.live && s.id() == s.from.id && (s.codec != plain || s.size == s.from.off)
}

// idle says whether the token would be the same again. Then there is no need
// to look twice.
func (p *plan) idle(marks []mark) bool {
	known := 0
	for _, s := range p.segs {
		if s.from == nil || s.id() != s.from.id || s.codec == plain && s.size != s.from.off {
			return false
		}
		known++
	}
	return known == len(marks) && p.lost == ""
}

// confirm looks again. If nothing was renamed, the files that are open are
// all of one moment; and their sizes are now taken after the opening.
func (l *Log) confirm(p *plan) error {
	again, err := l.scan()
	if err != nil {
		return err
	}
	same := func(a, b *segment) bool {
		return a.path == b.path && a.stat.is(b.stat) && (a.codec == plain || a.size == b.size)
	}
	if !slices.EqualFunc(p.all, again, same) {
		return errMoved
	}
	for i, s := range p.all {
		s.stat = again[i].stat
	}
	for _, s := range p.segs {
		if s.file == nil && s.codec != unreadable && !s.settled() || s.codec == plain && s.from != nil && s.size < s.from.off {
			return errMoved // written to, or truncated, this very moment
		}
	}
	return nil
}

// withoutCopies drops what logrotate's copytruncate has copied of the live
// file so far (or its copy option, for good), and does not read the live file
// beyond that copy: once it is truncated, the copy must hold the bytes before
// the cursor.
func withoutCopies(segs []*segment, marks []mark) ([]*segment, error) {
	if len(segs) == 0 || !segs[len(segs)-1].live {
		return segs, nil
	}
	live := segs[len(segs)-1]
	known := knows(marks, live)
	for len(segs) > 1 {
		s := segs[len(segs)-2]
		if s.codec != plain || knows(marks, s) || s.birth < live.birth || s.birth == live.birth && !known {
			break // a copy is new, and younger than what it was made of
		}
		copied, err := s.beginsLike(live, s.size)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		if !copied {
			break
		}
		if known && live.limit < 0 && s.size > 0 && s.time >= live.time-int64(time.Minute) {
			live.limit = s.size
		}
		segs = append(segs[:len(segs)-2], live)
	}
	return segs, nil
}

func knows(marks []mark, s *segment) bool {
	return slices.ContainsFunc(marks, func(m mark) bool { return m.id == s.id() })
}
