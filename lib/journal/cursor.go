package journal

import "strings"

// ValidCursor says whether token has the form that journald gives its cursors
// (src/libsystemd/sd-journal/sd-journal.c, sd_journal_get_cursor):
//
//	s=4d2bed144de3495486d9015626e0dcb6;i=4;b=6e47a4f2c5044f5495574cc985fed1b1;m=ead81f86;t=660ed0cf23778;x=8a2087d78bf24524
//
// all of it hexadecimal; s and b have 32 digits. journalctl takes less for a
// cursor, and fails with what is damaged for ever.
func ValidCursor(token string) bool {
	for i, name := range []string{"s=", "i=", "b=", "m=", "t=", "x="} {
		value, ok := strings.CutPrefix(token, name)
		if !ok {
			return false
		}
		value, token, ok = strings.Cut(value, ";")
		isID := name == "s=" || name == "b="
		if ok != (i < 5) || !isHex(value) || isID && len(value) != 32 || len(value) > 32 {
			return false
		}
	}
	return true
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}
