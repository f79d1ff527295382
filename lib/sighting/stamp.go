package sighting

import (
	"time"

	"egress-monitor/lib/aggregate"
)

// A Stamp is a time as a number whose digits are those of its text,
// 20260208213000: in order, small, and made of the text in a few steps. 0 is no
// time.
type Stamp uint64

// ParseStamp reads the time of a record.
func ParseStamp(text []byte) (s Stamp) {
	for _, c := range text {
		if c-'0' <= 9 {
			s = s*10 + Stamp(c-'0')
		}
	}
	return s
}

// Time returns the stamp as a time.
func (s Stamp) Time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	two := func(unit Stamp) int { return int(s / unit % 100) }
	return time.Date(int(s/1e10), time.Month(two(1e8)), two(1e6), two(1e4), two(1e2), two(1), 0, time.UTC)
}

// String returns the stamp as a record has it.
func (s Stamp) String() string {
	if s == 0 {
		return "-"
	}
	return s.Time().Format(aggregate.TimeLayout)
}
