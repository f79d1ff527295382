package stamp

import (
	"errors"
	"time"
)

// A Stamp is a stamp that Read has read.
type Stamp struct {
	Unix  int64
	Len   int
	Form  Form
	Comma bool // before its fraction, as dmesg has it
	Short bool // without a day of the week, as syslog has it
	Nanos bool // more than six digits of a fraction: syslog has no more (RFC 5424 §6), containers do
}

// A Form tells which parts a stamp has.
type Form uint8

// Seconds since 1970; a date with a year and a zone; one without a zone; one
// without a year.
const (
	Epoch Form = iota
	Exact
	Dated
	Undated
)

// Errors of Read.
var (
	ErrNone = errors.New("no time stamp")
	ErrZone = errors.New("a time zone of many meanings or of none (set TZ to the zone of the sender)")
	ErrTime = errors.New("time stamp cannot be read")
)

// Read reads the stamp that b begins with, in any of the forms that logs have:
//
//	1795421100.980088                       journalctl -o short-unix
//	2026-11-23T08:05:00.980088+00:00        ISO 8601, see ISO; also a blank for T, no zone, hours alone as zone
//	2026/11/23 08:05:00                     slashes
//	Mon 2026-11-23 08:05:00 CET             journalctl -o short-full, with-unit, verbose
//	Nov 23 08:05:00                         syslog; also with a fraction, one blank for two, a zone
//	Mon Nov 23 08:05:00 2026                ctime: logread, dmesg -T
//	Mon Nov 23 08:05:00 UTC 2026            date
//	Nov 23 2026 08:05:00, 2026 Nov 23 08:05:00, 23 Nov 2026 08:05:00, 23/Nov/2026:08:05:00 +0000
//	23.11.2026 08:05:00, 23.11.26 08:05:00  German
//	2026-11-23_08:05:00.12345, 2026-11-23T08:05:00.12345  svlogd -tt and -ttt (runit, src/fmt_ptime.c): UTC
//
// A tab may replace each blank, and AM or PM may follow the time.
// Days of the week may be of any language, months of those in month.go. The
// second 60 is the one after 59. Where a wall clock cannot have shown such a
// time, ErrTime is returned; where there is no stamp, ErrNone.
func (c *Clock) Read(b []byte) (Stamp, error) {
	if s, ok := c.usual(b); ok {
		return s, nil
	}
	return c.any(b)
}

// usual is any for the stamps that most lines have: those of ISO 8601, and syslog's
// before a word that is neither a zone nor a year. (Without it dnsparse takes 45 % more
// time for the lines of rsyslog.)
func (c *Clock) usual(b []byte) (s Stamp, ok bool) {
	if len(b) <= isoLen || b[Len] == ' ' && !isPlain(b[Len+1:]) {
		return s, false
	}
	switch {
	case b[10] == 'T':
		if s.Unix, s.Len, ok = ISO(b); !ok || s.Len == len(b) || b[s.Len] != ' ' {
			return s, false
		}
		s.Form, s.Comma, s.Nanos = Exact, b[isoLen] == ',', HasNanos(b[isoLen:s.Len])
		c.question(&s, false)
	case b[Len] == ' ' && b[10] != ' ' && b[13] != ' ':
		if s.Unix, ok = c.Unix(b); !ok {
			return s, false
		}
		s.Form, s.Len = Undated, Len
		c.checkAhead(s.Unix)
	}
	s.Short = true
	return s, ok
}

