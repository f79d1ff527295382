// Package plain makes foreign text fit for a terminal and for one line of a file:
// printable ASCII, of bounded length.
package plain

import "strings"

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
