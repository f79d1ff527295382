// Package batch is the form in which lines go from one stage of a pipeline to
// the next: the lines, and after them a trailer, as journalctl --show-cursor
// prints it.
//
//	example.com 2 2026-02-08T21:30:00Z 192.0.2.7
//	-- carry: 4711 9 A 1770586200 www.example.com
//	-- cursor: TOKEN
//
// A line that begins with "-- " is never data. The cursor line is the commit
// marker: it says that everything up to TOKEN stands above it, and it counts
// only as the very last line. A stage that fails or is killed leaves a stream
// without it, and nothing of that stream is committed. The carry lines right
// before it are what a parser must remember until the next batch. All other
// such lines ("-- Boot …", "-- No entries --") are skipped, as is a cursor
// line that something follows.
//
// A program that does not know all that may fail in it (journalctl prints a
// cursor line, or none, for several reasons) can be followed by a line "-- end",
// which its pipeline prints once it has ended well.
//
// A line "-- reread" says that the lines after it may be of earlier batches,
// too: the position was lost, and what is new among them is told by its time.
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

	// maxCarry bounds the carry lines of one batch, in bytes: what a parser
	// must remember is small, what a broken one prints is not.
	maxCarry = 1 << 20
	// maxCursor bounds a token, which travels as an argument.
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

// Reread is the line that says that what follows may be of earlier batches.
const Reread = rereadMark + "\n"

// Finish ends a stream: the trailer, then everything to its destination.
func Finish(w *bufio.Writer, t Trailer) error {
	w.Write(t.Append(nil))
	return w.Flush()
}

// ErrNoCursor is a stream that held lines and ended before its cursor line.
var ErrNoCursor = errors.New("stream ended before its cursor line")

// ValidCursor reports whether token can stand in a cursor line: printable ASCII
// without a blank, and not too long for an argument.
func ValidCursor(token []byte) bool {
	for _, c := range token {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return 0 < len(token) && len(token) <= maxCursor
}
