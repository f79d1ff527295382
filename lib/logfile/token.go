package logfile

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

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

// A past is what a token says: how far segments were read, oldest first, and
// which other files were there that are not new. These are copies of what was
// read, under whatever name, and segments that have left the marks.
type past struct {
	marks []mark
	seen  []uint32
}

func parseToken(token string) (past, error) {
	t, err := logtoken.Parse(token)
	if err != nil {
		return past{}, err
	}
	p := past{seen: t.Seen}
	for _, m := range t.Marks {
		p.marks = append(p.marks, mark{m.Off, m.Tail, m.Head, m.ID})
	}
	return p, nil
}

// newest is the mark of what was the live segment, nil if there is none.
func (p past) newest() *mark {
	if len(p.marks) == 0 {
		return nil
	}
	return &p.marks[len(p.marks)-1]
}

func (p past) knows(s *segment) bool {
	return slices.ContainsFunc(p.marks, func(m mark) bool { return m.id == s.id() })
}

// saw says whether a file was there at an earlier poll, and was no segment to
// be read on. Without the time of birth an inode is no identity.
func (p past) saw(s *segment) bool { return s.birth != 0 && slices.Contains(p.seen, s.id()) }

// formatToken makes a token of the newest marks; oldest first, as given. All
// files that have no mark are not new from now on.
func formatToken(marks []mark, all []*segment) string {
	marks = marks[max(0, len(marks)-maxMarks):]
	var t logtoken.Token
	for _, m := range marks {
		t.Marks = append(t.Marks, logtoken.Mark{Off: m.off, Tail: m.tail, Head: m.head, ID: m.id})
	}
	for _, s := range all {
		if !(past{marks: marks}).knows(s) {
			t.Seen = append(t.Seen, s.id())
		}
	}
	return t.Format()
}
