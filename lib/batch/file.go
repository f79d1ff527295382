package batch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A File is what a cursor file says: the trailer of the last batch, as it came,
// and the name under which the aggregate of that batch was staged (package
// store).
//
//	-- sum: 0123456789abcdef
//	-- staged: unique-ips.log.staged-1f0c9a44-EUVCIDPV4SX2Y 9983216 257 1795436981213239916
//	-- carry: …
//	-- cursor: TOKEN
//
// The sum is the first 8 bytes of the SHA-256 of all lines below it. The first
// versions wrote none, and a cursor file that is made by hand needs none: then
// only its form is checked.
type File struct {
	Staged  string // "" if nothing was staged yet
	Trailer Trailer
}

// ErrDamaged is a cursor file that is not as it was written. Nothing in it can
// be trusted: neither the position nor what was staged.
var ErrDamaged = errors.New("the cursor file is damaged")

const (
	sumMark    = "-- sum: "
	stagedMark = "-- staged: "
)

// Append appends the text of the cursor file to dst.
func (f File) Append(dst []byte) []byte {
	var text []byte
	if f.Staged != "" {
		text = append(append(append(text, stagedMark...), f.Staged...), '\n')
	}
	text = f.Trailer.Append(text)
	return append(append(dst, sumLine(text)...), text...)
}

func sumLine(text []byte) string {
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s%x\n", sumMark, sum[:8])
}

// Summed reports whether text is that of a cursor file with a sum: if it cannot
// be parsed, it is damaged for certain.
func Summed(text []byte) bool { return bytes.HasPrefix(text, []byte(sumMark)) }

// ParseFile reads the text of a cursor file. One that is empty says nothing, as
// one that is not there.
func ParseFile(text []byte) (f File, err error) {
	if len(text) == 0 {
		return File{}, nil
	}
	if Summed(text) {
		_, rest, _ := bytes.Cut(text, []byte{'\n'})
		if string(text[:len(text)-len(rest)]) != sumLine(rest) {
			return File{}, ErrDamaged
		}
		text = rest
	}
	if rest, ok := bytes.CutPrefix(text, []byte(stagedMark)); ok {
		name, rest, _ := bytes.Cut(rest, []byte{'\n'})
		f.Staged, text = string(name), rest
	}
	if f.Trailer, err = parseTrailer(text); err != nil {
		return File{}, err
	}
	return f, nil
}

// parseTrailer reads carry lines and a cursor line, and nothing else.
func parseTrailer(text []byte) (t Trailer, err error) {
	for line := range bytes.Lines(text) {
		line, whole := bytes.CutSuffix(line, []byte{'\n'})
		carry, isCarry := bytes.CutPrefix(line, []byte(carryMark))
		cursor, isCursor := bytes.CutPrefix(line, []byte(cursorMark))
		switch {
		case !whole || t.Cursor != "":
			return Trailer{}, ErrDamaged
		case isCarry:
			t.Carry = append(t.Carry, string(carry))
		case isCursor && ValidCursor(cursor):
			t.Cursor = string(cursor)
		default:
			return Trailer{}, ErrDamaged
		}
	}
	if t.Cursor == "" {
		return Trailer{}, ErrDamaged
	}
	return t, nil
}

// ReadFile reads the cursor file of a name. One that is not there says nothing;
// the error is ErrDamaged, or that it cannot be read.
func ReadFile(name string) (File, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil
	}
	if err != nil {
		return File{}, err
	}
	f, err := ParseFile(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return f, err
}
