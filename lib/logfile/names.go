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
	unreadable // compressed in a way that we cannot undo
)

var codecs = map[string]codec{
	".gz": gzipped, ".zst": zstandard, ".bz2": bzipped,
	".xz": unreadable, ".lzma": unreadable, ".lz": unreadable, ".lz4": unreadable,
	".lzo": unreadable, ".Z": unreadable, ".br": unreadable, ".zip": unreadable, ".7z": unreadable,
}

// A rotation is what the name of a rotated copy says, in the order in which
// logrotate numbers (".7" is older than ".1") or dates them ("-20260207" is
// older than "-20260208").
type rotation struct {
	shape  string // copies of one shape can be compared: numbered, "-99999999", …
	number int    // of those that are numbered
	date   string // of any other shape
	codec  codec
}

// beingCopied is the end of the name that logrotate's renamecopy gives the log
// until the copy of it is made.
const beingCopied = ".tmp"

// numbered is the shape of .1, .2, …
const numbered = "#"

const digits = "0123456789"

// isNumber: ".1" to ".99999"; more digits are a date.
func isNumber(s string) bool {
	return 2 <= len(s) && len(s) <= 6 && s[0] == '.' && strings.Trim(s[1:], digits) == ""
}

// isDate: "-20260208", "-2026020821", "-20260208-1770586200", "-1770586200",
// ".2026-02-08T21:30". Six digits at least: app-2.log is no copy of app.log.
func isDate(s string) bool {
	return strings.ContainsAny(s[:1], "-._") &&
		strings.Trim(s, digits+"-._:TtZz") == "" &&
		strings.Count(shape(s), "9") >= 6
}

// shape is s with every digit as a 9.
func shape(s string) string {
	return strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' {
			return '9'
		}
		return c
	}, s)
}

// parseName says whether name is that of a rotated copy of the log base:
// base, a number or a date, and perhaps a compressor's suffix. With logrotate's
// extension option the number stands before the extension: dnsmasq-20260208.log.gz.
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
