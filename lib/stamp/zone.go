package stamp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Local returns the zone of this process, as TZ names it: nil if TZ is not set,
// which is the system's.
func Local() (*time.Location, error) {
	tz, ok := os.LookupEnv("TZ")
	if !ok {
		return nil, nil
	}
	loc, err := Zone(tz)
	if err != nil {
		return nil, fmt.Errorf("TZ: %w", err)
	}
	return loc, nil
}

// Zone returns the zone that a value of TZ names, read as glibc does (tzset(3),
// time/tzset.c): nothing is UTC; otherwise a file, below TZDIR or
// /usr/share/zoneinfo if its path is not absolute; otherwise the rules
// themselves, in the form of POSIX:
//
//	CET-1CEST,M3.5.0,M10.5.0/3
//	<+0330>-3:30
//
// A colon in front is allowed. glibc takes anything else for UTC, in silence;
// here that is an error.
func Zone(tz string) (*time.Location, error) {
	name := strings.TrimPrefix(tz, ":")
	if name == "" {
		return time.UTC, nil
	}
	loc, err := zoneFile(name)
	if err == nil {
		return loc, nil
	}
	if rules := posix(name); rules != "" {
		return fromRules(name, rules)
	}
	if errors.Is(err, fs.ErrNotExist) && isKnown(name) {
		return nil, fmt.Errorf("%q: the system has no data of that zone (package tzdata)", tz)
	}
	return nil, fmt.Errorf("%q: there is no such time zone", tz)
}

// zoneFile reads the zone from a file of tzdata.
func zoneFile(name string) (*time.Location, error) {
	path := name
	if !filepath.IsAbs(path) {
		dir := os.Getenv("TZDIR")
		if dir == "" {
			dir = "/usr/share/zoneinfo"
		}
		path = filepath.Join(dir, name)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, data)
}

// isKnown reports whether a name has the form of those in tzdata, Area/City.
func isKnown(name string) bool {
	area, _, ok := strings.Cut(name, "/")
	return ok && strings.Contains(" Africa America Antarctica Arctic Asia Atlantic Australia Brazil Canada Chile Etc Europe Indian Mexico Pacific US ", " "+area+" ")
}

// fromRules returns the zone of rules in POSIX form. They are the last line of
// each file of tzdata (RFC 8536 §3.3), so fromRules makes a file of nothing
// else.
func fromRules(name, rules string) (*time.Location, error) {
	std, west := standard(rules)
	var data []byte
	for range 2 { // once for readers of version 1
		data = append(data, "TZif2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		for _, n := range [...]int{0, 0, 0, 0, 1, len(std) + 1} {
			data = binary.BigEndian.AppendUint32(data, uint32(n))
		}
		data = binary.BigEndian.AppendUint32(data, uint32(int32(-west)))
		data = append(data, 0, 0)
		data = append(append(data, std...), 0)
	}
	data = append(append(append(data, '\n'), rules...), '\n')
	return time.LoadLocationFromTZData(name, data)
}

// standard returns the name of the zone outside of summer, and how many seconds
// it is west of Greenwich. The rules are valid.
func standard(rules string) (name string, west int) {
	p := rulesReader{rest: rules}
	name = p.name()
	return name, p.clock(24)
}

// posix returns rules in POSIX form, with what they may leave out, or "" if
// they are not in that form.
func posix(tz string) string {
	p := rulesReader{rest: tz}
	p.name()
	p.clock(24)
	if p.bad {
		return ""
	}
	if p.rest == "" {
		return tz
	}
	p.name()
	if !p.bad && p.rest != "" && p.rest[0] != ',' {
		p.clock(24)
	}
	if p.bad {
		return ""
	}
	if p.rest == "" {
		return tz + ",M3.2.0,M11.1.0" // glibc's TZDEFRULES
	}
	p.date()
	p.date()
	if p.bad || p.rest != "" {
		return ""
	}
	return tz
}

// A rulesReader reads rules from left to right.
type rulesReader struct {
	rest string
	bad  bool
}

// name reads three letters or more, or letters and digits in <>.
func (p *rulesReader) name() string {
	quoted := strings.HasPrefix(p.rest, "<")
	p.take("<")
	n := strings.IndexFunc(p.rest, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return !letter && !(quoted && (c == '+' || c == '-' || '0' <= c && c <= '9'))
	})
	if n < 0 {
		n = len(p.rest)
	}
	name := p.rest[:n]
	p.rest = p.rest[n:]
	p.bad = p.bad || n < 3 || quoted && !p.take(">")
	return name
}

func (p *rulesReader) take(s string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, s)
	return ok
}

// clock reads [+-]h[:mm[:ss]], as seconds.
func (p *rulesReader) clock(maxHour int) (seconds int) {
	negative := p.take("-")
	if !negative {
		p.take("+")
	}
	seconds = 3600 * p.number(0, maxHour)
	for unit := 60; unit > 0 && p.take(":"); unit /= 60 {
		seconds += unit * p.number(0, 59)
	}
	if negative {
		return -seconds
	}
	return seconds
}

// date reads ,Mm.w.d or ,Jn or ,n and then /time, if there is one.
func (p *rulesReader) date() {
	switch p.bad = p.bad || !p.take(","); {
	case p.take("M"):
		p.number(1, 12)
		p.bad = p.bad || !p.take(".")
		p.number(1, 5)
		p.bad = p.bad || !p.take(".")
		p.number(0, 6)
	case p.take("J"):
		p.number(1, 365)
	default:
		p.number(0, 365)
	}
	if p.take("/") {
		p.clock(167)
	}
}

func (p *rulesReader) number(low, high int) (n int) {
	digits := 0
	for ; digits < len(p.rest) && p.rest[digits]-'0' <= 9 && digits < 4; digits++ {
		n = n*10 + int(p.rest[digits]-'0')
	}
	p.rest = p.rest[digits:]
	p.bad = p.bad || digits == 0 || n < low || n > high
	return n
}
