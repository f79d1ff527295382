package stamp

import "errors"

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
