package union

import (
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/merge"
	"egress-monitor/lib/unnamed"
)

// note adds the key of a row that looks folded to the narrow rows.
func (u *Union) note(line []byte) {
	if rec, err := aggregate.Parse(line); err == nil {
		u.narrow.Add(rec.Key)
	}
}

// writeFolded is Write for inputs with narrow rows. u.narrow already holds the
// narrow rows of the inputs; those of the old aggregate are added first. It
// returns the number of rows written.
//
// Memory: the keys of narrow rows, and the 16 MiB of a Sorter.
func (u *Union) writeFolded(w io.Writer, more old) (rows int, err error) {
	if err := u.findNarrow(more); err != nil {
		return 0, err
	}
	p, err := u.inputs(more)
	if err != nil {
		return 0, err
	}
	moved, err := u.move(p.sources, into(&u.narrow))
	if err != nil {
		return 0, err
	}
	u.warnAll(p.scanners)
	return u.writeMoved(w, moved)
}

// findNarrow adds the narrow rows of an aggregate to u.narrow.
func (u *Union) findNarrow(more old) error {
	if more == nil {
		return nil
	}
	s, err := more()
	if err != nil {
		return err
	}
	return merge.Write(io.Discard, []*merge.Source{s}, func(r *merge.Row) error {
		u.narrow.Add(r.Key())
		return nil
	}, nil)
}

// reduce folds a file that has too many rows.
func (u *Union) reduce(f *target) error {
	notes, err := unnamed.File(u.dir)
	if err != nil {
		return err
	}
	defer notes.Close() // has no name
	plan, err := fold.NewPlan(u.Rows, rowsOf(f.File), notes)
	if err != nil {
		return err
	}
	for range 2 { // the rows that remain of a flood may be too many again
		narrow, err := plan.Narrow(rowsOf(f.File))
		if err != nil {
			return err
		}
		if narrow.Empty() {
			break
		}
		left, err := u.replace(f, into(narrow))
		if err != nil || fold.Enough(u.Rows, left) {
			return err
		}
		if plan, err = plan.Again(rowsOf(f.File)); err != nil {
			return err
		}
	}
	if err := plan.Start(); err != nil {
		return err
	}
	_, err = u.replace(f, func([]byte) (string, error) { return plan.Into() })
	return err
}

// into returns the narrow row that takes a key.
func into(narrow *fold.Set) destination {
	return func(key []byte) (string, error) { return narrow.Top(key), nil }
}

// rowsOf returns the rows of a file that we have written.
func rowsOf(f *os.File) fold.Rows {
	return func(visit func(key []byte, count uint64, last []byte)) error { return merge.EachNumbers(f, visit) }
}

// A destination returns the key of the row that a row is added to, or "" if the row
// stays.
type destination func(key []byte) (string, error)

// replace adds rows of a file to other rows. It returns the number of rows left.
func (u *Union) replace(f *target, to destination) (rows int, err error) {
	moved, err := u.move([]*merge.Source{merge.NewRun(f.File)}, to)
	if err != nil {
		return 0, err
	}
	if err := f.rewind(); err != nil {
		moved.Close()
		return 0, err
	}
	return u.writeMoved(f, moved)
}

// move adds rows to other rows.
func (u *Union) move(sources []*merge.Source, to destination) (*merge.Sorter, error) {
	all, buf := u.newSorter(), []byte(nil)
	err := all.AddSorted(sources, func(r *merge.Row) error {
		key, err := to(r.Key())
		if err != nil || key == "" {
			return err
		}
		rec, err := r.Record()
		if err != nil {
			return err
		}
		buf = append(buf[:0], key...)
		rec.Key = buf
		r.Drop()
		return all.Add(rec)
	})
	if err != nil {
		all.Close()
		return nil, err
	}
	return all, nil
}

// writeMoved writes what move returned, and returns the number of rows.
func (u *Union) writeMoved(w io.Writer, moved *merge.Sorter) (rows int, err error) {
	defer moved.Close()
	sources, err := moved.Sources()
	if err != nil {
		return 0, err
	}
	err = merge.Write(w, sources, func(r *merge.Row) error {
		rows++
		return u.shorten(r)
	}, u.pass(&rows))
	return rows, err
}
