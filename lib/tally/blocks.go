package tally

import "encoding/binary"

// A table keeps its values in blocks, which never move. A slice that grows is
// copied, and the old one is left to the garbage collector: 11 % of dnsparse's
// time for 12,000 names.

const (
	blockBits = 11
	blockLen  = 1 << blockBits

	chunkBits = 16
	chunkLen  = 1 << chunkBits
	keyHead   = 8
)

// blocks is a list of values.
type blocks[T any] struct {
	list []*[blockLen]T
	n    uint32 // values in use
}

func (b *blocks[T]) at(i uint32) *T { return &b.list[i>>blockBits][i%blockLen] }

func (b *blocks[T]) add(v T) (i uint32) {
	i = b.n
	if int(i>>blockBits) == len(b.list) {
		b.list = append(b.list, new([blockLen]T))
	}
	*b.at(i) = v
	b.n++
	return i
}

// An arena holds texts, each after its length and a number. The place of a text
// is the number of its chunk and the offset in the chunk.
type arena struct {
	chunks [][]byte
	now    int // the chunk that is being filled
	size   int // of all texts
}

func (a *arena) add(text []byte, id uint32) (place uint32) {
	need := keyHead + len(text)
	for a.now < len(a.chunks) && cap(a.chunks[a.now])-len(a.chunks[a.now]) < need {
		a.now++
	}
	if a.now == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, 0, max(chunkLen, need)))
	}
	c := &a.chunks[a.now]
	place = uint32(a.now<<chunkBits | len(*c))
	*c = binary.LittleEndian.AppendUint32(*c, uint32(len(text)))
	*c = append(binary.LittleEndian.AppendUint32(*c, id), text...)
	a.size += need
	return place
}

func (a *arena) text(place uint32) (text []byte, id uint32) {
	b := a.chunks[place>>chunkBits][place%chunkLen:]
	n := binary.LittleEndian.Uint32(b)
	return b[keyHead:][:n:n], binary.LittleEndian.Uint32(b[4:])
}

func (a *arena) clear() {
	for i := range a.chunks {
		a.chunks[i] = a.chunks[i][:0]
	}
	a.now, a.size = 0, 0
}
