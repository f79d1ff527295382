package aggregate

import "encoding/binary"

// A head is 16 bytes of a key, as numbers: all of an IPv4 address and of many
// names. Most comparisons of keys end there, without a look at the keys. Eight
// bytes are not enough where a fleet asks for the same domains.
type head struct{ hi, lo uint64 }

const headLen = 16

// headOf is the head of a key without its first bytes.
func headOf(key []byte, from int) head {
	if len(key) >= from+headLen {
		return headAt(key, from)
	}
	var b [headLen]byte
	if from < len(key) {
		copy(b[:], key[from:])
	}
	return headAt(b[:], 0)
}

func headAt(text []byte, i int) head {
	return head{binary.BigEndian.Uint64(text[i:]), binary.BigEndian.Uint64(text[i+8:])}
}

func (x head) less(y head) bool { return x.hi < y.hi || x.hi == y.hi && x.lo < y.lo }

// isAll says whether the key has no more: no key has a zero byte.
func (x head) isAll() bool { return x.lo&0xff == 0 }

func (x head) compare(y head) int {
	switch {
	case x.less(y):
		return -1
	case y.less(x):
		return 1
	}
	return 0
}
