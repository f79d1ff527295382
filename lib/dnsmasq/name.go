package dnsmasq

import "bytes"

// AppendName appends a name, as logged, in its canonical form, which is the key of
// a record: in lower case, without a last dot, the root as ".". A byte that is not
// printable ASCII, a space, a comma and a backslash become \DDD (RFC 1035 §5.1).
func AppendName(dst, name []byte) []byte {
	name = bytes.TrimRight(name, ".")
	if len(name) == 0 {
		return append(dst, '.')
	}
	for _, c := range name {
		switch {
		case nameByte[c]:
			dst = append(dst, c)
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c|0x20)
		default:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		}
	}
	return dst
}

// Canonical returns a name in its canonical form: the name itself if it is
// canonical (same), as most are, otherwise built in buf.
func Canonical(buf *[]byte, name []byte) (canonical []byte, same bool) {
	if isCanonical(name) {
		return name, true
	}
	*buf = AppendName((*buf)[:0], name)
	return *buf, false
}

// IsName reports whether AppendName can have written a name.
func IsName(name []byte) bool {
	for i, c := range name {
		if !nameByte[c] && !isEscape(name[i:]) {
			return false
		}
	}
	return len(name) == 1 || len(name) > 0 && name[len(name)-1] != '.'
}

func isEscape(b []byte) bool {
	return len(b) >= 4 && b[0] == '\\' && allDigits(b[1:4])
}

// nameByte holds true for each byte that AppendName leaves as it is.
var nameByte = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = c != ',' && c != '\\' && (c < 'A' || c > 'Z')
	}
	return t
}()

// isCanonical reports whether AppendName would leave a name as it is.
func isCanonical(name []byte) bool {
	n := len(name)
	if n == 0 || name[n-1] == '.' && n > 1 {
		return false
	}
	for _, c := range name {
		if !nameByte[c] {
			return false
		}
	}
	return true
}
