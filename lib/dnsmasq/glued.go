package dnsmasq

import "bytes"

// A full disk or a power cut can leave half a line, with or without NULs after
// it. The next line then follows on the same line:
//
//	Nov 25 10:00:00 dnsmasq[9]: query[A] www.examNov 25 10:05:00 dnsmasq[9]: query[A] b.example from 192.0.2.5
//
// A client can ask for a name that looks like this, and the owner of a zone can
// answer with one. So only a query is believed after the second stamp: that
// client could have asked it anyway. In syslog's lines a host is before the ident.

const ident = " dnsmasq["

// Second returns the index at which a second line of dnsmasq begins in b, or -1.
// Index 0 does not count.
func Second(b []byte) int {
	for from := 1; from < len(b); {
		i := bytes.Index(b[from:], []byte(ident))
		if i < 0 {
			return -1
		}
		at := begin(b, from+i)
		if from += i + len(ident); at > 0 && isTag(b[from:]) {
			return at
		}
	}
	return -1
}

// begin returns the index of the time stamp of a line whose ident begins at b[n]: before
// it may be a host, as in syslog's lines, and the stamp may be one of ISO 8601. It is 0 if
// there is no stamp.
func begin(b []byte, n int) int {
	for range 2 {
		if at := n - stampLen; at > 0 && isStamp(b[at:]) {
			return at
		}
		word := bytes.LastIndexByte(b[max(0, n-maxHost):n], ' ') + 1 + max(0, n-maxHost)
		for t := word + len("2006-01-02"); t+len("T15:04:05") <= n; t++ {
			if b[t] == 'T' && isForm(b[t-len("2006-01-02"):], "0000-00-00T00:00:00") {
				return t - len("2006-01-02")
			}
		}
		n = word - 1
		if n <= 0 {
			break
		}
	}
	return 0
}

// maxHost is the greatest length of a host, or of a stamp with the bytes before it.
const maxHost = 256

// CutHead returns the index at which a second line begins, if nothing is before it
// but the first part of a time stamp and ident; otherwise -1.
func CutHead(line []byte) int {
	for i, most := 1, mostHead(line); i <= most; i++ {
		if line[i]-'A' > 25 || !isLine(line[i:]) {
			continue
		}
		whole := line[i-1] == ' '
		if !whole && i < stampLen && isStamp(append(bytes.Clone(line[:i]), "Jan  1 00:00:00"[i:]...)) ||
			!whole && i >= stampLen && isStamp(line) && isIdent(line[stampLen:i]) {
			return i
		}
		return -1
	}
	return -1
}

// mostHead returns how many bytes of a line can be the first part of a time stamp and
// ident, if a second line follows.
func mostHead(line []byte) int {
	n := stampLen
	if len(line) < stampLen+len(ident) || string(line[n:n+len(ident)]) != ident {
		for k := 0; n < len(line) && k < len(ident) && line[n] == ident[k]; k++ {
			n++
		}
		return min(n, len(line)-1)
	}
	for n += len(ident); n < len(line) && line[n]-'0' <= 9; {
		n++
	}
	for n < len(line) && (line[n] == ']' || line[n] == ':' || line[n] == ' ') {
		n++
	}
	return min(n, len(line)-1)
}

// isLine reports whether b begins with a time stamp and an ident.
func isLine(b []byte) bool {
	return len(b) >= stampLen && has(b[stampLen:], ident) && isStamp(b) && isTag(b[stampLen+len(ident):])
}

// isTag reports whether b goes on as an ident does.
func isTag(b []byte) bool {
	_, n := number(b)
	return n > 0 && has(b[n:], "]: ")
}

// isIdent reports whether b is an ident or the beginning of one.
func isIdent(b []byte) bool {
	if len(b) <= len(ident) {
		return ident[:len(b)] == string(b)
	}
	rest := bytes.TrimRight(b[len(ident):], "]: ")
	_, size := number(rest)
	return has(b, ident) && size == len(rest)
}

// isStamp reports whether b begins with the form of a time stamp.
func isStamp(b []byte) bool { return isForm(b, "Aaa  0 00:00:00") }

// isForm reports whether b begins with such a text: A is a capital, a a letter, 0 a digit,
// and the second of two blanks may be a digit.
func isForm(b []byte, form string) bool {
	if len(b) < len(form) {
		return false
	}
	for i := range form {
		switch c := b[i]; form[i] {
		case 'A':
			if c-'A' > 25 {
				return false
			}
		case 'a':
			if c-'a' > 25 {
				return false
			}
		case '0':
			if c-'0' > 9 {
				return false
			}
		default:
			if c != form[i] && !(i == 4 && form[i] == ' ' && c-'0' <= 9) {
				return false
			}
		}
	}
	return true
}

// Rest returns the part of a line with ErrGlued or ErrNUL that may be read: the
// line after the cut part, or the line before NULs at the end. With sure it is a
// whole line, and cannot be part of a name that somebody asked for.
func Rest(line []byte) (rest []byte, sure bool) {
	if whole := bytes.TrimRight(line, "\x00"); len(whole) < len(line) {
		return whole, false
	}
	if i := bytes.LastIndexByte(line, 0); i >= 0 {
		return line[i+1:], true
	}
	if i := Second(line); i >= 0 {
		return line[i:], false
	}
	return nil, false
}
