// Package overlooked remembers lines that look like what is wanted and were not
// counted: how many for which reason, and one of them.
package overlooked

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lines counts such lines, by reason.
type Lines struct {
	reasons map[string]*reason
	order   []*reason // as they came
	last    *reason
	total   int
	tried   int    // lines that were compared with others' logs
	known   string // which of these they are
	host    string // one whose lines were left out
}

type reason struct {
	what  string
	lines int
	place string
	first string
}

// maxReasons bounds what is remembered: what is beyond is only counted.
const maxReasons = 64

// Count counts a line, and says whether there was one of that reason before.
func (l *Lines) Count(key []byte) (known bool) {
	l.total++
	l.last = l.reasons[string(key)]
	if l.last != nil {
		l.last.lines++
	}
	return l.last != nil || len(l.reasons) == maxReasons
}

// Again counts another line of the reason of the last one.
func (l *Lines) Again() {
	l.total++
	if l.last != nil {
		l.last.lines++
	}
}

// Add says what the lines of a new reason are, and what to do, as in "with the
// prefix X (--prefix=X)"; and where the first stands.
func (l *Lines) Add(key []byte, what, place string, line []byte) {
	if l.reasons == nil {
		l.reasons = map[string]*reason{}
	}
	l.last = &reason{what, 1, place, Printable(line)}
	l.reasons[string(key)] = l.last
	l.order = append(l.order, l.last)
}

// Total is how many there were.
func (l *Lines) Total() int { return l.total }

// maxSaid is of how many reasons more is said than their number.
const maxSaid = 5

// Report says what there was, the most frequent first, a line each.
func (l *Lines) Report(warn func(format string, args ...any)) {
	slices.SortStableFunc(l.order, func(a, b *reason) int { return b.lines - a.lines })
	said := 0
	for _, r := range l.order[:min(len(l.order), maxSaid)] {
		said += r.lines
		warn("not counted: %s %s; the first is %s: %s", lines(r.lines), r.what, r.place, r.first)
	}
	if rest := l.total - said; rest > 0 {
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
func Printable(line []byte) string {
	const most = 160
	if len(line) > most {
		return fmt.Sprintf("%+q…", line[:most])
	}
	return fmt.Sprintf("%+q", line)
}

// Shell quotes a word for a shell.
func Shell(word string) string {
	for _, c := range word {
		if c < ' ' || c == '\'' || c == 0x7f || c == utf8.RuneError {
			return fmt.Sprintf("%+q", word)
		}
	}
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@+") == "" {
		return word
	}
	return "'" + word + "'"
}
