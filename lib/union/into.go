package union

import (
	"bytes"
	"egress-monitor/lib/merge"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// maxRejected is how much of an aggregate may be no records before it is taken
// for a file of another kind, and left alone.
const maxRejected = 16 << 20

var errNotOurs = errors.New("too much of it is not records: is this an aggregate?")

// Into writes the union of all inputs and of the aggregate old, and returns the
// checksum of what it has written, and the rows of the aggregate that are not
// records: they are in neither.
//
// seal is the checksum of an aggregate that nobody has changed since we wrote
// it, as far as can be told without reading it. Then most of its rows go on
// unread, and only if the checksum of what went on is another one they are read
// again, one by one. Five hundred new lines for a million rows take 2.7 times
// what copying the rows takes, and 9 times if each row is checked.
func (u *Union) Into(old, staged *os.File, seal *uint32) (sum uint32, rejected []byte, err error) {
	to := &target{File: staged}
	if seal != nil {
		rows, err := u.into(old, to, true)
		switch {
		case err == nil && rows.from.sum == *seal:
			return to.sum, nil, nil
		case err != nil && !errors.Is(err, merge.ErrChanged) && !errors.Is(err, merge.ErrOrder):
			return 0, nil, err
		}
		u.Damaged(old.Name())
		if err := to.rewind(); err != nil {
			return 0, nil, err
		}
	}
	rows, err := u.into(old, to, false)
	if errors.Is(err, merge.ErrOrder) {
		rows, err = u.rewrite(old, to)
	}
	switch {
	case err != nil:
		return 0, nil, err
	case rows.rejected.Len() > maxRejected:
		return 0, nil, fmt.Errorf("%s: %w", old.Name(), errNotOurs)
	}
	u.warn(rows.lines)
	return to.sum, rows.rejected.Bytes(), nil
}

// into writes the union, and returns what it has read of the aggregate last.
func (u *Union) into(old *os.File, to *target, sealed bool) (rows *oldRows, err error) {
	inputs := u.narrow
	u.narrow = inputs.Clone() // what a damaged aggregate adds is not good the next time
	defer func() { u.narrow = inputs }()
	err = u.writeFile(to, func() (*merge.Source, error) {
		_, err := old.Seek(0, io.SeekStart)
		rows = openOld(old)
		if sealed {
			return merge.NewSealed(rows.lines), err
		}
		return merge.NewSource(rows.lines, rows.skip), err
	})
	return rows, err
}

// rewrite is Into for an aggregate that is not sorted, as one that was edited
// by hand: it is sorted with the rest.
func (u *Union) rewrite(old *os.File, to *target) (*oldRows, error) {
	_, err := old.Seek(0, io.SeekStart)
	if err := errors.Join(err, to.rewind()); err != nil {
		return nil, err
	}
	rows := openOld(old)
	if err := u.addRecords(rows.lines); err != nil {
		return nil, err
	}
	return rows, u.writeFile(to, nil)
}

// oldRows reads the old aggregate, and keeps the lines that are not records.
type oldRows struct {
	from     *summed
	lines    *batch.Scanner
	rejected bytes.Buffer
}

func openOld(old *os.File) *oldRows {
	r := &oldRows{from: &summed{in: old}}
	r.lines = batch.NewScanner(r.from, old.Name())
	r.lines.Plain, r.lines.Max, r.lines.Rejected = true, aggregate.MaxRow, r.reject
	return r
}

func (r *oldRows) skip(_ []byte, why error) error {
	r.lines.Skip(why)
	return nil
}

func (r *oldRows) reject(line []byte, _ error) {
	if r.rejected.Len() <= maxRejected {
		r.rejected.Write(line)
		r.rejected.WriteByte('\n')
	}
}

// Processors have an instruction for this checksum: it takes a tenth of what
// copying takes. It notices every change of up to four bytes in a row.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summed is a file that is read, and the checksum of what was read of it.
type summed struct {
	in  io.Reader
	sum uint32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	return n, err
}

// target is a file that is written, and the checksum of what is in it.
type target struct {
	*os.File
	sum uint32
}

func (t *target) Write(p []byte) (int, error) {
	n, err := t.File.Write(p)
	t.sum = crc32.Update(t.sum, castagnoli, p[:n])
	return n, err
}

// rewind empties the file.
func (t *target) rewind() error {
	t.sum = 0
	_, err := t.Seek(0, io.SeekStart)
	return errors.Join(err, t.Truncate(0))
}
