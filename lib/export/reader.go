package export

import (
	"errors"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/family"
)

// A Reader reads rows, and finds out by itself whether they are records or what
// aggjoin prints. One row alone may not tell: "192.0.2.7 3 TIME -" is an address
// that no name led to, or a question for a name that looks like an address, which
// led nowhere. So such rows are held back until another one tells. If none does,
// aggjoin printed them: aggjoin --direct prints no others.
type Reader struct {
	in      *batch.Scanner
	parse   func([]byte) (Row, error) // nil: not known yet
	guessed bool
	held    [][]byte
	row     Row
	err     error
}

// maxHeld is how many rows are held back at most. Then they are aggjoin's.
const maxHeld = 100_000

// ErrMixed is a row that shows that the guess was wrong, or that there are rows
// of both kinds.
var ErrMixed = errors.New("rows of aggjoin and others in one input: say which, with --joined or --no-joined")

// NewReader reads rows of unknown kind.
func NewReader(in *batch.Scanner) *Reader { return &Reader{in: in, guessed: true} }

// NewReaderOf reads rows of aggjoin, or records.
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

// Next goes to the next row; false is the end, or an error.
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
			r.in.Back() // those that were held back go first
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

// tells decides by the line, if it tells. Else it is held back, or bad.
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

// isAmbiguous reports whether a record may be a row of aggjoin.
func isAmbiguous(r Row) bool {
	_, address := family.Address(r.Key)
	return address && r.Kind() == Domain
}

// isOther reports whether the line, which is no row of the kind that was
// guessed, is one of the other kind.
func (r *Reader) isOther() bool {
	_, err := Parse(r.in.Bytes())
	if err != nil {
		_, err = ParseJoined(r.in.Bytes())
	}
	return err == nil
}

// Row returns the row, until the next Next.
func (r *Reader) Row() Row { return r.row }

// Skip counts the row as one that could not be used, and why.
func (r *Reader) Skip(why error) { r.in.Skip(why) }

// Err returns the error that ended the reading, if one did.
func (r *Reader) Err() error { return errors.Join(r.err, r.in.Err()) }
