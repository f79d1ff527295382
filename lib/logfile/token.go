package logfile

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	version  = "f1:" // of the token's form
	maxMarks = 5     // the live file and four rotated ones
	window   = 512   // bytes hashed at either end of what was read
)

// A mark is how far one segment was read, and how to know it again.
type mark struct {
	off  int64  // bytes read
	tail uint64 // hash of the last of them, window at most
	head uint32 // hash of the first of them, window at most
	id   uint32 // of the file that held them; see fileID
}

// newMark is the mark at off of a segment with these bytes at its beginning
// and right before off. Both are cut to the window.
func newMark(off int64, head, tail []byte, id uint32) mark {
	n := min(off, window)
	h, t := sha256.Sum256(head[:n]), sha256.Sum256(tail[len(tail)-int(n):])
	return mark{
		off:  off,
		tail: binary.BigEndian.Uint64(t[:]),
		head: binary.BigEndian.Uint32(h[:]),
		id:   id,
	}
}

// sameBytes says whether both stand at the end of the same bytes.
func (m mark) sameBytes(o mark) bool {
	m.id = o.id
	return m == o
}

// offset is how far a segment was read of which there may be no mark.
func (m *mark) offset() int64 {
	if m == nil {
		return 0
	}
	return m.off
}

var errToken = errors.New("not a cursor of this tool, or damaged")

// ValidToken says whether token has the exact form of a cursor of this
// package. Nothing else has it by accident: it ends in a checksum.
func ValidToken(token []byte) bool {
	_, err := parseToken(string(token))
	return err == nil
}

func parseToken(token string) ([]mark, error) {
	body, sum, ok := cutLast(token, ':')
	if !ok || sum != checksum(body) || !strings.HasPrefix(body, version) {
		return nil, errToken
	}
	texts := strings.Split(body[len(version):], ",")
	if len(texts) > maxMarks {
		return nil, errToken
	}
	marks := make([]mark, len(texts))
	for i, text := range texts {
		var err error
		if marks[i], err = parseMark(text); err != nil {
			return nil, err
		}
	}
	return marks, nil
}

func parseMark(text string) (m mark, err error) {
	f := strings.Split(text, ".")
	if len(f) != 4 {
		return mark{}, errToken
	}
	off, err1 := strconv.ParseInt(f[0], 10, 64)
	tail, err2 := strconv.ParseUint(f[1], 16, 64)
	head, err3 := strconv.ParseUint(f[2], 16, 32)
	id, err4 := strconv.ParseUint(f[3], 16, 32)
	m = mark{off, tail, uint32(head), uint32(id)}
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || off < 0 || string(m.appendText(nil)) != text {
		return mark{}, errToken
	}
	return m, nil
}

func (m mark) appendText(dst []byte) []byte {
	return fmt.Appendf(dst, "%d.%016x.%08x.%08x", m.off, m.tail, m.head, m.id)
}

// formatToken makes a token of the newest marks; oldest first, as given.
func formatToken(marks []mark) string {
	marks = marks[max(0, len(marks)-maxMarks):]
	text := []byte(version)
	for i, m := range marks {
		if i > 0 {
			text = append(text, ',')
		}
		text = m.appendText(text)
	}
	return string(text) + ":" + checksum(string(text))
}

// checksum lets a token that was cut short or mistyped be told from one that
// is merely unknown: without its last mark it would still look well-formed.
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
