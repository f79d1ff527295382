// Package keysort sorts many keys by their bytes.
package keysort

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A Head is the first 16 bytes of a text, as numbers: all of an IPv4 address and
// of many names. If two heads differ, the text of the smaller head sorts first, so
// most comparisons need no access to the texts. Eight bytes are not enough where
// many names are of the same domains.
type Head struct{ hi, lo uint64 }

// Len is the number of bytes in a Head.
const Len = 16

// HeadOf returns the head of a text.
func HeadOf(text []byte) Head {
	if len(text) >= Len {
		return Head{binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])}
	}
	var b [Len]byte
	copy(b[:], text)
	return Head{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

// Less reports whether x sorts before y.
func (x Head) Less(y Head) bool { return x.hi < y.hi || x.hi == y.hi && x.lo < y.lo }

// IsAll reports whether the text has no more, if it has no zero byte.
func (x Head) IsAll() bool { return x.lo&0xff == 0 }

// First returns the first eight bytes.
func (x Head) First() uint64 { return x.hi }

// Compare returns -1, 0 or 1, as cmp.Compare does.
func (x Head) Compare(y Head) int {
	if x.hi != y.hi {
		return cmp.Compare(x.hi, y.hi)
	}
	return cmp.Compare(x.lo, y.lo)
}

func (x Head) byteAt(depth int) byte {
	if depth < 8 {
		return byte(x.hi >> (56 - depth*8))
	}
	return byte(x.lo >> (56 - (depth-8)*8))
}

// A Key is one of many texts.
type Key struct {
	Head Head
	ID   uint32
}

// Sort sorts keys. text returns the text of a key; Sort asks for it where heads are
// alike.
func Sort(list []Key, text func(id uint32) []byte) {
	radix(list, make([]Key, len(list)), 0, text)
}

// few keys are sorted by comparison.
const few = 64

// radix sorts keys that are alike up to depth, by one byte after the other (6 % of
// nftparse for a full set of 65,536 addresses). spare is as long as list.
func radix(list, spare []Key, depth int, text func(id uint32) []byte) {
	if len(list) < few || depth == Len {
		compareSort(list, text)
		return
	}
	var ends [256]int // first how many, then where they begin, then where they end
	for i := range list {
		ends[list[i].Head.byteAt(depth)]++
	}
	if ends[list[0].Head.byteAt(depth)] == len(list) {
		radix(list, spare, depth+1, text)
		return
	}
	sum := 0
	for c, n := range ends {
		ends[c] = sum
		sum += n
	}
	for i := range list {
		end := &ends[list[i].Head.byteAt(depth)]
		spare[*end] = list[i]
		*end++
	}
	copy(list, spare)
	from := 0
	for _, end := range ends {
		if end > from {
			radix(list[from:end], spare[from:end], depth+1, text)
		}
		from = end
	}
}

func compareSort(list []Key, text func(id uint32) []byte) {
	slices.SortFunc(list, func(x, y Key) int {
		if x.Head != y.Head {
			return x.Head.Compare(y.Head)
		}
		return bytes.Compare(text(x.ID), text(y.ID))
	})
}
