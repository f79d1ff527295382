// Package stamp reads the time stamps that logs begin their lines with, as
// seconds since 1970: those of ISO 8601, of systemd, and of syslog.
//
// Syslog's (RFC 3164 §4.1.2; glibc's vsyslog, rsyslog, journalctl -o short,
// dnsmasq's log file) is 15 bytes of local time, without a year and a zone:
//
//	Nov 23 08:05:00
//	Nov  3 08:05:00
//	Nov 03 08:05:00    journalctl
//
// The zone is the Clock's. The year is the latest one that puts the stamp at most a
// day after the Clock's Now: so a log is read right until it is a year old, also if
// its writer's clock is ahead, or in another zone. In autumn, when clocks are set back, an hour comes
// twice: a stamp belongs to the first of the two until the stamps have gone
// backwards. Guesses that may be wrong are reported: see Doubt.
package stamp

import "time"

// Len is the length of a stamp of syslog.
const Len = len("Jan _2 15:04:05")

const (
	// slack is the most by which stamps go backwards although no clock was set: two
	// writers, or two threads of one, do not always write in order.
	slack = 5

	// leeway is the most by which a stamp may be later than Now without a Doubt: clocks
	// differ a little, and are corrected.
	leeway = 60

	// ahead is the most by which a stamp may be later than Now. Zones are up to 26
	// hours apart, but a log is not read at the other end of the world within two
	// hours.
	ahead = 86400
)

// A Clock reads the stamps of one log, in their order.
type Clock struct {
	Location *time.Location // nil is the zone of the process (TZ)
	Now      time.Time      // when the log is read; the zero Time is the wall clock

	// Doubt, if there is one, is told of the first guess of each kind that may
	// be wrong.
	Doubt func(Doubt)

	// Last is the stamp that was read last, 0 for none. It decides which of
	// two hours is meant when clocks are set back. A program that reads a log in
	// several runs may keep it between them.
	Last int64

	minute        [12]byte // "Nov 23 08:05", the minute of the last stamp
	known         bool     // for all seconds of that minute:
	first, second int64    // when it began, or the two times it did
	last          dated    // the minute of the last stamp with a year,
	lastAt        [2]int64 // and when it began
	now           int64    // Now, and the leeway
	before        int64    // the last stamp whose year was guessed
	doubted       [kinds]bool
	emptyTZ       bool // Location is UTC because TZ is empty
}

// Unix reads the stamp that b begins with. A log has many lines in a minute:
// only the first of them costs more than a comparison.
func (c *Clock) Unix(b []byte) (unix int64, ok bool) {
	if len(b) < Len || b[12] != ':' {
		return 0, false
	}
	sec, ok := digits(b[13:15])
	if !ok || sec > 59 {
		return 0, false
	}
	if (!c.known || [12]byte(b) != c.minute) && !c.find(b, sec) {
		return 0, false
	}
	return c.choose(c.first, c.second, sec), true
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

// find works out when the minute of a stamp began.
func (c *Clock) find(b []byte, sec int64) bool {
	c.known = false
	m, ok := month(b)
	day, ok2 := digits(b[4:6])
	hour, ok3 := digits(b[7:9])
	min, ok4 := digits(b[10:12])
	if !ok || !ok2 || !ok3 || !ok4 || day == 0 || hour > 23 || min > 59 || b[3] != ' ' || b[6] != ' ' || b[9] != ':' {
		return false
	}
	c.minute = [12]byte(b)
	var edge bool
	c.first, c.second, edge, ok = c.guess(m, int(day), int(hour), int(min), sec, c.location())
	c.known = ok && !edge
	if ok {
		c.assumeZone(c.first + sec)
	}
	return ok
}

func (c *Clock) location() *time.Location {
	if c.Location == nil {
		return time.Local
	}
	return c.Location
}

// guess works out in which year a minute began, for a second of it: the two
// times it may have, and whether the year may be another for another second.
func (c *Clock) guess(m time.Month, day, hour, min int, sec int64, loc *time.Location) (first, second int64, edge, ok bool) {
	c.setNow()
	limit := c.now - leeway + ahead
	year := time.Unix(limit, 0).In(loc).Year()
	leapDay := m == time.February && day == 29
	for y := year; y > year-9; y-- { // Feb 29 of 2096 is followed by that of 2104
		if day > daysIn(y, m) {
			continue
		}
		first, second = instants(time.Date(y, m, day, hour, min, 0, 0, loc))
		if first+sec <= limit {
			c.judge(first + sec)
			if leapDay && y < year-1 {
				c.doubt(Doubt{LeapDay, first + sec, 0})
			}
			return first, second, edge || limit < first+59, true
		}
		edge = edge || first <= limit
	}
	return 0, 0, false, false
}

func (c *Clock) setNow() { c.now = c.Present() + leeway }

// A dated is a minute that a clock on the wall shows.
type dated struct{ year, month, day, hour, minute int }

// instants returns when a minute began in the Clock's zone. Most lines are of the minute
// of the line before them (7 % of dnsparse for stamps with a year and no zone).
func (c *Clock) instants(d dated) (first, second int64) {
	if d != c.last {
		c.last = d
		c.lastAt[0], c.lastAt[1] = instants(time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, 0, 0, c.location()))
	}
	if first, second = c.lastAt[0], c.lastAt[1]; second != first {
		c.setNow() // see choose
	}
	return first, second
}

// instants returns the times at which the clock on the wall shows the same as at t:
// mostly t alone, but two times where clocks were set back.
func instants(t time.Time) (first, second int64) {
	first = t.Unix()
	second = first
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	for _, edge := range []time.Time{start.Add(-1), end} {
		if edge.IsZero() || start.IsZero() && edge.Before(t) {
			continue // the zone has no other side
		}
		_, other := edge.Zone()
		u := t.Add(time.Duration(offset-other) * time.Second)
		if _, o := u.Zone(); o == other {
			first, second = min(first, u.Unix()), max(second, u.Unix())
		}
	}
	return first, second
}

func daysIn(year int, m time.Month) int {
	return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// month reads the name of a month as the C locale has it.
func month(b []byte) (time.Month, bool) {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(names); i += 3 {
		if string(b[:3]) == names[i:i+3] {
			return time.Month(i/3 + 1), true
		}
	}
	return 0, false
}

// digits reads two digits, the first of which may be a space.
func digits(b []byte) (n int64, ok bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	if b[0] == ' ' {
		tens = 0
	}
	return int64(tens)*10 + int64(ones), tens <= 9 && ones <= 9
}

// Present returns Now, or the time of the wall clock if Now is not set.
func (c *Clock) Present() int64 {
	if c.Now.IsZero() {
		return time.Now().Unix()
	}
	return c.Now.Unix()
}
