package fold

import (
	"bytes"
	"slices"
)

// Absorb returns a sorted list of addresses and prefixes without the entries that
// a prefix of the list covers, if that prefix Leads. It may return list itself.
func Absorb(list []byte) []byte {
	if bytes.IndexByte(list, '/') < 0 {
		return list // as most lists
	}
	var s prefixSet
	entries := bytes.Split(list, []byte{','})
	for _, e := range entries {
		if p, ok := parsePrefix(e); ok && bytes.IndexByte(e, '/') >= 0 && Leads(p) {
			s.add(p)
		}
	}
	if len(s.keys) == 0 {
		return list
	}
	rest := slices.DeleteFunc(entries, func(e []byte) bool {
		p, ok := parsePrefix(e)
		top := ""
		if ok {
			top = s.top(p)
		}
		return top != "" && top != string(e)
	})
	return bytes.Join(rest, []byte{','})
}

// List returns a sorted list of addresses and prefixes, shortened to limit entries
// (but at least two). A prefix that says "and more" stands for those left out.
func List(list []byte, limit int) []byte {
	limit = max(limit, 2)
	if bytes.Count(list, []byte{','}) < limit {
		return list
	}
	var v4, v6 half
	for e := range bytes.SplitSeq(list, []byte{','}) {
		if bytes.IndexByte(e, ':') < 0 {
			v4.add(e)
		} else {
			v6.add(e)
		}
	}
	room := 0
	for before := -1; before != room; {
		before, room = room, limit-v4.mark()-v6.mark()
		v4.keep = min(len(v4.list), max(room/2, room-len(v6.list)))
		v6.keep = min(len(v6.list), room-v4.keep)
	}
	entries := append(v4.kept("0.0.0.0/0"), v6.kept("::/0")...)
	slices.SortFunc(entries, bytes.Compare)
	return bytes.Join(entries, []byte{','})
}

// A half holds the entries of a list that are of IPv4, or those of IPv6.
type half struct {
	list [][]byte // those that lead to an address (Leads)
	more bool     // there were others
	keep int
}

func (f *half) add(entry []byte) {
	if bytes.IndexByte(entry, '/') >= 0 {
		if p, ok := parsePrefix(entry); ok && !Leads(p) {
			f.more = true
			return
		}
	}
	f.list = append(f.list, entry)
	f.keep = len(f.list)
}

// mark returns the number of entries for "and more": 1, or 0 if nothing is left
// out.
func (f *half) mark() int {
	if f.more || f.keep < len(f.list) {
		f.more = true
		return 1
	}
	return 0
}

func (f *half) kept(more string) [][]byte {
	if f.more {
		return append([][]byte{[]byte(more)}, f.list[:f.keep]...)
	}
	return f.list[:f.keep]
}
