package dnsmasq

import (
	"bytes"
	"encoding/binary"
)

// AppendName appends a name, as logged, in the form in which it is a key: in
// lower case, without a last dot, the root as ".". A byte that is not printable
// ASCII, a space, a comma and a backslash become \DDD (RFC 1035 §5.1).
func AppendName(dst, name []byte) []byte {
	name = bytes.TrimRight(name, ".")
	if len(name) == 0 {
		return append(dst, '.')
	}
	for _, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c|0x20)
		case plain(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		}
	}
	return dst
}

// Canonical returns a name in the form that AppendName gives it: the name
// itself where it has that form, as most have, otherwise built in buf.
func Canonical(buf *[]byte, name []byte) []byte {
	if isCanonical(name) {
		return name
	}
	*buf = AppendName((*buf)[:0], name)
	return *buf
}

// IsName says whether a name has the form that AppendName gives it.
func IsName(name []byte) bool {
	for i, c := range name {
		if c == '\\' && !isEscape(name[i:]) || c != '\\' && !plain(c) || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return len(name) == 1 || len(name) > 0 && name[len(name)-1] != '.'
}

func isEscape(b []byte) bool {
	return len(b) >= 4 && allDigits(b[1:4])
}

func plain(c byte) bool {
	return ' ' < c && c <= '~' && c != ',' && c != '\\'
}

// isCanonical looks at eight bytes at a time, since every name passes here. It
// may say no to a name that has the form.
func isCanonical(name []byte) bool {
	n := len(name)
	if n == 0 || name[n-1] == '.' && n > 1 {
		return false
	}
	i := 0
	for ; i+8 <= n; i += 8 {
		if suspect(binary.LittleEndian.Uint64(name[i:])) {
			return false
		}
	}
	for ; i < n; i++ {
		if c := name[i]; !plain(c) || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// suspect says whether any of eight bytes is not of the canonical form. Each
// sum and difference has its answer in the highest bit of a byte; a borrow from
// a byte below can only add a suspicion.
func suspect(w uint64) bool {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	small := w - 0x21*ones                                  // below "!"
	large := w + 0x01*ones                                  // above "~"
	upper := (w + (0x80-'A')*ones) &^ (w + (0x7f-'Z')*ones) // "A" to "Z"
	comma := (w ^ ','*ones) - ones                          // ","
	slash := (w ^ '\\'*ones) - ones                         // "\"
	return (w|small|large|upper|comma|slash)&high != 0
}
