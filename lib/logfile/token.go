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
	tail uint64 // hash of the last bytes before off, at most window
	head uint32 // hash of the segment's first bytes, at most window, and not beyond off
	id   uint32 // identity of the file: see fileID
}

// newMark returns the mark at off of a segment that begins with head and has tail
// right before off. Both are cut to the window.
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

// sameBytes reports whether the marks are equal but for the identity of the file.
func (m mark) sameBytes(o mark) bool {
	m.id = o.id
	return m == o
}

// offset returns the bytes read: 0 if there is no mark.
func (m *mark) offset() int64 {
	if m == nil {
		return 0
	}
	return m.off
}

// A past is the content of a token: how far segments were read, oldest first, and
// the other files that are not new. Those are copies of read segments, under whatever
// name, and segments that have left the marks.
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

// Begin returns the token of a log of which nothing was read: the plain file of that
// name, which is there, and has no rotated copies.
func Begin(path string) (string, error) {
	s, err := lookAt(path)
	if err != nil {
		return "", err
	}
	return formatToken([]mark{newMark(0, nil, nil, fileID(s, plain))}, nil), nil
}

// newest returns the mark of the live segment, nil if there is none.
func (p past) newest() *mark {
	if len(p.marks) == 0 {
		return nil
	}
	return &p.marks[len(p.marks)-1]
}

// knows reports whether the file has a mark.
func (p past) knows(s *segment) bool {
	return slices.ContainsFunc(p.marks, func(m mark) bool { return m.id == s.id() })
}

// saw reports whether an earlier poll saw the file and gave it no mark. Without the
// time of birth an inode is no identity.
func (p past) saw(s *segment) bool { return s.birth != 0 && slices.Contains(p.seen, s.id()) }

// formatToken returns the token of the newest marks, which are given oldest first.
// All files without a mark are noted as not new.
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
