package logfile

import "slices"

// An aligner finds the segment of each mark, and notes the mark in the segment.
//
// The marks are of consecutive segments, and rotation only takes away the oldest
// segments and adds newer ones. So a file that is still the same, under whatever
// name, also shows which files its neighbours are, even if all contents are equal.
// If no file is the same, the marks go where most contents are the same. Marks that
// then fit nowhere (a segment in the middle was removed) are placed one by one.
type aligner struct {
	marks []mark
	segs  []*segment
	at    []int // index in segs of each mark's segment, -1 if it has none
	seen  map[[2]int]likeness
}

func newAligner(marks []mark, segs []*segment) *aligner {
	a := &aligner{marks: marks, segs: segs, at: make([]int, len(marks)), seen: map[[2]int]likeness{}}
	for i := range a.at {
		a.at[i] = -1
	}
	return a
}

// run places the marks. It reports whether it found a segment for at least one.
func (a *aligner) run() (found bool, err error) {
	if found, err = a.placeFiles(); err == nil && !found {
		found, err = a.placeContents()
	}
	if err != nil || !found {
		return false, err
	}
	for _, place := range []func(i int) error{a.placeSame, a.placePossible} {
		for i := range a.marks {
			if a.at[i] >= 0 {
				continue
			}
			if err := place(i); err != nil {
				return false, err
			}
		}
	}
	a.note()
	return true, nil
}

// note notes the marks in their segments.
func (a *aligner) note() {
	for _, s := range a.segs {
		s.from, s.newest = nil, false
	}
	for i, j := range a.at {
		if j >= 0 {
			a.segs[j].from = &a.marks[i]
			a.segs[j].newest = i == len(a.at)-1
		}
	}
}

// placed reports whether the newest mark has a segment.
func (a *aligner) placed() bool { return a.at[len(a.at)-1] >= 0 }

// like returns how well segment j fits mark i. It keeps the results: to match a
// compressed segment means to read it.
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

// placeFiles places the marks whose files are still the same: in most polls all
// marks but that of the live file.
func (a *aligner) placeFiles() (found bool, err error) {
	next := 0
	for i, m := range a.marks {
		for j := next; j < len(a.segs); j++ {
			if a.segs[j].id() != m.id {
				continue
			}
			l, err := a.like(i, j)
			if err != nil {
				return false, err
			}
			if l == same { // the live file: not truncated, if its head can tell
				head, err := a.segs[j].begin()
				if err != nil {
					return false, err
				}
				if telling(head) {
					l = renamed
				}
			}
			if l == renamed {
				a.at[i], next, found = j, j+1, true
				break
			}
		}
	}
	return found, nil
}

// placeContents places mark i at segment i+k, for the k with the most equal contents;
// of several such k the smallest, which misses no lines.
func (a *aligner) placeContents() (found bool, err error) {
	top := 0
	for k := 1 - len(a.marks); k < len(a.segs); k++ {
		var fits []int
		for i := range a.marks {
			l, err := a.like(i, i+k)
			if err != nil {
				return false, err
			}
			if l >= same {
				fits = append(fits, i)
			}
		}
		if len(fits) <= top {
			continue
		}
		top = len(fits)
		for i := range a.at {
			a.at[i] = -1
			if slices.Contains(fits, i) {
				a.at[i] = i + k
			}
		}
	}
	return top > 0, nil
}

// placeSame places a mark at a segment of the same content, next to its neighbours
// if possible.
func (a *aligner) placeSame(i int) error {
	low, high := a.room(i)
	places := []int{low, high - 1}
	for j := low; j < high; j++ {
		places = append(places, j)
	}
	for _, j := range places {
		if j < low || j >= high {
			continue
		}
		l, err := a.like(i, j)
		if err != nil {
			return err
		}
		if l >= same {
			a.at[i] = j
			return nil
		}
	}
	return nil
}

// placePossible places a mark next to a neighbour if the segment there may be the
// right one: it was empty, or cannot be read.
func (a *aligner) placePossible(i int) error {
	low, high := a.room(i)
	newest := i == len(a.marks)-1
	j := low
	if i == 0 || a.at[i-1] < 0 {
		j = high - 1
		if newest || a.at[i+1] < 0 {
			return nil // no neighbour
		}
	}
	if j < low || j >= high {
		return nil
	}
	l, err := a.like(i, j)
	switch {
	case l == shorter && !newest: // compressed before the writer's last lines came, which were read
		a.at[i] = j
	case l == possible && !(newest && a.replaced(i, j)):
		a.at[i] = j
	}
	return err
}

// room returns the bounds [low, high) for the segment of mark i: after that of the
// mark before it, and before that of the mark after it.
func (a *aligner) room(i int) (low, high int) {
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

// replaced reports whether the live file, which was empty at the mark, is gone, with
// the lines that it got since, and another file is in its place.
func (a *aligner) replaced(i, j int) bool {
	return a.segs[j].live && a.segs[j].id() != a.marks[i].id
}

// begins reports whether nothing at all had been read before, and the file that was
// empty then may be among the segments.
func (a *aligner) begins() bool {
	read := func(m mark) bool { return m.off > 0 }
	return !slices.ContainsFunc(a.marks, read) && slices.ContainsFunc(a.segs, func(s *segment) bool {
		return s.codec != plain || past{marks: a.marks}.knows(s)
	})
}
