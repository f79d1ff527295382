package logfile

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
)

// dropCopies leaves out copies of the live file, and of the file that renamecopy
// copies: the unfinished one of logrotate's copytruncate, or those of its option copy.
// The cursor does not note them among the files that are not new: once the live file
// is truncated, such a copy is a segment.
func (p *plan) dropCopies(before past) (err error) {
	for _, o := range slices.Clone(p.segs) {
		if !o.live && o.shape != beingCopied {
			continue
		}
		for _, s := range p.segs {
			if s.copied, err = s.copiedFrom(o, before); err != nil {
				return err
			}
		}
		p.segs = slices.DeleteFunc(p.segs, func(s *segment) bool { return s.copied })
	}
	return nil
}

// copiedFrom reports whether s is a new file that has the bytes which o begins with. A
// copy is younger than its original.
func (s *segment) copiedFrom(o *segment, before past) (bool, error) {
	if s.live || s == o || s.codec != plain || before.knows(s) || before.saw(s) ||
		s.birth < o.birth || s.birth == o.birth && !before.knows(o) {
		return false, nil
	}
	if s.size == 0 || s.size > o.size {
		return s.size == 0, nil
	}
	end, err := s.end()
	if err != nil {
		return false, unlessDenied(err)
	}
	like, err := o.match(*end)
	return like >= same, unlessDenied(err)
}

// dropKnown leaves out copies, and files that an earlier poll saw and gave no mark. Of
// two files that are copies of each other, it leaves out the one whose time does not
// fit its name, or whose name has another shape than the known segments (or, if none is
// known, than a number); or else the younger one.
func (p *plan) dropKnown(before past) (err error) {
	kinds := map[string]int{numbered: 1}
	for _, s := range p.segs {
		if before.knows(s) && s.size > 0 {
			kinds[s.shape] = 2
		}
	}
	known := func(s *segment) bool { return s.live || before.knows(s) }
	strangers := slices.DeleteFunc(slices.Clone(p.segs), func(s *segment) bool { return known(s) || before.saw(s) })
	slices.SortStableFunc(strangers, func(a, b *segment) int {
		return cmp.Or(
			truth(b.until < b.time)-truth(a.until < a.time),
			cmp.Compare(kinds[a.shape], kinds[b.shape]),
			cmp.Compare(b.birth, a.birth),
		)
	})
	others := slices.Clone(p.segs)
	for _, s := range strangers {
		if s.old, err = s.isCopy(others); err != nil {
			return err
		}
		others = slices.DeleteFunc(others, func(o *segment) bool { return o.old })
	}
	for _, s := range p.segs {
		s.old = s.old || !known(s) && before.saw(s)
	}
	p.segs = slices.DeleteFunc(p.segs, func(s *segment) bool { return s.old })
	return nil
}

// isCopy reports whether s is a copy of another segment as that is now, or was when
// the copy was made: both begin alike, and have the same bytes before the end of s.
func (s *segment) isCopy(others []*segment) (bool, error) {
	head, err := s.begin()
	if err != nil || !telling(head) {
		return false, unlessDenied(err)
	}
	var end *mark
	for _, o := range others {
		if o == s || o.codec == unreadable {
			continue
		}
		if like, err := o.begin(); err != nil || !bytes.HasPrefix(like, head) {
			if unlessDenied(err) != nil {
				return false, err
			}
			continue
		}
		if end == nil {
			if end, err = s.end(); err != nil || end == nil {
				return false, err
			}
		}
		if l, err := o.match(*end); err != nil || l >= same {
			return err == nil, err
		}
	}
	return false, nil
}

// unlessDenied returns err, or nil if permission was denied.
func unlessDenied(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return nil // taken for no copy
	}
	return err
}

// end returns the mark at the end of a segment; nil if the end cannot be read.
func (s *segment) end() (*mark, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if s.codec == plain {
		m, err := s.markAt(s.size)
		return &m, err
	}
	s.rewind()
	r, err := newStream(s.file, s.codec)
	if err == nil {
		defer r.stop()
		err = r.skip(math.MaxInt64)
	}
	switch {
	case err == io.EOF:
		m := r.mark(s.id())
		return &m, nil
	case errors.Is(err, errDamaged):
		return nil, nil
	}
	return nil, err
}

// telling reports whether the head of a segment can tell it from others: not if most
// of its lines are the same.
func telling(head []byte) bool {
	first, rest, _ := bytes.Cut(head, []byte{'\n'})
	alike, others := 0, 0
	for len(rest) > 0 {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		if whole && !bytes.Equal(line, first) || !bytes.HasPrefix(first, line) {
			others++
		} else {
			alike++
		}
		rest = after
	}
	return others > alike
}
