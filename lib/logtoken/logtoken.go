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
)

// A Mark is how far one segment of a log was read, and how to know it again.
// Package logfile says what its numbers mean.
type Mark struct {
	Off  int64
	Tail uint64
	Head uint32
	ID   uint32
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

// Parse reads a token. It returns an error if Format does not print such a token.
func Parse(token string) (t Token, err error) {
	body, sum, ok := cutLast(token, ':')
	if !ok || sum != checksum(body) || !strings.HasPrefix(body, version) && !strings.HasPrefix(body, first) {
		return Token{}, errToken
	}
	marks, seen, hasSeen := strings.Cut(body[len(version):], ";")
	if hasSeen && strings.HasPrefix(body, first) {
		return Token{}, errToken
	}
	if t.Marks, err = parseMarks(marks); err != nil {
		return Token{}, err
	}
	if hasSeen {
		t.Seen, err = parseSeen(seen)
	}
	if err == nil && strings.HasPrefix(body, version) && t.Format() != token {
		err = errToken
	}
	return t, err
}

func parseMarks(list string) ([]Mark, error) {
	texts := strings.Split(list, ",")
	if len(texts) > MaxMarks {
		return nil, errToken
	}
	marks := make([]Mark, len(texts))
	for i, text := range texts {
		var err error
		if marks[i], err = parseMark(text); err != nil {
			return nil, err
		}
	}
	return marks, nil
}

func parseSeen(list string) (seen []uint32, err error) {
	if len(list)%8 != 0 || len(list) > 8*MaxSeen {
		return nil, errToken
	}
	for ; list != ""; list = list[8:] {
		id, err := strconv.ParseUint(list[:8], 16, 32)
		if err != nil {
			return nil, errToken
		}
		seen = append(seen, uint32(id))
	}
	return seen, nil
}

func parseMark(text string) (m Mark, err error) {
	f := strings.Split(text, ".")
	if len(f) != 4 {
		return Mark{}, errToken
	}
	off, err1 := strconv.ParseInt(f[0], 10, 64)
	tail, err2 := strconv.ParseUint(f[1], 16, 64)
	head, err3 := strconv.ParseUint(f[2], 16, 32)
	id, err4 := strconv.ParseUint(f[3], 16, 32)
	m = Mark{off, tail, uint32(head), uint32(id)}
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || off < 0 || string(m.appendText(nil)) != text {
		return Mark{}, errToken
	}
	return m, nil
}

func (m Mark) appendText(dst []byte) []byte {
	return fmt.Appendf(dst, "%d.%016x.%08x.%08x", m.Off, m.Tail, m.Head, m.ID)
}

// Format returns the token as text. Of too many marks or files it leaves out the
// first ones, which are the oldest.
func (t Token) Format() string {
	marks := t.Marks[max(0, len(t.Marks)-MaxMarks):]
	text := []byte(version)
	for i, m := range marks {
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
	return string(text) + ":" + checksum(string(text))
}

// First returns the token in the form of the first version, without the other files.
func (t Token) First() string {
	t.Seen = nil
	text := first + strings.TrimPrefix(t.Format(), version)
	body, _, _ := cutLast(text, ':')
	return body + ":" + checksum(body)
}

// checksum returns the first four bytes of a hash, in hexadecimal. It detects a token
// that was cut short or mistyped: without its last mark it would still be well-formed.
func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x", sum[:4])
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
