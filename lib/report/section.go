// Package report makes of what was found in a fleet something that people read:
// tables, on a terminal, in a page for a browser, or as JSON.
//
// All of it goes through Cell, which leaves nothing but printable ASCII of a
// text: names of hosts and messages are written by others, and may hold escape
// sequences for the terminal.
package report

import (
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/sighting"
)

// A Report is what there is to read, in the order in which it should be.
type Report struct {
	Title    string
	Lead     []string // a few sentences about all of it
	Sections []Section
	Bars     []Bar // connections of the hosts
}

// A Section is a table with a heading.
type Section struct {
	ID      string
	Title   string
	Note    string // how to read it
	Alert   bool   // what is in it should not be there
	Columns []Column
	Rows    [][]Cell
	More    int    // rows that were left out
	Empty   string // what is said if there are none
}

// drop takes out a column.
func (s *Section) drop(i int) {
	s.Columns = slices.Delete(s.Columns, i, i+1)
	for n := range s.Rows {
		s.Rows[n] = slices.Delete(s.Rows[n], i, i+1)
	}
}

// A Column is the heading of cells of one kind.
type Column struct {
	Name   string
	Number bool
}

// A Cell is a text or a number.
type Cell struct {
	Text   string
	Number uint64
	Exact  string // a time as a record has it
}

// Text is a cell of any bytes.
func Text(s string) Cell { return Cell{Text: Clean(s)} }

// Number is a cell of a number, with its digits in groups of three.
func Number(n uint64) Cell { return Cell{Text: group(n), Number: n} }

// Time is a cell of a time.
func Time(s sighting.Stamp) Cell {
	if s == 0 {
		return Cell{Text: "-"}
	}
	return Cell{Text: s.Time().Format("2006-01-02 15:04"), Number: uint64(s), Exact: s.String()}
}

// Clean writes each byte that is not printable ASCII as \DDD, as names have it
// already.
func Clean(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if ' ' <= c && c <= '~' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'\\', '0' + c/100, '0' + c/10%10, '0' + c%10})
		}
	}
	return b.String()
}

func group(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// A top is the first rows of many, in the order of less.
type top[T any] struct {
	max  int
	less func(a, b T) int
	rows []T
	seen int
}

func newTop[T any](max int, less func(a, b T) int) *top[T] {
	return &top[T]{max: max, less: less}
}

// add takes a row, if it is one of the first so far. Of equal ones the earlier
// stays.
func (t *top[T]) add(row T) {
	t.seen++
	i := len(t.rows)
	for i > 0 && t.less(row, t.rows[i-1]) < 0 {
		i--
	}
	switch {
	case i == t.max:
		return
	case len(t.rows) < t.max:
		t.rows = append(t.rows, row)
	}
	copy(t.rows[i+1:], t.rows[i:])
	t.rows[i] = row
}

func (t *top[T]) more() int { return t.seen - len(t.rows) }
