package export

import (
	"errors"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
)

// A Reader reads rows, and finds out by itself whether they are records or rows
// that aggjoin printed. One row may be ambiguous: "192.0.2.7 3 TIME -" is an
// address that no name led to, or a question for a name that looks like an address
// and led nowhere. Ambiguous rows are held back until another row decides. If all
// rows are ambiguous, aggjoin printed them: aggjoin --direct prints no others.
type Reader struct {
	in      *batch.Scanner
	parse   func([]byte) (Row, error) // nil: the kind is not known yet
	guessed bool
	held    [][]byte
	row     Row
	err     error
}

// maxHeld is how many rows are held back at most. If there are more, aggjoin
// printed them.
const maxHeld = 100_000

// ErrMixed means that a row contradicts the decision: the input has rows of both
// kinds, or the decision was wrong.
var ErrMixed = errors.New("rows of aggjoin and others in one input: say which, with --joined or --no-joined")

// NewReader reads rows of unknown kind.
func NewReader(in *batch.Scanner) *Reader { return &Reader{in: in, guessed: true} }

// NewReaderOf reads rows of aggjoin if joined is true, else records.
func NewReaderOf(in *batch.Scanner, joined bool) *Reader {
	r := &Reader{in: in}
	r.decide(joined)
	return r
}

func (r *Reader) decide(joined bool) {
	if r.parse = Parse; joined {
		r.parse = ParseJoined
	}
}

// Next reads the next row. It returns false at the end, or at an error.
func (r *Reader) Next() bool {
	if len(r.held) > 0 && r.parse != nil {
		r.row, r.err = r.parse(r.held[0])
		r.held = r.held[1:]
		return r.err == nil
	}
	for r.in.Scan() {
		if r.parse == nil && !r.tells() {
			continue
		}
		if len(r.held) > 0 {
			r.in.Back() // the rows that were held back go first
			return r.Next()
		}
		if row, err := r.parse(r.in.Bytes()); err == nil {
			r.row = row
			return true
		} else if r.guessed && r.isOther() {
			r.err = ErrMixed
			return false
		} else {
			r.in.Skip(err)
		}
	}
	if len(r.held) > 0 && r.in.Err() == nil {
		r.decide(true)
		return r.Next()
	}
	return false
}

// tells decides by the current line, and reports whether it could. A line that
// does not decide is held back, or skipped.
func (r *Reader) tells() bool {
	line := r.in.Bytes()
	record, err := Parse(line)
	_, errJoined := ParseJoined(line)
	switch {
	case err != nil && errJoined != nil:
		r.in.Skip(err)
		return false
	case err == nil && errJoined == nil && len(r.held) < maxHeld && isAmbiguous(record):
		r.held = append(r.held, append([]byte(nil), line...))
		return false
	}
	r.decide(err != nil || errJoined == nil)
	return true
}

// isAmbiguous reports whether a record may also be a row of aggjoin.
func isAmbiguous(r Row) bool {
	_, address := fold.Address(r.Key)
	return address && r.Kind() == Domain
}

// isOther reports whether the current line, which is not of the kind that was
// decided, is a row of the other kind.
func (r *Reader) isOther() bool {
	_, err := Parse(r.in.Bytes())
	if err != nil {
		_, err = ParseJoined(r.in.Bytes())
	}
	return err == nil
}

// Row returns the row. It is valid until the next Next.
func (r *Reader) Row() Row { return r.row }

// Skip counts the row as one that could not be used, for the reason why.
func (r *Reader) Skip(why error) { r.in.Skip(why) }

// Err returns the error that ended the reading, or nil.
func (r *Reader) Err() error { return errors.Join(r.err, r.in.Err()) }