// HasNanos reports whether b, what follows the seconds, is a fraction of more than six
// digits.
func HasNanos(b []byte) bool {
	const micros = len(".123456")
	if len(b) <= micros || b[micros]-'0' > 9 {
		return false
	}
	for _, c := range b[1:micros] {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// isPlain reports whether b, of two bytes at least, begins with a word that Read
// takes for no part of a stamp. It does not know all of these words.
func isPlain(b []byte) bool {
	return 'a' <= b[0] && b[0] < 'z' || 'A' <= b[0] && b[0] <= 'Z' && ('a' <= b[1] && b[1] <= 'z' || b[1]-'0' <= 9)
}

// any reads a stamp of any form.
func (c *Clock) any(b []byte) (Stamp, error) {
	if len(b) == 0 {
		return Stamp{}, ErrNone
	}
	if unix, n, ok := Seconds(b); ok {
		s := Stamp{Unix: unix, Len: n, Form: Epoch}
		c.question(&s, false)
		return s, nil
	}
	r := reader{b: b}
	s := Stamp{Short: true}
	day := len(b) > 3 && IsEnglishDay(b[:3]) // then it is no month in any language
	if day || !r.date() {
		if r = (reader{b: b}); !r.weekday() || !r.date() {
			return Stamp{}, ErrNone
		}
		s.Short = false
	}
	if !r.time() {
		return Stamp{}, ErrNone
	}
	r.zone(c, s.Short)
	s.Len, s.Comma, s.Nanos = r.i, r.comma, r.fraction > 6
	if r.badZone {
		return s, ErrZone
	}
	if !r.valid() {
		return s, ErrTime
	}
	var ok bool
	if s.Unix, s.Form, ok = r.unix(c); !ok {
		return s, ErrTime
	}
	c.question(&s, r.croatian)
	return s, nil
}

// Seconds reads seconds since 1970, of nine digits or more, with a fraction; n is their
// length.
func Seconds(b []byte) (unix int64, n int, ok bool) {
	for n < len(b) && n <= 12 && b[n]-'0' <= 9 {
		unix = unix*10 + int64(b[n]-'0')
		n++
	}
	if n < 9 || n > 12 || n == len(b) || b[n] != '.' {
		return 0, 0, false
	}
	end := n + 1
	for end < len(b) && b[end]-'0' <= 9 {
		end++
	}
	return unix, end, end > n+1
}

// A reader reads the parts of a stamp from left to right.
type reader struct {
	b []byte
	i int

	year, month, day     int // year 0 is not known
	hour, minute, second int
	comma                bool
	croatian             bool // the month may be another one in Croatian
	iso                  bool // the date is of digits
	sep                  byte // between such a date and the time
	fraction             int  // digits of the fraction of a second
	zoned, badZone       bool
	offset               int64  // of the zone
	name                 []byte // or its name, if it is the Clock's
}

func (r *reader) at(k int) byte {
	if r.i+k < len(r.b) {
		return r.b[r.i+k]
	}
	return 0
}

// blanks skips blanks, and reports whether there were any.
func (r *reader) blanks() bool {
	from := r.i
	for isBlank(r.at(0)) {
		r.i++
	}
	return r.i > from
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// number reads a number of low to high digits.
func (r *reader) number(low, high int) (n int, ok bool) {
	from := r.i
	for r.i-from < high && r.at(0)-'0' <= 9 {
		n = n*10 + int(r.at(0)-'0')
		r.i++
	}
	return n, r.i-from >= low && r.at(0)-'0' > 9
}

// word reads up to the next blank, colon, comma, slash, dash or digit.
func (r *reader) word() []byte {
	from := r.i
	for c := r.at(0); c > ' ' && c != ':' && c != ',' && c != '/' && c != '-' && c-'0' > 9; c = r.at(0) {
		r.i++
	}
	return r.b[from:r.i]
}

// weekday reads a day of the week, up to the date.
func (r *reader) weekday() bool {
	if !isWeekday(r.word()) {
		return false
	}
	if r.at(0) == ',' {
		r.i++
	}
	return r.blanks()
}

// date reads a date, up to the time.
func (r *reader) date() bool {
	if r.at(0)-'0' > 9 || r.cjk() {
		return r.monthFirst()
	}
	from := r.i
	n, ok := r.number(1, 4)
	digits := r.i - from
	switch sep := r.at(0); {
	case !ok:
		return false
	case digits == 4 && (sep == '-' || sep == '/'):
		return r.digitDate(n, sep)
	case digits == 4 && isBlank(sep): // 2026 Nov 23
		r.year = n
		r.blanks()
		return isYear(n) && r.monthFirst()
	case digits == 2 && sep == '.' && r.at(1)-'0' <= 9: // 23.11.2026
		r.day = n
		return r.dottedDate()
	case digits <= 2 && (isBlank(sep) || sep == '-' || sep == '/'): // 23 Nov 2026
		r.day = n
		return r.dayFirst(sep)
	}
	return false
}

// cjk reports whether a month in digits follows, as in 11月.
func (r *reader) cjk() bool {
	k := 0
	for r.at(k)-'0' <= 9 {
		k++
	}
	return k <= 2 && r.at(k) >= 0x80
}

// digitDate reads what follows 2026- up to the time.
func (r *reader) digitDate(year int, sep byte) (ok bool) {
	r.year, r.iso = year, true
	r.i++
	if r.month, ok = r.number(2, 2); !ok || r.at(0) != sep || !isYear(year) {
		return false
	}
	r.i++
	if r.day, ok = r.number(2, 2); !ok {
		return false
	}
	if c := r.at(0); c == 'T' || c == 't' || c == '_' || c == '-' {
		r.sep = c
		r.i++
		return true
	}
	return r.blanks()
}

// dottedDate reads what follows the 23 of 23.11.2026 or 23.11.26.
func (r *reader) dottedDate() (ok bool) {
	r.i++
	if r.month, ok = r.number(2, 2); !ok || r.at(0) != '.' {
		return false
	}
	r.i++
	from := r.i
	r.year, ok = r.number(2, 4)
	if r.i-from == 2 {
		r.year += 2000
	}
	if r.at(0) == ',' {
		r.i++
	}
	return ok && isYear(r.year) && r.blanks()
}

// monthFirst reads Nov 23, and a year if there is one.
func (r *reader) monthFirst() (ok bool) {
	from := r.i
	if r.cjk() {
		for r.at(0)-'0' <= 9 {
			r.i++
		}
	}
	r.word()
	if r.month, ok = r.monthNamed(r.b[from:r.i]); !ok || !r.blanks() {
		return false
	}
	if r.day, ok = r.number(1, 2); !ok {
		return false
	}
	if r.at(0) == ',' {
		r.i++
	}
	if !r.blanks() {
		return false
	}
	return r.year != 0 || r.optionalYear()
}

// monthNamed returns the number of a month.
func (r *reader) monthNamed(name []byte) (n int, ok bool) {
	if len(name) == 3 {
		if m, ok := month(name); ok {
			return int(m), true
		}
	}
	m, ok := anyMonth(name)
	r.croatian = isCroatian(name)
	return int(m), ok
}

// optionalYear reads a year before the time, if there is one.
func (r *reader) optionalYear() bool {
	from := r.i
	if n, ok := r.number(4, 4); ok && isYear(n) && r.blanks() {
		r.year = n
		return true
	}
	r.i = from
	return true
}

func isYear(n int) bool { return 1970 <= n && n < 2200 }

// dayFirst reads what follows the 23 of 23 Nov 2026.
func (r *reader) dayFirst(sep byte) bool {
	if r.i++; isBlank(sep) {
		r.blanks()
	}
	var ok bool
	if r.month, ok = r.monthNamed(r.word()); !ok || r.at(0) != sep {
		return false
	}
	if r.i++; isBlank(sep) {
		r.blanks()
		return r.optionalYear()
	}
	if r.year, ok = r.number(4, 4); !ok || !isYear(r.year) || r.at(0) != ' ' && r.at(0) != ':' {
		return false
	}
	r.i++
	return true
}

// time reads 08:05:00, and a fraction.
func (r *reader) time() (ok bool) {
	if r.hour, ok = r.number(1, 2); !ok || r.at(0) != ':' {
		return false
	}
	r.i++
	if r.minute, ok = r.number(2, 2); !ok || r.at(0) != ':' {
		return false
	}
	r.i++
	if r.second, ok = r.number(2, 2); !ok {
		return false
	}
	if c := r.at(0); (c == '.' || c == ',') && r.at(1)-'0' <= 9 {
		r.comma = c == ','
		for r.i++; r.at(0)-'0' <= 9; r.i++ {
			r.fraction++
		}
	}
	r.half()
	return true
}

// half reads AM or PM. In lower case it may be a host.
func (r *reader) half() {
	k := 0
	if isBlank(r.at(0)) {
		k = 1
	}
	c := r.at(k)
	if c != 'A' && c != 'P' || r.at(k+1) != 'M' || r.at(k+2) > ' ' && r.at(k+2) != ']' || r.hour < 1 || r.hour > 12 {
		return
	}
	if r.i += k + 2; r.hour == 12 {
		r.hour = 0
	}
	if c == 'P' {
		r.hour += 12
	}
}

// zone reads what may follow the time: a zone, a year.
func (r *reader) zone(c *Clock, short bool) {
	if r.zoneOffset() {
		return
	}
	if r.sep == '_' || r.sep == 'T' && r.fraction == 5 { // svlogd's
		r.zoned = true
		return
	}
	from := r.i
	if !r.blanks() {
		return
	}
	if r.zoneOffset() || r.zoneName(c, short) {
		from = r.i
		r.blanks()
	}
	if r.year == 0 {
		if n, ok := r.number(4, 4); ok && isYear(n) && (r.at(0) <= ' ' || r.at(0) == ']' || r.at(0) == ':' && r.at(1) <= ' ') {
			r.year = n
			return
		}
	}
	r.i = from
}

// zoneOffset reads Z, +hh:mm, +hhmm or +hh.
func (r *reader) zoneOffset() bool {
	rest := r.b[r.i:]
	if len(rest) > 0 && rest[0] == 'z' {
		rest = []byte("Z")
	}
	seconds, n, ok := offset(rest)
	if !ok && len(rest) >= 3 && (rest[0] == '+' || rest[0] == '-') {
		var hour int64
		if hour, ok = two(rest[1:3]); ok && hour < 24 {
			if seconds, n = hour*3600, 3; rest[0] == '-' {
				seconds = -seconds
			}
		}
	}
	if !ok || r.at(n)-'0' <= 9 || n == 1 && isLetter(r.at(1)) {
		return false
	}
	r.i += n
	r.zoned, r.offset = true, seconds
	return true
}

// zoneName reads the name of a zone. Between weekday, date, time and host there
// is always one; elsewhere the word may be the host.
func (r *reader) zoneName(c *Clock, short bool) bool {
	from := r.i
	for isLetter(r.at(0)) && r.at(0) < 'a' {
		r.i++
	}
	name := r.b[from:r.i:r.i]
	if r.at(0) > ' ' || len(name) == 0 {
		r.i = from
		return false
	}
	if minutes, ok := abbreviations[string(name)]; ok {
		r.zoned, r.offset = true, minutes*60
	} else if loc := c.location(); hasAbbreviation(loc, name, r.year) {
		r.name = name
	} else if r.iso && !short || isAmbiguous(name) {
		r.badZone = true
	} else {
		r.i = from
		return false
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func (r *reader) valid() bool {
	return 0 < r.month && r.month <= 12 && 0 < r.day && r.day <= 31 && r.hour < 24 && r.minute < 60 && r.second <= 60 &&
		(r.year == 0 || r.day <= daysIn(r.year, time.Month(r.month)))
}

// unix returns the instant that was read.
func (r *reader) unix(c *Clock) (unix int64, form Form, ok bool) {
	sec, m := int64(r.second), time.Month(r.month)
	if r.year == 0 {
		loc := c.location()
		if r.zoned {
			loc = time.FixedZone("", int(r.offset))
		}
		first, second, _, ok := c.guess(m, r.day, r.hour, r.minute, sec, loc)
		if ok && !r.zoned {
			c.assumeZone(first + sec)
		}
		return c.choose(first, second, sec), Undated, ok
	}
	if r.zoned {
		return time.Date(r.year, m, r.day, r.hour, r.minute, r.second, 0, time.UTC).Unix() - r.offset, Exact, true
	}
	first, second := c.instants(dated{r.year, r.month, r.day, r.hour, r.minute})
	if r.name == nil {
		c.assumeZone(first + sec)
		return c.choose(first, second, sec), Dated, true
	}
	for _, unix := range [...]int64{first, second} {
		if name, _ := time.Unix(unix, 0).In(c.location()).Zone(); name == string(r.name) {
			return unix + sec, Exact, true
		}
	}
	return 0, Exact, false
}

// choose returns the second of a minute that began at one of two times.
func (c *Clock) choose(first, second, sec int64) (unix int64) {
	unix = first + sec
	if second != first && unix < c.Last-slack && second+sec <= c.now {
		unix = second + sec
	}
	c.Last = unix
	return unix
}

// hasAbbreviation reports whether a zone has this name at some time of the year.
func hasAbbreviation(loc *time.Location, name []byte, year int) bool {
	if year == 0 {
		year = time.Now().Year()
	}
	for m := time.January; m <= time.December; m++ {
		if n, _ := time.Date(year, m, 15, 0, 0, 0, 0, loc).Zone(); n == string(name) {
			return true
		}
	}
	return false
}
