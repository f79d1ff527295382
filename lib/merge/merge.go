// Package merge merges sorted streams of records into one, in bounded memory.
//
// The way of a record: Sources give rows in order, from files, from an aggregate
// or from a Sorter, which puts records of a stream in order. Write merges the
// sources row by row. Rounds is the faster way for many files.
package merge

import "io"

// Write writes the union of sorted sources, one record a key, and reads each of
// them as a stream. It returns ErrOrder if a source is not sorted; what it has
// written is useless then. It ends with the first error of check, which may be
// nil.
//
// If pass is not nil, Write calls it with whole lines of a sealed source, up to
// the next key of another one. The first bytes of the lines, as many as pass
// returns, are written without a check.
func Write(w io.Writer, sources []*Source, check Check, pass func(lines []byte) int) error {
	from, err := newWalk(sources)
	if err != nil {
		return err
	}
	out := output{w: w, buf: make([]byte, 0, 80<<10), check: check}
	for {
		row, err := from.next()
		if err == io.EOF {
			return out.flush()
		}
		if err == nil {
			err = out.row(row)
		}
		if err == nil {
			err = out.flushFull()
		}
		if err == nil && pass != nil {
			err = out.lines(from, pass)
		}
		if err != nil {
			return err
		}
	}
}

// output gathers lines, and writes them in large pieces.
type output struct {
	w     io.Writer
	buf   []byte
	check Check // nil for none
}

func (o *output) row(r *Row) error {
	if o.check != nil {
		if err := o.check(r); err != nil {
			return err
		}
	}
	o.buf = r.append(o.buf)
	return nil
}

// lines writes lines that pass allows.
func (o *output) lines(from *walk, pass func(lines []byte) int) error {
	lines := from.ahead()
	if len(lines) == 0 {
		return nil
	}
	n := pass(lines)
	from.goPast(lines[:n])
	o.buf = append(o.buf, lines[:n]...)
	return o.flushFull()
}

func (o *output) flushFull() error {
	if len(o.buf) < 64<<10 {
		return nil
	}
	return o.flush()
}

func (o *output) flush() error {
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}
