package fold

import "slices"

// A strength is what a row is worth: rows that were counted more often are
// stronger, and of equal ones those that have been there longer.
type strength struct {
	count uint64
	last  uint64
}

func strengthOf(count uint64, last []byte) strength {
	s := strength{count: count}
	for _, c := range last {
		if c-'0' <= 9 {
			s.last = s.last*10 + uint64(c-'0')
		}
	}
	return s
}

// stronger says which one stays.
func (s strength) stronger(than strength) bool {
	return s.count > than.count || s.count == than.count && s.last < than.last
}

// weakest finds how weak a row of a group may be that stays.
type weakest struct {
	most int        // how many stay
	list []strength // some of them, and not much more than twice as many
	full bool       // the first of the list are the strongest so far, in order

	edge strength // the weakest that stays
	ties int      // how many that are just as weak stay, the first ones
	tied int      // how many of them have come
}

func (w *weakest) keep(most int) { w.most = most }

func (w *weakest) add(s strength) {
	if w.most == 0 || w.full && !s.stronger(w.list[w.most-1]) {
		return
	}
	if w.list = append(w.list, s); len(w.list) >= 2*w.most+64 {
		w.cut()
	}
}

// cut leaves those that stay.
func (w *weakest) cut() {
	slices.SortFunc(w.list, func(x, y strength) int {
		switch {
		case x.stronger(y):
			return -1
		case y.stronger(x):
			return 1
		}
		return 0
	})
	if len(w.list) >= w.most {
		w.list, w.full = w.list[:w.most], true
	}
}

func (w *weakest) end() {
	if w.most == 0 || len(w.list) == 0 {
		return
	}
	w.cut()
	w.edge = w.list[len(w.list)-1]
	for _, s := range w.list {
		if s == w.edge {
			w.ties++
		}
	}
	w.list = nil
}

// stays says whether the next row of a group stays.
func (w *weakest) stays(s strength) bool {
	if s == w.edge {
		w.tied++
		return w.tied <= w.ties
	}
	return s.stronger(w.edge)
}
