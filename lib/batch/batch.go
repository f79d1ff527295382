// Package batch is the form in which lines go from one stage of a pipeline to
// the next: the lines, and after them a trailer, as journalctl --show-cursor
// prints it.
//
//	example.com 2 2026-02-08T21:30:00Z 192.0.2.7
//	-- carry: 4711 9 A 1770586200 www.example.com
//	-- cursor: TOKEN
//
// A line that begins with "-- " is never data. The cursor line is the commit
// marker: all that was logged up to TOKEN is above it. It counts only as the very
// last line. A stage that fails or is killed leaves a stream without it, and
// nothing of that stream is committed. The carry lines right before it hold the
// state that a parser needs for the next batch. All other lines with "-- "
// ("-- Boot …", "-- No entries --") are skipped, and so is a cursor line that is
// not the last line.
//
// A cursor line of journalctl does not prove that journalctl succeeded. So the
// pipeline prints a line "-- end" after it once journalctl has exited with 0.
//
// A line "-- reread" means that the position was lost: the lines after it may be
// of earlier batches too, and only their times tell which are new.
//
// This is the only package that knows how a trailer is spelled.
package batch

import (
	"bufio"
	"bytes"
	"errors"
)

const (
	mark       = "-- "
	cursorMark = "-- cursor: "
	carryMark  = "-- carry: "
	endMark    = "-- end"
	rereadMark = "-- reread"

	// maxCarry bounds the carry lines of one batch, in bytes: a parser's state
	// is small, the output of a broken parser may not be.
	maxCarry = 1 << 20
	// maxCursor bounds a token, which is passed as an argument of a command.
	maxCursor = 4096
)

// A Trailer is the end of a batch: carry lines, oldest first, and the cursor.
type Trailer struct {
	Carry  []string
	Cursor string // "" if there is none
}

// Append appends the trailer's lines to dst, and nothing if it has no cursor:
// what is carried belongs to a position.
func (t Trailer) Append(dst []byte) []byte {
	if t.Cursor == "" {
		return dst
	}
	for _, c := range t.Carry {
		dst = append(append(append(dst, carryMark...), c...), '\n')
	}
	return append(append(append(dst, cursorMark...), t.Cursor...), '\n')
}

// Equal reports whether both trailers would be printed alike.
func (t Trailer) Equal(u Trailer) bool {
	return bytes.Equal(t.Append(nil), u.Append(nil))
}

// Reread is the line that marks the lines after it as possibly of earlier batches.
const Reread = rereadMark + "\n"

// Finish ends a stream: the trailer, then everything to its destination.
func Finish(w *bufio.Writer, t Trailer) error {
	w.Write(t.Append(nil))
	return w.Flush()
}

// ErrNoCursor means that a stream had lines and ended before its cursor line.
var ErrNoCursor = errors.New("stream ended before its cursor line")

// ValidCursor reports whether token can be in a cursor line: printable ASCII
// without a blank, and not too long for an argument.
func ValidCursor(token []byte) bool {
	for _, c := range token {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return 0 < len(token) && len(token) <= maxCursor
}
