package logfile

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"
)

// A codec is how a segment is stored.
type codec int

const (
	plain codec = iota
	gzipped
	zstandard
	bzipped
	xzipped
	unreadable // compressed in a form that this package cannot read
)

var codecs = map[string]codec{
	".gz": gzipped, ".zst": zstandard, ".bz2": bzipped, ".xz": xzipped,
	".lzma": unreadable, ".lz": unreadable, ".lz4": unreadable,
	".lzo": unreadable, ".Z": unreadable, ".br": unreadable, ".zip": unreadable, ".7z": unreadable,
}

// A rotation is the information in the name of a rotated copy. logrotate numbers
// copies (".7" is older than ".1") or dates them ("-20260207" is older than
// "-20260208").
type rotation struct {
	shape  string // numbered, "-99999999", …; only copies of one shape can be compared
	number int    // of the shape numbered
	date   string // of any other shape
	codec  codec
}

// beingCopied is the suffix that logrotate's renamecopy gives the log while it
// copies it.
const beingCopied = ".tmp"

// numbered is the shape of .1, .2, …
const numbered = "#"

const digits = "0123456789"

// isNumber reports whether s is ".1" to ".99999". More digits are a date.
func isNumber(s string) bool {
	return 2 <= len(s) && len(s) <= 6 && s[0] == '.' && strings.Trim(s[1:], digits) == ""
}

// isDate reports whether s is a date: "-20260208", "-2026020821",
// "-20260208-1770586200", "-1770586200", ".2026-02-08T21:30". It has at least six
// digits: app-2.log is no copy of app.log.
func isDate(s string) bool {
	return strings.ContainsAny(s[:1], "-._") &&
		strings.Trim(s, digits+"-._:TtZz") == "" &&
		strings.Count(shape(s), "9") >= 6
}

// shape returns s with a 9 for every digit.
func shape(s string) string {
	return strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' {
			return '9'
		}
		return c
	}, s)
}

// parseName reads the name of a rotated copy of the log base: base, a number or a
// date, and perhaps the suffix of a compressor. With logrotate's option extension the
// number is before the extension: dnsmasq-20260208.log.gz. ok is false for any other
// name.
func parseName(base, name string) (r rotation, ok bool) {
	suffix, ok := strings.CutPrefix(name, base)
	if ok && suffix != "" {
		return parseSuffix(suffix)
	}
	ext := filepath.Ext(base)
	suffix, ok = strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	if !ok || ext == "" || ext == base {
		return rotation{}, false
	}
	middle, packed, ok := strings.Cut(suffix, ext)
	if !ok || codecs[packed] == plain && packed != "" {
		return rotation{}, false
	}
	return parseSuffix(middle + packed)
}

func parseSuffix(s string) (r rotation, ok bool) {
	r.codec = codecs[filepath.Ext(s)]
	if r.codec != plain {
		s = strings.TrimSuffix(s, filepath.Ext(s))
	}
	switch {
	case s == "":
		return rotation{}, false
	case s == beingCopied && r.codec == plain:
		r.shape = s
	case isNumber(s):
		r.shape = numbered
		r.number, _ = strconv.Atoi(s[1:])
	case isDate(s):
		r.shape, r.date = shape(s), s
	default:
		return rotation{}, false
	}
	return r, true
}

// compare orders rotations of one shape, oldest first.
func (r rotation) compare(o rotation) int {
	return cmp.Or(cmp.Compare(o.number, r.number), strings.Compare(r.date, o.date))
}
