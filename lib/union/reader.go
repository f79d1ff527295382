package union

import (
	"bytes"
	"errors"
	"fmt"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
)

// A Reader reads rows one by one.
type Reader struct {
	in   *batch.Scanner
	file *File
	rec  aggregate.Record

	before []byte // the key of the row before
}

// Next reads the next row. It returns false at the end, or at an error. A line
// that is not a record is counted as skipped, and left out.
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

// end reports, after the first reading, the lines that could not be used.
func (r *Reader) end() {
	if s := r.in.Skipped(); s.Lines > 0 && r.file.check {
		r.file.warn(s)
	}
	r.file.check = false
}

// Record returns the row. It is good until the next Next.
func (r *Reader) Record() aggregate.Record { return r.rec }

// Skip counts the row as one that could not be used, for the reason why.
func (r *Reader) Skip(why error) { r.in.Skip(why) }

// Err returns the error that ended the reading, or nil.
func (r *Reader) Err() error { return r.in.Err() }

// Join reads two files at once and calls visit with the rows a and b of each key,
// in the order of the keys. A row is nil if its file does not have the key.
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

// compare returns -1 if the current key of a is smaller, 1 if that of b is, and 0
// if they are equal. A reader at its end has the larger key.
func compare(a *Reader, moreA bool, b *Reader, moreB bool) int {
	switch {
	case !moreA:
		return 1
	case !moreB:
		return -1
	}
	return bytes.Compare(a.rec.Key, b.rec.Key)
}

// advance reads the next row if the current one was used. The file was sorted
// when it was opened; a key out of order means that it was changed since, which
// is an error.
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
