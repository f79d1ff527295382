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
	seen  map[pair]likeness
}

// A pair is a mark and a segment.
type pair struct {
	i int
	*segment
}

func newAligner(marks []mark, segs []*segment) *aligner {
	return &aligner{marks: marks, segs: segs, at: slices.Repeat([]int{-1}, len(marks)), seen: map[pair]likeness{}}
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
// compressed segment means to read it. Only the newest mark can be of the live file.
func (a *aligner) like(i, j int) (likeness, error) {
	if j < 0 || j >= len(a.segs) || a.segs[j].live && i < len(a.marks)-1 {
		return unlike, nil
	}
	if l, ok := a.seen[pair{i, a.segs[j]}]; ok {
		return l, nil
	}
	l, err := a.segs[j].match(a.marks[i])
	a.seen[pair{i, a.segs[j]}] = l
	return l, err
}

// placeFiles places the marks whose files are still the same: in most polls all
// marks but that of the live file.
func (a *aligner) placeFiles() (found bool, err error) {
	for i := range a.marks {
		for j := range a.segs {
			if ok, err := a.still(i, j); err != nil {
				return false, err
			} else if ok && !slices.Contains(a.at, j) {
				a.at[i], found = j, true
				break
			}
		}
	}
	a.straighten()
	return found, nil
}

// still reports whether segment j is the file of mark i.
func (a *aligner) still(i, j int) (bool, error) {
	if a.segs[j].id() != a.marks[i].ID {
		return false, nil
	}
	l, err := a.like(i, j)
	if err != nil || l != same {
		return l == renamed, err
	}
	return a.tells(j) // the live file: not truncated, if its head can tell
}

// straighten brings the segments that have a mark into the order of the marks.
func (a *aligner) straighten() {
	slots := slices.DeleteFunc(slices.Clone(a.at), func(j int) bool { return j < 0 })
	if slices.IsSorted(slots) {
		return
	}
	slices.Sort(slots)
	segs := slices.Clone(a.segs)
	for i, j := range a.at {
		if j >= 0 {
			a.at[i], slots = slots[0], slots[1:]
			a.segs[a.at[i]] = segs[j]
		}
	}
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
// if possible; or elsewhere, if its head can tell.
func (a *aligner) placeSame(i int) error {
	low, high := a.room(i)
	places := []int{low, high - 1}
	for j := low; j < high; j++ {
		places = append(places, j)
	}
	for j := range a.segs {
		places = append(places, j)
	}
	for _, j := range places {
		if j < 0 || j >= len(a.segs) || slices.Contains(a.at, j) {
			continue
		}
		l, err := a.like(i, j)
		if err != nil {
			return err
		}
		if l < same {
			continue
		}
		if ok, err := a.tells(j); err != nil {
			return err
		} else if ok || low <= j && j < high {
			a.at[i] = j
			a.straighten()
			return nil
		}
	}
	return nil
}

// tells reports whether the head of segment j can tell it from others.
func (a *aligner) tells(j int) (bool, error) {
	head, err := a.segs[j].begin()
	return telling(head), err
}

// placePossible places a mark next to a neighbour if the segment there may be the
// right one: the segment of the mark was empty, or this one cannot be read, or was
// compressed before the writer's last lines came. The live file may have been truncated
// since it was empty.
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
	if j < low || j >= high || a.segs[j].old {
		return nil
	}
	l, err := a.like(i, j)
	if l == possible && !a.segs[j].live || l == shorter && !newest {
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

// count returns how many marks of segments that were read have a segment.
func (a *aligner) count() (n int) {
	for i, j := range a.at {
		if j >= 0 && a.marks[i].Off > 0 {
			n++
		}
	}
	return n
}

// last returns the index of the newest segment that has a mark, or -1.
func (a *aligner) last() int { return slices.Max(a.at) }
