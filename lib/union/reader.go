package union

import (
	"bytes"
	"errors"
	"fmt"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// A Reader goes through rows.
type Reader struct {
	in   *batch.Scanner
	file *File
	rec  aggregate.Record

	before []byte // the key before
}

// Next goes to the next row; false is the end, or an error. A line that is not
// a record is counted as such, and left out.
func (r *Reader) Next() bool {
	for r.in.Scan() {
		rec, err := aggregate.Parse(r.in.Bytes())
		if err == nil {
			r.rec = rec
			return true
		}
		r.in.Skip(err)
	}
	r.end()
	return false
}

// end says, after the first reading, what could not be used.
func (r *Reader) end() {
	if s := r.in.Skipped(); s.Lines > 0 && r.file.check {
		r.file.warn(s)
	}
	r.file.check = false
}

// Record returns the row. It is good until the next Next.
func (r *Reader) Record() aggregate.Record { return r.rec }

// Skip counts the row as one that could not be used, and why.
func (r *Reader) Skip(why error) { r.in.Skip(why) }

// Err returns the error that ended the reading, if one did.
func (r *Reader) Err() error { return r.in.Err() }

// Join goes through two files at once, in the order of their keys: a and b are
// the rows of one key, nil where a file has none.
func Join(fa, fb *File, visit func(a, b *aggregate.Record) error) error {
	ra, rb := fa.Rows(), fb.Rows()
	moreA, moreB := ra.Next(), rb.Next()
	for moreA || moreB {
		order := compare(ra, moreA, rb, moreB)
		var a, b *aggregate.Record
		if order <= 0 {
			a = &ra.rec
		}
		if order >= 0 {
			b = &rb.rec
		}
		if err := visit(a, b); err != nil {
			return err
		}
		var errA, errB error
		moreA, errA = advance(ra, moreA, a != nil)
		moreB, errB = advance(rb, moreB, b != nil)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
	}
	return errors.Join(ra.Err(), rb.Err())
}

// compare says which of two readers stands at the smaller key.
func compare(a *Reader, moreA bool, b *Reader, moreB bool) int {
	switch {
	case !moreA:
		return 1
	case !moreB:
		return -1
	}
	return bytes.Compare(a.rec.Key, b.rec.Key)
}

// advance goes to the next row of a file that was in order when it was opened.
// One that changes meanwhile is not what was asked about.
func advance(r *Reader, more, used bool) (bool, error) {
	if !more || !used {
		return more, nil
	}
	r.before = append(r.before[:0], r.rec.Key...)
	more = r.Next()
	if more && bytes.Compare(r.before, r.rec.Key) >= 0 {
		return false, fmt.Errorf("%s: changed while it was read: %q after %q", r.in.Name(), r.rec.Key, r.before)
	}
	return more, r.Err()
}
