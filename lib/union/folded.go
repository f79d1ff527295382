package union

import (
	"bufio"
	"bytes"
	"errors"
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
	parts, err := u.divide(p.sources, topOf(&u.narrow))
	if err != nil {
		return 0, err
	}
	u.warnAll(p.scanners)
	return u.join(w, parts)
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
	return merge.Each([]*merge.Source{s}, func(r aggregate.Record) error {
		u.narrow.Add(r.Key)
		return nil
	})
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
		left, err := u.replace(f, topOf(narrow))
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
	_, err = u.replace(f, func(*aggregate.Record) (string, error) { return plan.Into() })
	return err
}

// topOf returns the narrow row that takes a row.
func topOf(narrow *fold.Set) func(*aggregate.Record) (string, error) {
	return func(r *aggregate.Record) (string, error) { return narrow.Top(r.Key), nil }
}

// rowsOf returns the rows of a file that we have written.
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

// replace adds rows of a file to other rows: into returns the key of the row that
// a row is added to, or "" if the row stays. It returns the number of rows left.
func (u *Union) replace(f *target, into func(*aggregate.Record) (string, error)) (rows int, err error) {
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

// parts holds the rows that stay, and the sums of those that are added to others.
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

// divide separates the rows that stay from those that are added to others (see
// replace).
func (u *Union) divide(sources []*merge.Source, into func(*aggregate.Record) (string, error)) (*parts, error) {
	rest, err := unnamed.File(u.dir)
	if err != nil {
		return nil, err
	}
	to := &parts{rest: rest, sums: u.newSorter()}
	out, line, sum := bufio.NewWriterSize(rest, 64<<10), []byte(nil), &summing{to: to.sums}
	err = merge.Each(sources, func(r aggregate.Record) error {
		key, err := into(&r)
		if err != nil {
			return err
		}
		if key != "" {
			return sum.add(key, r)
		}
		line = r.Append(line[:0])
		_, err = out.Write(line)
		return err
	})
	if err = errors.Join(err, sum.end(), out.Flush()); err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

// summing sums consecutive records that are added to the same row, and have no
// addresses, as most records of a flood. That is 15 % of the time of 3 million
// names.
type summing struct {
	to   *merge.Sorter
	sum  aggregate.Record // its key is empty if there is none
	key  string
	last []byte // memory for that of sum
}

func (s *summing) add(key string, r aggregate.Record) error {
	if key == s.key && len(r.IPs) == len(s.sum.IPs) {
		s.sum.Count = aggregate.AddCount(s.sum.Count, r.Count)
		if bytes.Compare(r.Last, s.last) > 0 {
			copy(s.last, r.Last)
		}
		return nil
	}
	if err := s.end(); err != nil {
		return err
	}
	r.Key = []byte(key)
	if len(r.IPs) > len("-") {
		return s.to.Add(r)
	}
	s.key, s.last = key, append(s.last[:0], r.Last...)
	s.sum = aggregate.Record{Key: r.Key, Count: r.Count, Last: s.last, IPs: none(r.IPs)}
	return nil
}

// none returns a list without addresses, "-" or nil, that stays valid.
func none(list []byte) []byte {
	if list == nil {
		return nil
	}
	return []byte("-")
}

// end passes the sum on.
func (s *summing) end() error {
	if s.key == "" {
		return nil
	}
	s.key = ""
	return s.to.Add(s.sum)
}

// join merges the parts into w, and returns the number of rows.
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
