// Package report prints the findings about a fleet, with tables that explain them: on a
// terminal, in a page for a browser, as JSON, and as metrics.
//
// All of it goes through Cell, which leaves nothing but printable ASCII of a
// text: names of hosts and messages are written by others, and may hold escape
// sequences for the terminal.
package report

import (
	"encoding/hex"
	"strings"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/sighting"
)

// A Report is a list of sections, in the order in which to read them.
type Report struct {
	Title      string
	Lead       []string // a few sentences about all of it
	Now, Since time.Time
	Totals     Totals
	Findings   []finding.Finding
	Sections   []Section
	Hosts      []HostPage
	Charts     []Chart
	Rules      []string // rules that are not applied, or match nothing

	ids map[string]int // of hosts
}

// Totals are numbers of the whole fleet.
type Totals struct {
	Hosts, Troubled, FirstPulls      int
	Names, Addresses                 int // different ones
	NameRows, AddressRows, Allowed   int
	Questions, Connections           uint64
	NewNames, NewAddresses, NewNamed int // rows, on all hosts
	Direct, Own                      int // rows
	Newest                           sighting.Stamp
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
	Empty   string // the text if there are no rows
}

// A Column is the heading of cells of one kind.
type Column struct {
	Name   string
	Key    string // in JSON; the name with an underscore for a blank, if it is empty
	Number bool
	ID     bool // the subject of the row: it is never cut
}

func (c Column) key() string {
	if c.Key != "" {
		return c.Key
	}
	return strings.ReplaceAll(c.Name, " ", "_")
}

// A Cell is a text, a number, a time, or a list.
type Cell struct {
	Text   string
	Number uint64
	Exact  string   // a time as a record has it
	List   []string // of which Text has the first few
	order  string   // the sort key, if not the text
	Host   bool     // the text is, or the list are, names of hosts
}

// Text returns a cell of any bytes.
func Text(s string) Cell { return Cell{Text: Clean(s)} }

// Key returns a cell of a name or an address. Addresses are in the order of
// their numbers.
func Key(s string) Cell {
	c := Text(s)
	if p, ok := fold.Address([]byte(s)); ok {
		b := p.Addr().As16()
		c.order = hex.EncodeToString(b[:])
	}
	return c
}

// Host returns a cell of the name of a host.
func Host(s string) Cell { return Cell{Text: Clean(s), List: []string{s}, Host: true} }

// Hosts returns a cell of names of hosts.
func Hosts(names []string) Cell {
	c := Cell{List: names, Host: true}
	c.Text = Clean(strings.Join(names[:min(len(names), someHosts)], " "))
	if n := len(names) - someHosts; n > 0 {
		c.Text += " +" + finding.Number(uint64(n))
	}
	return c
}

// someHosts is how many hosts are named where there is little room.
const someHosts = 3

// Number returns a cell of a number, with its digits in groups of three.
func Number(n uint64) Cell { return Cell{Text: finding.Number(n), Number: n} }

// Time returns a cell of a time.
func Time(s sighting.Stamp) Cell {
	if s == 0 {
		return Cell{Text: "-"}
	}
	return Cell{Text: s.Time().Format("2006-01-02 15:04"), Number: uint64(s), Exact: s.String()}
}

// Date returns a cell of a time, of which the day is shown.
func Date(s sighting.Stamp) Cell {
	c := Time(s)
	c.Text = c.Text[:min(len(c.Text), 10)]
	return c
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
