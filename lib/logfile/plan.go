package logfile

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"egress-monitor/lib/logtoken"
)

// A plan is the segments that one poll reads, all open at one moment.
type plan struct {
	all    []*segment // every file that scan found
	segs   []*segment // the files to read, oldest first
	lost   string     // the message of a gap, "" if there is none
	reread bool       // the lines may have been printed before
}

func (p *plan) close() {
	for _, s := range p.all {
		s.close()
	}
}

// plan tries until no rename comes in between. The files that are open then stay the
// same, whatever logrotate does next.
func (l *Log) plan(before past) (p *plan, err error) {
	for wait := time.Millisecond; ; wait *= 2 {
		p = &plan{}
		err = l.attempt(p, before)
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

func (l *Log) attempt(p *plan, before past) (err error) {
	if p.all, err = l.scan(); err != nil {
		return err
	}
	if p.segs, err = unique(p.all); err != nil {
		return err
	}
	order(p.segs) // without unfinished copies
	p.segs = oneName(p.segs)
	if err = p.dropCopies(before); err != nil {
		return err
	}
	if err = p.dropKnown(before); err != nil {
		return err
	}
	if err = l.choose(p, before); err != nil || p.idle(before) {
		return err
	}
	for _, s := range p.segs {
		if s.toRead() {
			if err := s.open(); err != nil {
				return err
			}
		}
	}
	return l.confirm(p)
}

// choose cuts the plan's segments to those that may have new lines, and gives each
// its mark.
func (l *Log) choose(p *plan, before past) error {
	newest := before.newest()
	if newest == nil {
		p.reread = true
		return nil
	}
	a, found, err := p.align(before.Marks)
	if err == nil && !a.placed() {
		err = l.place(p, a)
	}
	if err != nil {
		return err
	}
	begins := p.begins(before)
	p.dropOld(a.last())
	p.stayedEmpty(newest)
	if a.placed() || begins {
		return nil
	}
	what := "all that is retained"
	if found {
		what = "all that is later than " + p.segs[0].path
	}
	p.lost = fmt.Sprintf("the file of the cursor (read to byte %d) is gone or overwritten; printing %s", newest.Off, what)
	p.reread = true
	return nil
}

// begins reports whether the newest mark is of a file that was empty then, and that
// file may be among the segments: it is there, or compressed, or a copy of it is there.
// A rotated file counts as that copy if other marks have their segments, or if its last
// write was within a second of its birth.
func (p *plan) begins(before past) bool {
	if before.newest().Off > 0 {
		return false
	}
	marked := func(s *segment) bool { return s.from != nil }
	old := func(s *segment) bool { return marked(s) || p.passed(s) || s.old }
	found := slices.ContainsFunc(p.segs, marked)
	if !found && slices.ContainsFunc(before.Marks, func(m mark) bool { return m.Off > 0 }) {
		return false
	}
	emptyCopy := func(s *segment) bool { return s.copied && s.size == 0 }
	young := func(s *segment) bool { return !s.live && (found || s.time-s.birth < 1e9) }
	return slices.ContainsFunc(p.all, emptyCopy) || slices.ContainsFunc(p.segs, func(s *segment) bool {
		return !old(s) && (before.knows(s) || s.codec != plain || young(s))
	})
}

// align finds the segments of the marks. If it finds none for the newest mark, it
// searches the files that are not new as well: the original of a copy may be gone.
func (p *plan) align(marks []mark) (a *aligner, found bool, err error) {
	a = newAligner(marks, p.segs)
	old := slices.DeleteFunc(slices.Clone(p.all), func(s *segment) bool { return !s.old })
	if found, err = a.run(); err != nil || a.placed() || len(old) == 0 {
		return a, found, err
	}
	segs := slices.Concat(p.segs, old)
	order(segs)
	again := newAligner(marks, segs)
	if _, err = again.run(); err != nil || again.count() <= a.count() {
		a.note()
		return a, found, err
	}
	p.segs = segs
	return again, true, nil
}

// dropOld leaves out segments without a mark that come before segment at, which has the
// newest mark, or that come in their own series before a segment with a mark.
func (p *plan) dropOld(at int) {
	var kept []*segment
	for i, s := range p.segs {
		if s.from != nil || s.live || p.later(i, at) && !s.old && !p.passed(s) {
			kept = append(kept, s)
		}
	}
	p.segs = kept
}

// stayedEmpty notes the newest mark in the live file if that was empty and still is.
func (p *plan) stayedEmpty(m *mark) {
	for _, s := range p.segs {
		if s.live && s.size == 0 && m.Off == 0 && s.id() == m.ID {
			s.from, s.newest = m, true
		}
	}
}

// later reports whether segment i may be newer than segment at (-1: than none).
func (p *plan) later(i, at int) bool {
	if i <= at && p.segs[i].series == p.segs[at].series {
		return p.segs[at].compare(p.segs[i].rotation) < 0
	}
	return i > at || !p.segs[at].after(p.segs[i])
}

// after reports whether the segment is newer than o, which comes before it in the
// order. The times do not tell that if they are equal, or if the clock was set back.
func (s *segment) after(o *segment) bool {
	return s.live || s.until > o.until && s.time <= time.Now().UnixNano()
}

// passed reports whether a later segment of the series has a mark.
func (p *plan) passed(s *segment) bool {
	return slices.ContainsFunc(p.segs, func(o *segment) bool {
		return o.from != nil && o.series == s.series && s.compare(o.rotation) < 0
	})
}

// unchanged reports whether the segment was read to its end, and not written to since.
func (s *segment) unchanged() bool {
	return s.from != nil && s.id() == s.from.ID && (s.codec != plain || s.size == s.from.Off)
}

// settled reports whether there is nothing more to read in the segment, for ever.
func (s *segment) settled() bool { return s.unchanged() && !s.live }

// toRead reports whether the segment may have new lines that can be read.
func (s *segment) toRead() bool { return !s.settled() && s.codec != unreadable }

// idle reports whether the token would be the same again, except for files that are
// gone. Then there is nothing to read.
func (p *plan) idle(before past) bool {
	if p.lost != "" || len(p.segs) != len(before.Marks) {
		return false
	}
	noted := func(s *segment) bool {
		return s.size == 0 || before.knows(s) || slices.Contains(before.Seen, s.id()) || len(p.all) > logtoken.MaxSeen
	}
	return !slices.ContainsFunc(p.segs, func(s *segment) bool { return !s.unchanged() }) &&
		!slices.ContainsFunc(p.others(), func(s *segment) bool { return !noted(s) })
}

// others returns all files except the copies that may become segments.
func (p *plan) others() []*segment {
	return slices.DeleteFunc(slices.Clone(p.all), func(s *segment) bool { return s.copied })
}

// confirm scans again. If nothing was renamed, the open files are all of one moment;
// their sizes are now taken after they were opened.
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
		if s.file == nil && s.toRead() || s.codec == plain && s.from != nil && s.size < s.from.Off {
			return errMoved // written to, or truncated, since the first scan
		}
	}
	return nil
}
