package stamp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// New returns a Clock for stamps of the zone that TZ names: the system's zone if TZ is
// not set. With utc it is UTC, whatever TZ is.
func New(now time.Time, utc bool) (Clock, error) {
	tz, ok := os.LookupEnv("TZ")
	switch {
	case utc:
		return Clock{Now: now, Location: time.UTC}, nil
	case !ok:
		return Clock{Now: now}, nil
	}
	loc, err := Zone(tz)
	if err != nil {
		return Clock{}, fmt.Errorf("TZ: %w", err)
	}
	return Clock{Now: now, Location: loc, emptyTZ: tz == ""}, nil
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
	if loc, ok := fromRules(name); ok {
		return loc, nil
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

// rules are those of POSIX. Package time checks all but the offsets, and reads more than
// rules.
const rules = `^NAMEOFFSET(NAME(OFFSET)?(,[^,;]+,[^,;]+)?)?$`

var partsOfRules = strings.NewReplacer(
	"NAME", `(?:[A-Za-z]{3,}|<[-+0-9A-Za-z]{3,}>)`,
	"OFFSET", `(?:[-+]?0*(?:1?[0-9]|2[0-4])(?::[0-9]+){0,2})`)

// fromRules returns the zone of rules in the form of POSIX; ok is false if they are not
// in that form. Such rules are the last line of each file of tzdata (RFC 8536 §3.3), so
// fromRules makes a file with nothing else but a zone "-". That zone is the answer of
// package time if it cannot read the rules.
func fromRules(tz string) (loc *time.Location, ok bool) {
	if !regexp.MustCompile(partsOfRules.Replace(rules)).MatchString(tz) {
		return nil, false
	}
	var data []byte
	for range 2 { // once for readers of version 1
		data = append(data, "TZif2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		for _, n := range [...]uint32{0, 0, 0, 0, 1, uint32(len("-\x00"))} {
			data = binary.BigEndian.AppendUint32(data, n)
		}
		data = append(data, "\x00\x00\x00\x00\x00\x00-\x00"...) // offset, summer, index of the name; the name
	}
	loc, err := time.LoadLocationFromTZData(tz, []byte(string(data)+"\n"+tz+"\n"))
	if err != nil {
		return nil, false
	}
	name, _ := time.Unix(0, 0).In(loc).Zone()
	return loc, name != "-"
}
