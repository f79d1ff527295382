package batch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A File is the content of a cursor file: the trailer of the last batch, and the
// name under which the aggregate of that batch was staged (package store).
//
//	-- sum: 0123456789abcdef
//	-- staged: unique-ips.log.staged-1f0c9a44-EUVCIDPV4SX2Y 9983216 257 1795436981213239916 9c1d02ab 17
//	-- carry: …
//	-- cursor: TOKEN
//
// The sum is the first 8 bytes of the SHA-256 of all lines below it. It may be
// missing, as in a cursor file made by hand or by the first versions; then only
// the form is checked.
type File struct {
	Staged  string // "" if nothing was staged yet
	Trailer Trailer
}

// ErrDamaged means that a cursor file is not as it was written. Neither its
// position nor the name of its staged file can be trusted.
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

// Summed reports whether text is a cursor file with a sum. If ParseFile fails on
// such a text, the file is certainly damaged, and not a file of another kind.
func Summed(text []byte) bool { return bytes.HasPrefix(text, []byte(sumMark)) }

// ParseFile reads the text of a cursor file. An empty text gives an empty File. The
// error is ErrDamaged.
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

// ReadFile reads a cursor file. A missing file gives an empty File. The error is
// ErrDamaged, or that of reading.
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
