package merge

import (
	"fmt"
	"io"

	"egress-monitor/lib/aggregate"
)

// A Row is one row of a source or of a merge. Only its key is read at first,
// and the rest when it is asked for: a poll copies most rows of an aggregate
// and never looks at the rest.
type Row struct {
	key  []byte
	line []byte           // the row as a line; nil if record would be printed otherwise
	rec  aggregate.Record // set if read
	read bool
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
	if r.read {
		return r.rec, nil
	}
	rec, err := aggregate.Parse(r.line)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return rec, err
}

// Set replaces the row by a record.
func (r *Row) Set(rec aggregate.Record) { *r = Row{key: rec.Key, rec: rec, read: true} }

// rowOf returns the row of a record that was parsed from line.
func rowOf(rec aggregate.Record, line []byte) Row {
	return Row{key: rec.Key, line: ifPrinted(rec, line), rec: rec, read: true}
}

// ifPrinted returns line if it is how rec, which was parsed from it, is printed:
// if Parse did not have to sort its addresses. Otherwise it returns nil.
func ifPrinted(rec aggregate.Record, line []byte) []byte {
	if n := len(rec.IPs); n > 0 && &rec.IPs[n-1] != &line[len(line)-1] {
		return nil
	}
	return line
}

// append appends the row as a line, with its line feed.
func (r *Row) append(dst []byte) []byte {
	if r.line != nil {
		return append(append(dst, r.line...), '\n')
	}
	return r.rec.Append(dst)
}

// A Check sees each row before it is written, and may change it with Set.
type Check func(*Row) error

// Each calls do with each record of the union of sorted sources, in order. The
// record is valid until do returns.
func Each(sources []*Source, do func(aggregate.Record) error) error {
	w, err := newWalk(sources)
	for err == nil {
		var row *Row
		if row, err = w.next(); err != nil {
			break
		}
		var rec aggregate.Record
		if rec, err = row.Record(); err == nil {
			err = do(rec)
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}
