package sighting

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// A run is rows in order: those in memory, or those in a file.
type run interface {
	next() (*Row, error) // io.EOF is the end
}

type memory struct{ rows []*Row }

func (m *memory) next() (*Row, error) {
	if len(m.rows) == 0 {
		return nil, io.EOF
	}
	row := m.rows[0]
	m.rows = m.rows[1:]
	return row, nil
}

// Each calls visit with every row, in the order of the keys. It is called once,
// last. The row is good until visit returns.
func (c *Collector) Each(visit func(*Row) error) error {
	m := merge{}
	for _, f := range c.runs {
		if err := m.advance(readRun(f)); err != nil {
			return err
		}
	}
	if err := m.advance(&memory{c.sorted()}); err != nil {
		return err
	}
	for len(m) > 0 {
		row, err := m.take()
		for err == nil && len(m) > 0 && m[len(m)-1].row.Key == row.Key {
			var same *Row
			same, err = m.take()
			for kind := range row.Seen {
				row.Seen[kind].add(same.Seen[kind])
			}
		}
		if err == nil {
			err = visit(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// merge is runs in the order of their current rows, the smallest key last.
type merge []head

type head struct {
	run
	row *Row
}

// take takes the row with the smallest key.
func (m *merge) take() (*Row, error) {
	h := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return h.row, m.advance(h.run)
}

// advance takes a run to its next row, and to its place among the others.
func (m *merge) advance(r run) error {
	row, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		i, _ := slices.BinarySearchFunc(*m, row.Key, func(h head, key string) int { return strings.Compare(key, h.row.Key) })
		*m = slices.Insert(*m, i, head{r, row})
	}
	return err
}
