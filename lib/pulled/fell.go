package pulled

import (
	"errors"
	"io/fs"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// fell reports whether counts fell between two states of a file, so that its
// server began anew: counts never fall, neither that of a row nor their sum,
// and a row goes only into a folded one that covers it.
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
	c, rows := counts{}, after.Rows()
	for rows.Next() {
		if rec := rows.Record(); fold.Folded(rec.Key) {
			c.covers.Set(rec.Key, true)
		}
	}
	if err := rows.Err(); err != nil {
		return false, err
	}
	err = union.Join(before, after, c.compare)
	return c.less || c.after < c.before, err
}

// open opens a state. Lines that are not rows are ignored.
func open(name string) (*union.File, error) {
	return union.Open(func(batch.Skipped) {}, name)
}

// counts compares two states, row by row.
type counts struct {
	covers        Cover[bool] // rows of the later state
	before, after uint64      // sums
	less          bool
}

func (c *counts) compare(old, new *aggregate.Record) error {
	if new != nil {
		c.after = aggregate.AddCount(c.after, new.Count)
	}
	if old == nil {
		return nil
	}
	c.before = aggregate.AddCount(c.before, old.Count)
	if new != nil {
		c.less = c.less || new.Count < old.Count
	} else if _, ok := c.covers.Of(old.Key); !ok {
		c.less = true
	}
	return nil
}
