package sighting

import (
	"container/heap"
	"errors"
	"io"
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
		if err := m.advance(head{readRun(f), nil}); err != nil {
			return err
		}
	}
	if err := m.advance(head{&memory{c.sorted()}, nil}); err != nil {
		return err
	}
	for len(m) > 0 {
		row, err := m.smallest()
		if err != nil {
			return err
		}
		if err := visit(row); err != nil {
			return err
		}
	}
	return nil
}

// merge is a heap of runs, ordered by their current rows.
type merge []head

type head struct {
	run
	row *Row
}

// smallest takes all rows of the smallest key, as one.
func (m *merge) smallest() (*Row, error) {
	top := heap.Pop(m).(head)
	row := *top.row
	err := m.advance(top)
	for err == nil && len(*m) > 0 && (*m)[0].row.Key == row.Key {
		same := heap.Pop(m).(head)
		for kind := range row.Seen {
			row.Seen[kind].add(same.row.Seen[kind])
		}
		err = m.advance(same)
	}
	return &row, err
}

// advance takes a run to its next row, and into the heap.
func (m *merge) advance(h head) error {
	row, err := h.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		heap.Push(m, head{h.run, row})
	}
	return err
}

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return m[i].row.Key < m[j].row.Key }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(head)) }
func (m *merge) Pop() (x any) {
	last := len(*m) - 1
	x, *m = (*m)[last], (*m)[:last]
	return x
}
