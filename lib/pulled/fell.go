package pulled

import (
	"errors"
	"io/fs"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/rows"
)

// fell says whether counts fell between two states of a file, so that its
// server began anew: counts never fall, and a row goes only into a folded one
// that covers it (package fold) and grows by what it takes in.
func fell(old, new string) (bool, error) {
	before, err := open(old)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer before.Close()
	after, err := open(new)
	if err != nil {
		return false, err
	}
	defer after.Close()
	c, err := newCounts(after)
	if err != nil {
		return false, err
	}
	err = rows.Join(before, after, c.compare)
	return c.less || c.owed(), err
}

// open opens a state. What is no row of it counts for nothing.
func open(name string) (*rows.File, error) {
	return rows.Open(func(batch.Skipped) {}, name)
}

// counts compares two states, row by row.
type counts struct {
	folded fold.Set          // of the later state
	grew   map[string]uint64 // by key: how much a folded row has more than before
	took   map[string]uint64 // by key: what the rows had that it now covers
	less   bool
}

// newCounts looks through the later state for what is folded in it.
func newCounts(after *rows.File) (*counts, error) {
	c := &counts{grew: map[string]uint64{}, took: map[string]uint64{}}
	r := after.Rows()
	for r.Next() {
		if rec := r.Record(); fold.Folded(rec.Key) {
			c.folded.Add(rec.Key)
			c.grew[string(rec.Key)] = rec.Count
		}
	}
	return c, r.Err()
}

func (c *counts) compare(old, new *aggregate.Record) error {
	switch {
	case old == nil:
	case new != nil:
		c.less = c.less || new.Count < old.Count
		if _, ok := c.grew[string(new.Key)]; ok {
			c.grew[string(new.Key)] = new.Count - min(old.Count, new.Count)
		}
	default:
		top := c.folded.Top(old.Key)
		c.less = c.less || top == ""
		c.took[top] = aggregate.AddCount(c.took[top], old.Count)
	}
	return nil
}

// owed says whether a folded row has less than the rows that went into it.
func (c *counts) owed() bool {
	for top, n := range c.took {
		if c.grew[top] < n {
			return true
		}
	}
	return false
}
