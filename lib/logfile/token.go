package logfile

import (
	"crypto/sha256"
	"encoding/binary"

	"egress-monitor/lib/logtoken"
)

const (
	maxMarks = logtoken.MaxMarks
	window   = 512 // bytes hashed at either end of what was read
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

// ValidToken says whether token has the exact form of a cursor of this
// package. Nothing else has it by accident: it ends in a checksum.
func ValidToken(token []byte) bool { return logtoken.Valid(token) }

func parseToken(token string) ([]mark, error) {
	list, err := logtoken.Parse(token)
	if err != nil {
		return nil, err
	}
	marks := make([]mark, len(list))
	for i, m := range list {
		marks[i] = mark{m.Off, m.Tail, m.Head, m.ID}
	}
	return marks, nil
}

// formatToken makes a token of the newest marks; oldest first, as given.
func formatToken(marks []mark) string {
	var list []logtoken.Mark
	for _, m := range marks {
		list = append(list, logtoken.Mark{Off: m.off, Tail: m.tail, Head: m.head, ID: m.id})
	}
	return logtoken.Format(list)
}
