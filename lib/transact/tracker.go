// Package transact follows the transactions of a dnsmasq log, line by line, and
// counts what was asked: each question for its name, and each address that a
// question of a type for addresses was answered with, along chains of aliases,
// for the name that was asked.
//
// With log-queries=extra a transaction is a pid and a serial, which is exact.
// In a plain log there is no such thing, and lines belong together by adjacency,
// as dnsmasq writes them (see plain.go): what many clients ask at once can be
// confused there. Counts and times are exact in both.
//
// A transaction is open from its question on until it cannot be answered any
// more:
//
//   - it was answered, and its process went on to something else: an answer is
//     written in one go. But an answer out of the cache that is stale, or that
//     only has the first links of a chain, is followed by that of upstream;
//   - or openFor seconds have gone by. dnsmasq forgets a question after 10
//     seconds, and a child that serves TCP ends after 150.
//
// Time is the log's: what is in the log decides, not when it is read. Open
// transactions go from one poll to the next as lines of text (see carry.go), so
// that a log gives the same counts in one piece and in many.
package transact

import (
	"errors"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/tally"
)

const (
	openFor = 200 // seconds a question is waited for
	moreFor = 10  // seconds in which an answer can still go on

	// late is by how much a line may come after later ones: children that
	// serve TCP write to a rotated file until they end. A stamp which is older
	// than that says that the clock was set back.
	late = 200

	// stampSlack is by how much stamp.Clock lets stamps go backwards.
	stampSlack = 5
)

// ErrStamp is a time stamp that is not as dnsmasq writes it.
var ErrStamp = errors.New("cannot read the time stamp")

// A Tracker follows one log.
type Tracker struct {
	Lost      int    // lines in which dnsmasq says that it could not write some
	FirstLost string // what the first of them says
	Lines     int    // of dnsmasq's, of whatever kind
	Questions uint64 // that were counted

	questioned int    // what Lines was at the last question
	times      uint64 // how many messages the line stands for
	clock      stamp.Clock
	newest     int64           // the latest stamp, as long as the clock is not set back
	stamp      [stamp.Len]byte // that was read as newest; lines of one second are many
	table      *tally.Table
	latest     uint32 // the entry of the last question, if it is counted
	counted    bool
	open       transactions
	procs      processes
	line       dnsmasq.Line
	name       []byte    // that a question is for, in canonical form
	scratch    [3][]byte // for names in canonical form
}

// New returns a Tracker of a log whose stamps are read by clock.
func New(clock stamp.Clock) *Tracker {
	t := &Tracker{clock: clock, table: tally.New(), times: 1}
	t.open.init(t.table)
	return t
}

// Line takes the next line. An error is a line that could not be used.
func (t *Tracker) Line(line []byte) error {
	l := &t.line
	if err := l.Parse(line); err != nil {
		return err
	}
	if l.Kind == dnsmasq.Other {
		t.Lines++
		return nil
	}
	now, ok := t.now(l.Stamp)
	if !ok {
		return ErrStamp
	}
	if l.Kind == dnsmasq.Query || l.Kind == dnsmasq.Lost {
		return t.take(l, now)
	}
	t.Lines++ // as take does: a call less, for most lines
	if l.Extra {
		t.extra(l, now)
	} else {
		t.plain(l, now)
	}
	return nil
}

// Message takes a message that another carrier has brought, as often as is said.
func (t *Tracker) Message(pid uint32, unix int64, message []byte, times uint32) error {
	l := &t.line
	if err := l.ParseMessage(pid, message); err != nil {
		return err
	}
	if l.Kind == dnsmasq.Other {
		t.Lines++
		return nil
	}
	t.goOn(unix)
	t.times = uint64(times)
	err := t.take(l, unix)
	t.times = 1
	return err
}

// Repeat counts the question of the last line again, if that was one.
func (t *Tracker) Repeat(unix int64, times uint32) {
	if t.questioned != t.Lines || t.Lines == 0 || !t.counted {
		return
	}
	t.goOn(unix)
	t.Questions += uint64(times)
	t.table.AddTo(t.latest, uint64(times), unix)
}

// Interrupt says that something else stood between the lines.
func (t *Tracker) Interrupt() { t.questioned = 0 }

// take takes a line that says something.
func (t *Tracker) take(l *dnsmasq.Line, now int64) error {
	if l.Kind == dnsmasq.Query {
		if err := t.question(l); err != nil {
			return err
		}
	} else if l.Kind == dnsmasq.Lost {
		t.lost(l.Value)
		return nil
	}
	t.Lines++
	if l.Extra {
		t.extra(l, now)
	} else {
		t.plain(l, now)
	}
	return nil
}

// question looks at the name of a question. One that has the form of a key needs
// no second look.
func (t *Tracker) question(l *dnsmasq.Line) error {
	t.questioned = t.Lines + 1
	t.name = t.canonical(l.Name)
	if len(l.Name) == 0 || &t.name[0] != &l.Name[0] {
		return l.Broken()
	}
	return nil
}

func (t *Tracker) lost(says []byte) {
	if t.Lost == 0 {
		t.FirstLost = string(says[:min(len(says), 80)])
	}
	t.Lost++
}

// now reads a time stamp, and lets time go on.
func (t *Tracker) now(s []byte) (int64, bool) {
	if len(s) == stamp.Len && s[0] != 0 && [stamp.Len]byte(s) == t.stamp {
		return t.newest, true
	}
	t.clock.Last = t.newest - late + stampSlack
	now, ok := t.clock.Unix(s)
	if !ok {
		return 0, false
	}
	t.goOn(now)
	if now == t.newest {
		t.stamp = [stamp.Len]byte(s)
	}
	return now, true
}

// goOn lets time go on.
func (t *Tracker) goOn(now int64) {
	switch {
	case now < t.newest-late: // the clock was set back: what is over stays over
		t.open.expire(t.newest)
	case now <= t.newest:
		return
	}
	t.newest, t.stamp = now, [stamp.Len]byte{}
}

// Clock is what reads the stamps.
func (t *Tracker) Clock() *stamp.Clock { return &t.clock }

// IsAhead says whether a stamp lies after now.
func (t *Tracker) IsAhead(s []byte) bool {
	clock := t.clock
	clock.Doubt = nil
	unix, ok := clock.Unix(s)
	return !ok || unix > clock.Present()+60
}

// Dropped is what addresses were dropped, of names with too many of them.
func (t *Tracker) Dropped() tally.Dropped { return t.table.Dropped() }

// Full says that it is time to print what was counted.
func (t *Tracker) Full() bool { return t.table.Full() }

// Print prints what was counted, as records, and forgets it. What is open
// stays open.
func (t *Tracker) Print(write func(record []byte) error) error {
	t.open.detach()
	t.counted = false
	return t.table.Print(true, write)
}
