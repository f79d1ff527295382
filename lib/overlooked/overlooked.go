// Package overlooked counts, by reason, lines that look like the wanted ones and
// were not counted, and keeps the first line of each reason.
package overlooked

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"egress-monitor/lib/unpack"
)

// Lines counts overlooked lines, by reason.
type Lines struct {
	Place func() string // returns the place of the current line

	reasons map[string]*reason
	order   []*reason // as they came
	last    *reason
	total   int
	tried   int    // lines that were compared with others' logs
	known   string // which of these they are
	packed  string // the place at which compressed data follows lines
	host    string // one whose lines were left out
}

type reason struct {
	what  string
	lines int
	place string
	first string
}

// maxReasons bounds the memory: lines of further reasons only count in the total.
const maxReasons = 64

// Count counts a line for the reason that key names. Of the first such line, what
// describes the reason, and what to do about it, as in "with the prefix X
// (--prefix=X)".
func (l *Lines) Count(key, line []byte, what func() string) {
	if l.last = l.reasons[string(key)]; l.last == nil && len(l.reasons) < maxReasons {
		if l.reasons == nil {
			l.reasons = map[string]*reason{}
		}
		l.last = &reason{what: what(), place: l.Place(), first: Printable(line)}
		l.reasons[string(key)] = l.last
		l.order = append(l.order, l.last)
	}
	l.Again()
}

// Again counts another line for the same reason as the last.
func (l *Lines) Again() {
	l.total++
	if l.last != nil {
		l.last.lines++
	}
}

// Rejected takes a line that could not be read. It notes the place of the first at which
// data begins that package unpack can read, as of cat LOG LOG.1.gz.
func (l *Lines) Rejected(line []byte) {
	if l.packed == "" && unpack.IsPacked(line) {
		l.packed = l.Place()
	}
}

// Err returns an error if compressed data that was not read follows lines, or if no
// line was counted. nothing is the text of the second error, such as "no line was
// counted", and otherwise is added to it if the reason is not known.
func (l *Lines) Err(nothing, otherwise string) error {
	switch hint := l.hint(); {
	case l.packed != "":
		return errors.New(l.packed + ": compressed data from here on: give the files as arguments, or what zcat -f FILES prints")
	case nothing != "" && hint != "":
		return errors.New(nothing + ": " + hint)
	case nothing != "":
		return errors.New(nothing + otherwise)
	}
	return nil
}

// maxReported is how many reasons Report describes. The others it only counts.
const maxReported = 5

// Report warns of each reason in a line, the most frequent first.
func (l *Lines) Report(warn func(format string, args ...any)) {
	slices.SortStableFunc(l.order, func(a, b *reason) int { return b.lines - a.lines })
	reported := 0
	for _, r := range l.order[:min(len(l.order), maxReported)] {
		reported += r.lines
		warn("not counted: %s %s; the first is %s: %s", lines(r.lines), r.what, r.place, r.first)
	}
	if rest := l.total - reported; rest > 0 {
		warn("not counted: %s more, for other reasons", lines(rest))
	}
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return thousands(n) + " lines"
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Printable quotes a line, or the beginning of it.
func Printable(line []byte) string { return Quote(line, 160) }

// Quote quotes text, or its first bytes if it has more than most.
func Quote[T string | []byte](text T, most int) string {
	if len(text) > most {
		return fmt.Sprintf("%+q…", text[:most])
	}
	return fmt.Sprintf("%+q", text)
}

// Shell quotes a word for a shell of POSIX, so that nothing in it acts, neither there
// nor on the terminal that shows it: printf makes words that are not printable.
func Shell(word string) string {
	if strings.ContainsFunc(word, func(c rune) bool { return !strconv.IsPrint(c) || c == utf8.RuneError }) {
		return "\"$(printf '" + octal(word) + "')\""
	}
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@+") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// octal returns a word as a format of printf(1), in which only printable ASCII that
// does not act is left as it is.
func octal(word string) string {
	var b []byte
	for _, c := range []byte(word) {
		switch {
		case c == '%':
			b = append(b, "%%"...)
		case c < ' ' || c > '~' || strings.IndexByte(`'\-!`, c) >= 0: // of options, of bash's history
			b = fmt.Appendf(b, `\%03o`, c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
