package aggregate

import (
	"bytes"

	"egress-monitor/lib/fold"
)

// Unite returns the union of two lists of addresses: a itself if it has all
// addresses of b, or else a new list, appended to dst.
func Unite(dst, a, b []byte) (list []byte, changed bool) {
	switch {
	case b == nil || bytes.Equal(a, b) || string(b) == "-" && a != nil:
		return a, false
	case a == nil || string(a) == "-":
		return append(dst, b...), true
	}
	return union(dst, a, b), true
}

// union appends the addresses of two sorted lists, in order, each one once.
// It leaves out addresses that a prefix in the lists covers.
func union(dst, a, b []byte) []byte {
	from := len(dst)
	dst = zip(dst, a, b)
	return append(dst[:from], fold.Absorb(dst[from:])...)
}

// zip appends the entries of two sorted lists, in order, each one once.
func zip(dst, a, b []byte) []byte {
	for len(a) > 0 && len(b) > 0 {
		x, restA := CutIP(a)
		y, restB := CutIP(b)
		c := bytes.Compare(x, y)
		if c <= 0 {
			dst, a = append(append(dst, x...), ','), restA
		} else {
			dst = append(append(dst, y...), ',')
		}
		if c >= 0 {
			b = restB
		}
	}
	dst = append(append(dst, a...), b...)
	return bytes.TrimSuffix(dst, []byte{','})
}

// CutIP returns the first entry of a list, and the list after it.
func CutIP(list []byte) (first, rest []byte) {
	if i := bytes.IndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:]
	}
	return list, nil
}

// UniteAll returns the union of lists, which it unites by halves: one after
// the other, a hundred thousand records with an address each would take minutes.
func UniteAll(lists [][]byte) []byte {
	if len(lists) == 1 {
		return lists[0]
	}
	half := len(lists) / 2
	a, b := UniteAll(lists[:half]), UniteAll(lists[half:])
	return union(make([]byte, 0, len(a)+len(b)+1), a, b)
}
