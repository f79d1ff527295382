package fold

import (
	"math"
	"slices"
	"time"
)

// A strength orders rows: a row of no crowd is stronger than one of a crowd, and
// one of a smaller crowd than one of a larger crowd; then one with a larger count,
// and of equal counts the one with the earlier time.
type strength struct {
	worth uint64
	last  uint64
}

func strengthOf(n note, crowd int) strength {
	const alone = 1 << 40 // the least worth of rows of no crowd
	if crowd > 0 {
		return strength{alone - uint64(min(crowd, alone/often-1))*often + n.count, n.last}
	}
	return strength{alone + min(n.count, math.MaxUint64-alone), n.last}
}

// digits returns the digits of a time as a number.
func digits(last []byte) (n uint64) {
	for _, c := range last {
		if c-'0' <= 9 {
			n = n*10 + uint64(c-'0')
		}
	}
	return n
}

// stronger reports whether s is stronger than other.
func (s strength) stronger(other strength) bool {
	return s.worth > other.worth || s.worth == other.worth && s.last < other.last
}

// pause is the shortest time between a flood and an earlier row that is not of
// it. Polls are a minute apart, and a flood has rows of each second.
const pause = time.Minute

// outlasts reports whether s is stronger than the next weaker row by its crowd,
// by a count, or by a pause.
func (s strength) outlasts(next strength) bool {
	return s.worth > next.worth || next.time().Sub(s.time()) >= pause
}

// time returns when the row was last counted.
func (s strength) time() time.Time {
	n := int(s.last)
	return time.Date(n/1e10, time.Month(n/1e8%100), n/1e6%100, n/1e4%100, n/100%100, n%100, 0, time.UTC)
}

// weakest finds the strength of the weakest row of a group that stays.
type weakest struct {
	most  int        // how many stay
	spare int        // how many more may stay, if a pause is between them and those that go
	list  []strength // some of them, and not much more than twice as many
	full  bool       // the first ones of list are the strongest so far, in order

	edge strength // the weakest that stays
	ties int      // how many rows of the strength edge stay: the first ones
	tied int      // how many of them were seen
}

// held returns how many of the strongest rows are kept in list.
func (w *weakest) held() int {
	if w.spare > 0 {
		return w.most + w.spare + 1
	}
	return w.most
}

func (w *weakest) add(s strength) {
	held := w.held()
	if held == 0 || w.full && !s.stronger(w.list[held-1]) {
		return
	}
	if w.list = append(w.list, s); len(w.list) >= 2*held+64 {
		w.cut()
	}
}

// cut shortens list to the strongest rows, in order.
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
	if held := w.held(); len(w.list) >= held {
		w.list, w.full = w.list[:held], true
	}
}

// end finds the edge, when all have been added.
func (w *weakest) end() {
	w.cut()
	w.most = w.stay()
	if w.list = w.list[:min(w.most, len(w.list))]; len(w.list) > 0 {
		w.edge = w.list[len(w.list)-1]
	}
	for _, s := range w.list {
		if s == w.edge {
			w.ties++
		}
	}
	w.list = nil
}

// stay returns how many rows stay: most, and of the spare ones those that outlast
// the weaker ones.
func (w *weakest) stay() int {
	for n := min(w.most+w.spare, len(w.list)-1); n > w.most; n-- {
		if w.list[n-1].outlasts(w.list[n]) {
			return n
		}
	}
	return w.most
}

// stays reports whether the next row of a group stays.
func (w *weakest) stays(s strength) bool {
	if s == w.edge {
		w.tied++
		return w.tied <= w.ties
	}
	return s.stronger(w.edge)
}
