package union

import (
	"bufio"
	"egress-monitor/lib/merge"
	"egress-monitor/lib/unnamed"
	"errors"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
)

// note takes a row of a file that looks folded.
func (u *Union) note(line []byte) {
	if rec, err := aggregate.Parse(line); err == nil {
		u.narrow.Add(rec.Key)
	}
}

// writeFolded is Write for inputs with narrow rows, which u.narrow holds but for
// those of an aggregate: they are added first. It returns how many rows there
// are.
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
	parts, err := u.divide(p.sources, func(r *aggregate.Record) string { return u.narrow.Top(r.Key) })
	if err != nil {
		return 0, err
	}
	u.warnAll(p.scanners)
	return u.join(w, parts)
}

// findNarrow notes what is folded in an aggregate.
func (u *Union) findNarrow(more old) error {
	if more == nil {
		return nil
	}
	s, err := more()
	if err != nil {
		return err
	}
	return merge.Each([]*merge.Source{s}, func(r aggregate.Record) error {
		u.narrow.Add(r.Key)
		return nil
	})
}

// reduce folds a file that has too many rows.
func (u *Union) reduce(f *target) error {
	plan, err := fold.NewPlan(u.Rows, rowsOf(f.File))
	if err != nil {
		return err
	}
	for range 2 { // what stays of a flood the first time may be one as well
		narrow, err := plan.Narrow(rowsOf(f.File))
		if err != nil {
			return err
		}
		if narrow.Empty() {
			break
		}
		left, err := u.replace(f, func(r *aggregate.Record) string { return narrow.Top(r.Key) })
		if err != nil || fold.Enough(u.Rows, left) {
			return err
		}
		if plan, err = plan.Again(rowsOf(f.File)); err != nil {
			return err
		}
	}
	plan.Start()
	_, err = u.replace(f, func(r *aggregate.Record) string { return plan.Into(r.Key, r.Count, r.Last) })
	return err
}

// rowsOf goes through a file of our own.
func rowsOf(f *os.File) fold.Rows {
	return func(visit func(key []byte, count uint64, last []byte)) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return merge.EachNumbers(scan(f), visit)
	}
}

func sourceOf(f *os.File) (*merge.Source, error) {
	_, err := f.Seek(0, io.SeekStart)
	return merge.NewSealed(scan(f)), err
}

// replace puts rows of a file into others, which into tells the keys of, and
// returns how many rows are left.
func (u *Union) replace(f *target, into func(*aggregate.Record) string) (rows int, err error) {
	s, err := sourceOf(f.File)
	if err != nil {
		return 0, err
	}
	parts, err := u.divide([]*merge.Source{s}, into)
	if err != nil {
		return 0, err
	}
	if err := f.rewind(); err != nil {
		parts.Close()
		return 0, err
	}
	return u.join(f, parts)
}

// parts are rows that stay, and the sums of those that go into others.
type parts struct {
	rest *os.File
	sums *merge.Sorter
}

func (p *parts) Close() {
	p.rest.Close() // has no name
	p.sums.Close()
}

func (p *parts) sources() ([]*merge.Source, error) {
	s, err := p.sums.Sources()
	if err != nil {
		return nil, err
	}
	rest, err := sourceOf(p.rest)
	return append(s, rest), err
}

// divide takes rows apart: into tells the key of the row that a row goes into,
// or nothing.
func (u *Union) divide(sources []*merge.Source, into func(*aggregate.Record) string) (*parts, error) {
	rest, err := unnamed.File(u.dir)
	if err != nil {
		return nil, err
	}
	to := &parts{rest: rest, sums: u.newSorter()}
	out, line := bufio.NewWriterSize(rest, 64<<10), []byte(nil)
	err = merge.Each(sources, func(r aggregate.Record) error {
		if key := into(&r); key != "" {
			r.Key = []byte(key)
			return to.sums.Add(r)
		}
		line = r.Append(line[:0])
		_, err := out.Write(line)
		return err
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

// join writes parts together, and returns how many rows there are.
func (u *Union) join(w io.Writer, parts *parts) (rows int, err error) {
	defer parts.Close()
	sources, err := parts.sources()
	if err != nil {
		return 0, err
	}
	err = merge.Write(w, sources, func(r *merge.Row) error {
		rows++
		return u.shorten(r)
	}, u.pass(&rows))
	return rows, err
}
