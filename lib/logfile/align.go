package logfile

import "slices"

// align finds the segments of the marks, and notes each mark in its segment.
//
// The marks are of consecutive segments, and rotation only takes away the
// oldest and adds newer ones: so mark i belongs to segment i+k, for one k. The
// right k is the one by which most files are the same ones, renamed; then by
// which most contents are the same; then the least, by which nothing is
// missed. What does not fit (someone removed a segment from the middle) is
// then looked for one by one.
type aligner struct {
	marks []mark
	segs  []*segment
	at    []int // segment of each mark, -1 if none
	seen  map[[2]int]likeness
}

func newAligner(marks []mark, segs []*segment) *aligner {
	a := &aligner{marks: marks, segs: segs, at: make([]int, len(marks)), seen: map[[2]int]likeness{}}
	for i := range a.at {
		a.at[i] = -1
	}
	return a
}

// run reports whether a single mark was found.
func (a *aligner) run() (bool, error) {
	k, found, err := a.best(a.sameFiles)
	if err == nil && !found {
		k, found, err = a.best(func(int) bool { return true })
	}
	if err != nil || !found {
		return false, err
	}
	for i := range a.marks {
		if err := a.place(i, i+k); err != nil {
			return false, err
		}
	}
	return true, a.repair()
}

// like is match, remembered: to match a compressed segment takes reading it.
func (a *aligner) like(i, j int) (likeness, error) {
	if j < 0 || j >= len(a.segs) {
		return unlike, nil
	}
	if l, ok := a.seen[[2]int{i, j}]; ok {
		return l, nil
	}
	l, err := a.segs[j].match(a.marks[i])
	a.seen[[2]int{i, j}] = l
	return l, err
}

// sameFiles says whether some rotated file is still the same by k. Then only
// such k need be tried, which is every time but the first few.
func (a *aligner) sameFiles(k int) bool {
	for i, m := range a.marks {
		if j := i + k; 0 <= j && j < len(a.segs) && !a.segs[j].live && a.segs[j].id() == m.id {
			return true
		}
	}
	return false
}

func (a *aligner) best(worth func(k int) bool) (best int, found bool, err error) {
	top := 0
	for k := 1 - len(a.marks); k < len(a.segs); k++ {
		if !worth(k) {
			continue
		}
		score, err := a.score(k)
		if err != nil {
			return 0, false, err
		}
		if score > top {
			best, top = k, score
		}
	}
	return best, top > 0, nil
}

func (a *aligner) score(k int) (score int, err error) {
	for i := range a.marks {
		l, err := a.like(i, i+k)
		switch {
		case err != nil:
			return 0, err
		case l == renamed:
			score += maxMarks + 1
		case l == same:
			score++
		}
	}
	return score, nil
}

// place notes that mark i is of segment j, if that can be.
func (a *aligner) place(i, j int) error {
	l, err := a.like(i, j)
	if err != nil {
		return err
	}
	newest := i == len(a.marks)-1
	switch l {
	case unlike:
		return nil
	case shorter: // what the compressor missed we have read; of the newest we cannot say that
		if newest {
			return nil
		}
	case possible:
		if newest && a.replaced(i, j) {
			return nil
		}
	}
	a.at[i] = j
	a.segs[j].from = &a.marks[i]
	return nil
}

// replaced says whether the empty file that we saw as the live one is gone,
// with what was written to it since, and another stands in its place.
func (a *aligner) replaced(i, j int) bool {
	return a.segs[j].live && a.segs[j].id() != a.marks[i].id
}

// begins says whether nothing had been read at all, and what was then an
// empty file may be among the segments.
func (a *aligner) begins() bool {
	return a.marks[0].off == 0 && slices.ContainsFunc(a.segs, func(s *segment) bool {
		return s.codec != plain || s.id() == a.marks[0].id
	})
}

// repair looks for marks that have no segment yet between their neighbours.
func (a *aligner) repair() error {
	for i := range a.marks {
		low, high := a.gap(i)
		for j := low; j < high && a.at[i] < 0; j++ {
			l, err := a.like(i, j)
			if err != nil {
				return err
			}
			if l >= same {
				a.at[i] = j
				a.segs[j].from = &a.marks[i]
			}
		}
	}
	return nil
}

// gap is where the segment of mark i must be: after that of the mark before
// and before that of the mark after.
func (a *aligner) gap(i int) (low, high int) {
	high = len(a.segs)
	for n, j := range a.at {
		if n < i && j >= 0 {
			low = j + 1
		}
		if n > i && j >= 0 {
			return low, j
		}
	}
	return low, high
}
