// Package transact follows the transactions of a dnsmasq log, line by line. It
// counts each query for its name, and adds each address in an answer to the name
// of the query, along chains of aliases.
//
// With log-queries=extra a transaction is a pid and a serial, which is exact.
// In a plain log the order of the lines decides (see plain.go): there, queries of
// several clients at the same time can be confused. Counts and times are exact in
// both.
//
// A transaction is open from its query on until no answer can come any more:
//
//   - It was answered, and its process has begun another one: dnsmasq writes the
//     lines of an answer in one go. But upstream's answer still follows one from
//     the cache that is stale, or has only the first links of a chain.
//   - Or openFor seconds have gone by. dnsmasq forgets a query after 10 seconds,
//     and a child that serves TCP ends after 150.
//
// Time is that of the log's stamps, not of the reading. Open transactions go from
// one poll to the next as lines of text (see carry.go), so a log gives the same
// counts in one piece and in many.
package transact

import (
	"errors"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/tally"
)

const (
	openFor = 200 // seconds until a query is given up
	moreFor = 10  // seconds in which an answer can still go on

	// late is how many seconds a stamp may be older than the newest one: children
	// that serve TCP write to a rotated file until they end. An even older stamp
	// means that the clock was set back.
	late = 200

	// stampSlack is the number of seconds by which stamp.Clock lets stamps go
	// backwards.
	stampSlack = 5
)

// ErrStamp is the error for a line of dnsmasq without a valid time stamp.
var ErrStamp = errors.New("cannot read the time stamp")

// A Tracker follows one log.
type Tracker struct {
	Lost      int    // lines in which dnsmasq reports that it could not write others
	FirstLost string // the first of them
	Lines     int    // dnsmasq's lines, of whatever kind

	questioned int    // the value of Lines at the last query
	interrupt  bool   // a line of another program came after it
	times      uint64 // how many messages the line means
	clock      stamp.Clock
	newest     int64 // the latest stamp, unless the clock was set back
	table      *tally.Table
	latest     uint32 // the entry of the last query, valid if
	counted    bool   // it is counted, and not yet printed
	open       transactions
	procs      processes
	line       dnsmasq.Line
	name       []byte    // the name of the query, in canonical form
	scratch    [3][]byte // for names in canonical form
}

// New returns a Tracker of a log; clock reads its stamps.
func New(clock stamp.Clock) *Tracker {
	t := &Tracker{clock: clock, table: tally.New(), times: 1}
	t.open.init(t.table)
	return t
}

// Line takes the next line of dnsmasq's file. It returns an error if the line cannot
// be used.
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
	return t.take(l, now)
}

// Message takes the next line of another carrier: the message of a process at a
// time (seconds since 1970), which counts so many times.
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

// Repeat counts the query of the last line again, so many times; if the last line
// was no query, it counts nothing.
func (t *Tracker) Repeat(unix int64, times uint32) {
	if !t.interrupt {
		t.repeat(unix, times)
	}
}

// RepeatOf is Repeat for the last line of a process. It returns false if that is not
// the last of dnsmasq's lines.
func (t *Tracker) RepeatOf(pid uint32, unix int64, times uint32) bool {
	if t.line.PID != pid {
		return false
	}
	t.repeat(unix, times)
	return true
}

func (t *Tracker) repeat(unix int64, times uint32) {
	if t.questioned != t.Lines || t.Lines == 0 || !t.counted {
		return
	}
	t.goOn(unix)
	t.table.AddTo(t.latest, uint64(times), unix)
}

// Interrupt tells that a line of another program came in between, so that Repeat
// does not mean dnsmasq's last line.
func (t *Tracker) Interrupt() { t.interrupt = true }

// take takes a line of any Kind but Other.
func (t *Tracker) take(l *dnsmasq.Line, now int64) error {
	switch l.Kind {
	case dnsmasq.Query:
		if err := t.question(l); err != nil {
			return err
		}
	case dnsmasq.Lost:
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

// question reads the name of a query. It returns an error if the name holds a part
// of another line, which a canonical name does not.
func (t *Tracker) question(l *dnsmasq.Line) error {
	t.questioned, t.interrupt = t.Lines+1, false
	var same bool
	if t.name, same = dnsmasq.Canonical(&t.scratch[0], l.Name); !same {
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
	t.clock.Last = t.newest - late + stampSlack
	now, ok := t.clock.Unix(s)
	if !ok {
		return 0, false
	}
	t.goOn(now)
	return now, true
}

// goOn lets time go on to now.
func (t *Tracker) goOn(now int64) {
	switch {
	case now < t.newest-late: // the clock was set back: transactions that are over stay over
		t.open.expire(t.newest)
	case now <= t.newest:
		return
	}
	t.newest = now
}

// Clock returns the clock that reads the stamps.
func (t *Tracker) Clock() *stamp.Clock { return &t.clock }

// IsAhead reports whether a stamp is later than now, or cannot be read.
func (t *Tracker) IsAhead(s []byte) bool {
	clock := t.clock
	clock.Doubt = nil
	unix, ok := clock.Unix(s)
	return !ok || unix > clock.Present()+60
}

// Counted reports whether a query was counted that is not yet printed.
func (t *Tracker) Counted() bool { return t.counted }

// Dropped returns which addresses were dropped because their names had too many.
func (t *Tracker) Dropped() tally.Dropped { return t.table.Dropped() }

// Full reports whether the records should be printed before more is counted.
func (t *Tracker) Full() bool { return t.table.Full() }

// Print calls write with each record, in the order of the names, and begins to count
// anew. Open transactions stay open. It returns the first error of write.
func (t *Tracker) Print(write func(record []byte) error) error {
	t.open.detach()
	t.counted = false
	return t.table.Print(true, write)
}
