// Package logtoken reads and prints the cursors of package logfile:
//
//	f2:OFFSET.TAIL.HEAD.ID,OFFSET.TAIL.HEAD.ID;IDIDID…:CHECKSUM
//
// The identities of other files, 8 hexadecimal digits each, may follow the marks. The
// first version, f1, had only marks.
//
// It is separate from logfile so that ipparse, which only validates cursors, does not
// link the decompressors: they make it start 0.25 ms later, 11 % of a run over a few
// lines.
package logtoken

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	version = "f2:" // of the token's form
	first   = "f1:"

	// MaxSeen is how many other files a token names at most. So it stays below
	// 2,400 bytes: it is an argument of programs.
	MaxSeen = 256

	// MaxMarks is how many marks a token has at most: those of the live file and
	// of four rotated ones.
	MaxMarks = 5

	maxLen = 2400 // bytes; all tokens are shorter
)

// A Mark is how far one segment of a log was read, and how to know it again.
type Mark struct {
	Off  int64  // bytes read
	Tail uint64 // hash of the last bytes before Off
	Head uint32 // hash of the segment's first bytes, not beyond Off
	ID   uint32 // identity of the file
}

// SameBytes reports whether the marks are equal but for the identity of the file.
func (m Mark) SameBytes(o Mark) bool {
	m.ID = o.ID
	return m == o
}

var errToken = errors.New("not a cursor of this tool, or damaged")

// Valid reports whether token has the form of a token, and its checksum.
func Valid(token []byte) bool {
	_, err := Parse(string(token))
	return err == nil
}

// A Token is a position in a log: marks, oldest first, and the identities of other
// files that are not new.
type Token struct {
	Marks []Mark
	Seen  []uint32
}

// Parse reads a token. It returns an error if it is not exactly what Format or First
// prints.
func Parse(token string) (t Token, err error) {
	if len(token) > maxLen {
		return Token{}, errToken
	}
	body, _, _ := strings.Cut(token[min(len(version), len(token)):], ":")
	marks, seen, _ := strings.Cut(body, ";")
	for text := range strings.SplitSeq(marks, ",") {
		m, err := parseMark(text)
		if err != nil {
			return Token{}, err
		}
		t.Marks = append(t.Marks, m)
	}
	for ; len(seen) >= 8; seen = seen[8:] {
		id, err := strconv.ParseUint(seen[:8], 16, 32)
		if err != nil {
			return Token{}, errToken
		}
		t.Seen = append(t.Seen, uint32(id))
	}
	if token != t.Format() && token != t.First() {
		return Token{}, errToken
	}
	return t, nil
}

// parseMark reads a mark. It does not check the number of digits.
func parseMark(text string) (m Mark, err error) {
	f := strings.Split(text, ".")
	if len(f) != 4 {
		return Mark{}, errToken
	}
	off, err1 := strconv.ParseUint(f[0], 10, 63)
	tail, err2 := strconv.ParseUint(f[1], 16, 64)
	head, err3 := strconv.ParseUint(f[2], 16, 32)
	id, err4 := strconv.ParseUint(f[3], 16, 32)
	if cmp.Or(err1, err2, err3, err4) != nil {
		return Mark{}, errToken
	}
	return Mark{int64(off), tail, uint32(head), uint32(id)}, nil
}

func (m Mark) appendText(dst []byte) []byte {
	return fmt.Appendf(dst, "%d.%016x.%08x.%08x", m.Off, m.Tail, m.Head, m.ID)
}

// Format returns the token as text. Of too many marks or files it leaves out the
// first ones, which are the oldest.
func (t Token) Format() string { return t.format(version) }

// First returns the token in the form of the first version, without the other files.
func (t Token) First() string { return Token{Marks: t.Marks}.format(first) }

func (t Token) format(version string) string {
	text := []byte(version)
	for i, m := range t.Marks[max(0, len(t.Marks)-MaxMarks):] {
		if i > 0 {
			text = append(text, ',')
		}
		text = m.appendText(text)
	}
	for i, id := range t.Seen[max(0, len(t.Seen)-MaxSeen):] {
		if i == 0 {
			text = append(text, ';')
		}
		text = fmt.Appendf(text, "%08x", id)
	}
	// The first four bytes of a hash detect a token that was cut short or mistyped:
	// without its last mark it would still be well-formed.
	sum := sha256.Sum256(text)
	return string(fmt.Appendf(text, ":%x", sum[:4]))
}
