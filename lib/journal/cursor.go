package journal

import (
	"strconv"
	"strings"
)

// A Cursor holds the parts of journald's cursor of an entry
// (src/libsystemd/sd-journal/sd-journal.c, sd_journal_get_cursor):
//
//	s=4d2bed144de3495486d9015626e0dcb6;i=4;b=6e47a4f2c5044f5495574cc985fed1b1;m=ead81f86;t=660ed0cf23778;x=8a2087d78bf24524
//
// All of it is hexadecimal. s and i are the journal's own numbers: they are
// others for the same entry once a volatile journal was made persistent. The
// entry itself has the boot, the time since it began, and the wall clock's
// time, both in microseconds. Newer versions may add fields.
type Cursor struct {
	Boot string // 32 digits
	Mono int64  // since that boot
	Real int64  // since 1970
}

// ParseCursor reads the fields of a cursor that tell the entry. A cursor
// without a boot has a time only.
func ParseCursor(token string) (c Cursor, ok bool) {
	values := map[string]string{}
	for field := range strings.SplitSeq(token, ";") {
		name, value, ok := strings.Cut(field, "=")
		if _, twice := values[name]; !ok || twice || !isFieldName(name) {
			return Cursor{}, false
		}
		values[name] = value
	}
	boot, hasBoot := values["b"]
	mono, hasMono := values["m"]
	c.Boot = boot
	var okReal, okMono bool
	c.Real, okReal = micros(values["t"])
	c.Mono, okMono = micros(mono)
	isBoot := len(boot) == 32 && isHex(boot)
	return c, okReal && hasBoot == hasMono && (!hasBoot || isBoot && okMono)
}

func isFieldName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func micros(digits string) (n int64, ok bool) {
	n, err := strconv.ParseInt(digits, 16, 64)
	return n, err == nil && isHex(digits)
}

// ValidCursor reports whether token has the form of journald's cursors.
// journalctl accepts less, and a damaged one makes it fail for ever.
func ValidCursor(token string) bool {
	for _, name := range []string{"s=", "i=", "b=", "m=", "t=", "x="} {
		value, ok := strings.CutPrefix(token, name)
		if !ok {
			return false
		}
		value, token, ok = strings.Cut(value, ";")
		isID := name == "s=" || name == "b="
		if ok != (token != "") || !isHex(value) || isID && len(value) != 32 || len(value) > 32 {
			return false
		}
	}
	for token != "" { // fields of newer versions
		var field string
		field, token, _ = strings.Cut(token, ";")
		name, value, ok := strings.Cut(field, "=")
		if !ok || !isFieldName(name) || value == "" {
			return false
		}
	}
	return true
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}
