package stamp

import "time"

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

// take skips c if it follows, and reports whether it did.
func (r *reader) take(c byte) bool {
	ok := r.at(0) == c
	if ok {
		r.i++
	}
	return ok
}

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
	ok := isWeekday(r.word())
	r.take(',')
	return ok && r.blanks()
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

// digitDate reads the rest of a date after 2026-, up to the time.
func (r *reader) digitDate(year int, sep byte) (ok bool) {
	r.year, r.iso = year, true
	r.i++
	if r.month, ok = r.number(2, 2); !ok || !r.take(sep) || !isYear(year) {
		return false
	}
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

// dottedDate reads the rest of 23.11.2026 or 23.11.26 after the day.
func (r *reader) dottedDate() (ok bool) {
	r.i++
	if r.month, ok = r.number(2, 2); !ok || !r.take('.') {
		return false
	}
	from := r.i
	r.year, ok = r.number(2, 4)
	if r.i-from == 2 {
		r.year += 2000
	}
	r.take(',')
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
	r.day, ok = r.number(1, 2)
	r.take(',')
	return ok && r.blanks() && (r.year != 0 || r.optionalYear())
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

// optionalYear reads a year before the time, if there is one. It returns true.
func (r *reader) optionalYear() bool {
	from := r.i
	if n, ok := r.number(4, 4); ok && isYear(n) && r.blanks() {
		r.year = n
	} else {
		r.i = from
	}
	return true
}

func isYear(n int) bool { return 1970 <= n && n < 2200 }

// dayFirst reads the rest of 23 Nov 2026 after the day.
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
	if r.hour, ok = r.number(1, 2); !ok || !r.take(':') {
		return false
	}
	if r.minute, ok = r.number(2, 2); !ok || !r.take(':') {
		return false
	}
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

// zone reads the zone and the year that may follow the time.
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
