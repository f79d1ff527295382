package dnsmasq

import "bytes"

// When a disk is full, or the power is cut, half a line may stay, with or
// without NULs behind it, and the next line goes on where that ends:
//
//	Nov 25 10:00:00 dnsmasq[9]: query[A] www.examNov 25 10:05:00 dnsmasq[9]: query[A] b.example from 192.0.2.5
//
// A client can ask for a name that looks like this, and the owner of a zone can
// answer with one. So of what follows the second stamp only a question is
// believed: to ask it is what that client may do anyway.

// Second is where in b a second line of dnsmasq begins, or -1. A line that
// begins b is not looked for.
func Second(b []byte) int {
	const ident = " dnsmasq["
	for from := 1; from < len(b); {
		i := bytes.Index(b[from:], []byte(ident))
		if i < 0 {
			return -1
		}
		at := from + i - stampLen
		from += i + len(ident)
		_, n := number(b[from:])
		if at > 0 && n > 0 && bytes.HasPrefix(b[from+n:], []byte("]: ")) && isStamp(b[at:]) {
			return at
		}
	}
	return -1
}

// CutHead is where in a line the second one begins that is glued to the first
// part of a time stamp and ident; -1 if that is not so.
func CutHead(line []byte) int {
	i := Second(line)
	if i < 1 || line[i-1] == ' ' {
		return -1 // nothing is cut
	}
	if i < stampLen && isStamp(append(bytes.Clone(line[:i]), "Jan  1 00:00:00"[i:]...)) {
		return i
	}
	if i >= stampLen && isStamp(line) && isIdent(line[stampLen:i]) {
		return i
	}
	return -1
}

// isIdent says whether b is the beginning of an ident, as far as it goes.
func isIdent(b []byte) bool {
	const ident = " dnsmasq["
	if len(b) <= len(ident) {
		return ident[:len(b)] == string(b)
	}
	rest := bytes.TrimRight(b[len(ident):], "]: ")
	_, size := number(rest)
	return has(b, ident) && size == len(rest)
}

// isStamp says whether b begins with the form of a time stamp.
func isStamp(b []byte) bool {
	const form = "Aaa  0 00:00:00"
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
			if c != form[i] && !(i == 4 && c-'0' <= 9) {
				return false
			}
		}
	}
	return true
}

// Rest is what may be read of a line with ErrGlued or ErrNUL: a line that stands
// behind the part that was cut, or before NULs at its end. sure says that it is
// whole, and that nobody could have asked for it.
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

// IsTag says whether a program that logs under this name, or in a unit of this
// name, is dnsmasq, as far as it answers questions.
func IsTag(tag []byte) bool {
	tag = tag[bytes.LastIndexByte(tag, '/')+1:]
	rest, ok := bytes.CutPrefix(tag, []byte("dnsmasq"))
	if !ok {
		return string(tag) == "pihole-FTL"
	}
	if len(rest) == 0 || rest[0] == '.' || rest[0] == '@' {
		return true
	}
	return bytes.HasSuffix(rest, []byte(".service")) && (rest[0] == '-' || rest[0] == '\\')
}
