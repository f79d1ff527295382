package merge

import (
	"fmt"

	"egress-monitor/lib/aggregate"
)

// A Row is one row of a source or of a merge. Of a row that nobody asks for, only
// the key is read: a poll copies most rows of an aggregate and never looks at the
// rest.
type Row struct {
	key     []byte
	line    []byte           // the row as a line; nil if rec is printed in another form
	rec     aggregate.Record // the whole row, or nothing if only the key was read
	dropped bool
}

// rowOf returns the row of a record that was parsed from line. The row keeps the
// line if the record is printed so: if Parse did not have to sort its addresses.
func rowOf(rec aggregate.Record, line []byte) Row {
	return Row{key: rec.Key, line: ifPrinted(rec, line), rec: rec}
}

// ifPrinted returns line if it is how rec, which was parsed from it, is printed.
// Otherwise it returns nil.
func ifPrinted(rec aggregate.Record, line []byte) []byte {
	if n := len(rec.IPs); n > 0 && &rec.IPs[n-1] != &line[len(line)-1] {
		return nil
	}
	return line
}

// Key returns the key of the row.
func (r *Row) Key() []byte { return r.key }

// Len returns about how many bytes the row has as a line.
func (r *Row) Len() int {
	if r.line != nil {
		return len(r.line)
	}
	return r.rec.Len()
}

// Record reads the row. The error is ErrChanged.
func (r *Row) Record() (aggregate.Record, error) {
	if r.rec.Key != nil {
		return r.rec, nil
	}
	rec, err := aggregate.Parse(r.line)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return rec, err
}

// Set replaces the row by a record.
func (r *Row) Set(rec aggregate.Record) { *r = Row{key: rec.Key, rec: rec} }

// Drop makes Write leave the row out.
func (r *Row) Drop() { r.dropped = true }

// append appends the row as a line, with its line feed, unless it was dropped.
func (r *Row) append(dst []byte) []byte {
	switch {
	case r.dropped:
		return dst
	case r.line != nil:
		return append(append(dst, r.line...), '\n')
	}
	return r.rec.Append(dst)
}

// A Check sees each row before it is written, and may change it with Set or Drop.
type Check func(*Row) error
