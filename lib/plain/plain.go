// Package plain makes foreign text fit for a terminal, and for one line of a file:
// printable ASCII, of bounded length.
package plain

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Max is the longest text, in bytes.
const Max = 200

// Text returns the first Max bytes of s, with a question mark for each byte that
// is not printable ASCII.
func Text(s string) string {
	b := []byte(s[:min(len(s), Max)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// FirstLine returns the first line of s that is not empty, as Text.
func FirstLine(s string) string {
	for line := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == '\n' || c == '\r' }) {
		return Text(line)
	}
	return ""
}

// Message returns s with an escape, such as \u009b, in place of each character that
// is neither printable nor a line feed or a tab. A terminal obeys some of them: the
// controls of ASCII, those of U+0080 to U+009F, and what turns the direction of text.
func Message(s string) string {
	if isPrintable(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if isFit(r, n) {
			b = append(b, s[:n]...)
		} else {
			quoted := strconv.AppendQuote(nil, s[:n])
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		s = s[n:]
	}
	return string(b)
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isFit(r, n) {
			return false
		}
		i += n
	}
	return true
}

// isFit reports whether a character of n bytes may be printed as it is.
func isFit(r rune, n int) bool {
	return r == '\n' || r == '\t' || strconv.IsPrint(r) && (r != utf8.RuneError || n > 1)
}
