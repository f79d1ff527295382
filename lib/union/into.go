package union

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// maxRejected is how much of an aggregate may be no records before it is taken
// for a file of another kind, and left alone.
const maxRejected = 16 << 20

var errNotOurs = errors.New("too much of it is not records: is this an aggregate?")

// Into writes the union of all inputs and of the aggregate old. It returns the
// rows of the aggregate that are not records: they are in neither. ours says
// that nobody but us has written it.
func (u *Union) Into(old, staged *os.File, ours bool) (rejected []byte, err error) {
	var rows *rows
	err = u.writeFile(staged, func() (*aggregate.Source, error) {
		_, err := old.Seek(0, io.SeekStart)
		rows = newRows(old)
		return aggregate.NewAggregate(rows.lines, ours, rows.skip), err
	})
	if errors.Is(err, aggregate.ErrOrder) {
		rows, err = u.rewrite(old, staged)
	}
	switch {
	case err != nil:
		return nil, err
	case rows.rejected.Len() > maxRejected:
		return nil, fmt.Errorf("%s: %w", old.Name(), errNotOurs)
	}
	u.warn(rows.lines)
	return rows.rejected.Bytes(), nil
}

// rewrite is Into for an aggregate that is not sorted, as one that was edited
// by hand: it is sorted with the rest.
func (u *Union) rewrite(old, staged *os.File) (*rows, error) {
	_, err := old.Seek(0, io.SeekStart)
	if err := errors.Join(err, rewind(staged)); err != nil {
		return nil, err
	}
	rows := newRows(old)
	if err := u.addRecords(rows.lines); err != nil {
		return nil, err
	}
	return rows, u.writeFile(staged, nil)
}

// rows is an aggregate as it is read, and what of it is no records.
type rows struct {
	lines    *batch.Scanner
	rejected bytes.Buffer
}

func newRows(old *os.File) *rows {
	r := &rows{lines: batch.NewScanner(again{old}, old.Name())}
	r.lines.Plain, r.lines.Max, r.lines.Rejected = true, aggregate.MaxRow, r.reject
	return r
}

func (r *rows) skip(_ []byte, why error) error {
	r.lines.Skip(why)
	return nil
}

func (r *rows) reject(line []byte, _ error) {
	if r.rejected.Len() <= maxRejected {
		r.rejected.Write(line)
		r.rejected.WriteByte('\n')
	}
}
