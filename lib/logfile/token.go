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

// A mark is how far one segment was read: see fileID for its ID, newMark for the hashes.
type mark = logtoken.Mark

// newMark returns the mark at off of a segment that begins with head and has tail
// right before off. Both are cut to the window.
func newMark(off int64, head, tail []byte, id uint32) mark {
	n := min(off, window)
	h, t := sha256.Sum256(head[:n]), sha256.Sum256(tail[len(tail)-int(n):])
	return mark{Off: off, Tail: binary.BigEndian.Uint64(t[:]), Head: binary.BigEndian.Uint32(h[:]), ID: id}
}

// A past is the content of a token: how far segments were read, oldest first, and
// the other files that are not new. Those are copies of read segments, under whatever
// name, and segments that have left the marks.
type past struct{ logtoken.Token }

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
	if len(p.Marks) == 0 {
		return nil
	}
	return &p.Marks[len(p.Marks)-1]
}

// knows reports whether the file has a mark.
func (p past) knows(s *segment) bool {
	return slices.ContainsFunc(p.Marks, func(m mark) bool { return m.ID == s.id() })
}

// saw reports whether an earlier poll saw the file and gave it no mark. Without the
// time of birth an inode is no identity.
func (p past) saw(s *segment) bool { return s.birth != 0 && slices.Contains(p.Seen, s.id()) }

// formatToken returns the token of the newest marks, which are given oldest first.
// All files without a mark are noted as not new, but for empty ones: what is written to
// them later is new.
func formatToken(marks []mark, all []*segment) string {
	p := past{logtoken.Token{Marks: marks[max(0, len(marks)-maxMarks):]}}
	for _, s := range all {
		if s.size > 0 && !p.knows(s) {
			p.Seen = append(p.Seen, s.id())
		}
	}
	return p.Format()
}
