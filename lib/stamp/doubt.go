package stamp

import (
	"fmt"
	"time"
)

// A Doubt is a stamp whose time may be wrong.
type Doubt struct {
	Kind DoubtKind
	Unix int64 // the time that was taken
	By   int64 // seconds after now, or after the stamp before it
}

// DoubtKind is the reason for a Doubt.
type DoubtKind uint8

// Ahead: a stamp after Now. The writer's clock is ahead, or its zone is another.
// Jump: two neighbours without a year that are about a year apart. One of them
// may be of another year.
// LeapDay: a February 29 without a year that is older than a year.
// Croatian: the name of a month that is another one in Croatian.
// NoZone: a stamp without a zone is read as UTC because TZ is set, and empty.
const (
	Ahead DoubtKind = iota
	Jump
	LeapDay
	Croatian
	NoZone
	kinds
)

func (d Doubt) String() string {
	at := time.Unix(d.Unix, 0).UTC().Format(time.RFC3339)
	switch d.Kind {
	case Jump:
		return fmt.Sprintf("the time jumps by %d days (read as %s): check the year (--now) and the clock of the sender", d.By/86400, at)
	case LeapDay:
		return fmt.Sprintf("a February 29 without a year (read as %s, the last there was): lines near it may be of the same year (--now)", at)
	case NoZone:
		return fmt.Sprintf("TZ is set but empty, so times without a zone are read as UTC (this one as %s): set TZ to the zone of the log, or give --utc", at)
	case Croatian:
		return fmt.Sprintf("the name of the month means another one in Croatian (read as %s): print the log with LC_ALL=C", at)
	}
	by := fmt.Sprint(d.By/86400, " days")
	if d.By < 10*86400 {
		by = (time.Duration(d.By) * time.Second).String()
	}
	return fmt.Sprintf("the time is %s after now (read as %s): check the clock of the sender and its zone (TZ, --utc)", by, at)
}

// judge checks a time whose year was guessed.
func (c *Clock) judge(unix int64) {
	by := unix - c.before
	if c.before != 0 && (nearYear(by) || nearYear(-by)) {
		c.doubt(Doubt{Jump, unix, by})
	}
	c.before = unix
	c.checkAhead(unix)
}

// checkAhead reports a time after now. It looks at the wall clock only if the time is
// after the one it knows.
func (c *Clock) checkAhead(unix int64) {
	if unix <= c.now {
		return
	}
	if c.setNow(); unix > c.now {
		c.doubt(Doubt{Ahead, unix, unix - c.now + leeway})
	}
}

// question checks a stamp that Read has read. Those without a year were judged.
func (c *Clock) question(s *Stamp, croatian bool) {
	if croatian {
		c.doubt(Doubt{Croatian, s.Unix, 0})
	}
	if s.Form != Undated {
		c.checkAhead(s.Unix)
	}
}

// assumeZone checks a stamp without a zone.
func (c *Clock) assumeZone(unix int64) {
	if c.emptyTZ {
		c.doubt(Doubt{NoZone, unix, 0})
	}
}

// nearYear reports whether two neighbours are so far apart because a year was
// guessed wrong.
func nearYear(seconds int64) bool { return 330*86400 < seconds && seconds < 370*86400 }

func (c *Clock) doubt(d Doubt) {
	if c.Doubt != nil && !c.doubted[d.Kind] {
		c.doubted[d.Kind] = true
		c.Doubt(d)
	}
}
