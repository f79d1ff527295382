package stamp

import (
	"fmt"
	"time"
)

// A Doubt is a stamp without a year whose time may be wrong.
type Doubt struct {
	Kind DoubtKind
	Unix int64 // what it was read as
	By   int64 // seconds after now, or after the stamp before it
}

// DoubtKind is what is strange about it.
type DoubtKind uint8

// A stamp after Now: the writer's clock is ahead, or its zone is another one. A
// jump of about a year between two stamps: the first of them may be of another
// year.
const (
	Ahead DoubtKind = iota
	Jump
)

func (d Doubt) String() string {
	at := time.Unix(d.Unix, 0).UTC().Format(time.RFC3339)
	if d.Kind == Ahead {
		return fmt.Sprintf("the time is %s after now (read as %s): check the clock of the sender and its zone (TZ, --utc)",
			time.Duration(d.By)*time.Second, at)
	}
	return fmt.Sprintf("the time jumps by %d days (read as %s): check the year (--now) and the clock of the sender", d.By/86400, at)
}

// judge looks at a time whose year was guessed.
func (c *Clock) judge(unix int64) {
	by := unix - c.before
	if c.before != 0 && (nearYear(by) || nearYear(-by)) {
		c.doubt(Doubt{Jump, unix, by})
	}
	if c.before = unix; unix > c.now {
		c.doubt(Doubt{Ahead, unix, unix - c.now + leeway})
	}
}

// nearYear says whether two neighbours are so far apart because a year was
// guessed wrong.
func nearYear(seconds int64) bool { return 330*86400 < seconds && seconds < 370*86400 }

func (c *Clock) doubt(d Doubt) {
	if c.Doubt != nil && !c.doubted[d.Kind] {
		c.doubted[d.Kind] = true
		c.Doubt(d)
	}
}
