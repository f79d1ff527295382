// Package minute is root's work of each minute: put right what is wrong, send the
// canaries, start both polls as the poller, and check that they have counted the
// canaries. The rest of the time nothing runs.
package minute

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/truth"
)

// A Minute does one round. Its functions are all that touches the machine.
type Minute struct {
	Heal     func() error                                 // put right what is wrong; asks dnsmasq for its canary
	Rules    func() error                                 // nil if connections are logged, the canary's packet dropped
	Ask      func() error                                 // asks our dnsmasq for its canary
	System   func() error                                 // asks the system's resolver for its canary
	Packet   func() error                                 // sends the canary's packet
	Upstream func() error                                 // asks the servers that dnsmasq asks
	Poll     func(ctx context.Context, what string) error // polls.ErrBusy: another one is at work
	Rotate   func() error                                 // if the query log is large
	Sights   func() map[string]canary.Sight               // what the two files hold of the canaries
	Why      func(way string, sent truth.Moment) string   // what is broken if a canary was sent and not counted

	Say   func(format string, args ...any)
	Now   func() truth.Moment
	Pause func(time.Duration)
	Keep  func(change func(*truth.State)) error // reads the state, and writes what change makes of it
}

// Time to wait for the canaries' lines. A packet's line is in the journal within
// milliseconds, unless the machine is busy.
const (
	firstWait  = time.Second
	secondWait = 3 * time.Second
)

// A round holds the results of one minute.
type round struct {
	sent   truth.Moment
	failed map[string]error        // by way: its canary could not be sent, or was not answered
	tasks  map[string]error        // by task
	before map[string]canary.Sight // by way: before the polls
	after  map[string]canary.Sight // and after them
	alone  bool                    // no other minute has ended meanwhile: it would have counted more
}

// A way has a canary that proves it: the poll that counts the canary, the things that
// are missed while the way is blind, and how to send the canary once more.
type way struct {
	poll, missed string
	send         func(m *Minute) error
}

var ways = map[string]way{
	truth.Names:     {polls.Domains, "names", func(m *Minute) error { return m.Ask() }},
	truth.Resolver:  {polls.Domains, "names that the system's resolver is asked", func(m *Minute) error { return m.System() }},
	truth.Addresses: {polls.IPs, "addresses", func(m *Minute) error { return m.Packet() }},
}

// Run does one round, and puts its results into the state, from which check
// reports them. It returns an error if the state cannot be written.
func (m *Minute) Run(ctx context.Context) error {
	r := &round{sent: m.Now(), failed: map[string]error{}, tasks: map[string]error{}}
	r.tasks[truth.Healing] = m.Heal()
	m.send(r)
	r.before = m.Sights() // only polls change the files
	m.Pause(firstWait)
	m.pollAll(ctx, r)
	r.tasks[truth.Rotating] = m.Rotate()
	return m.Keep(func(s *truth.State) { m.judge(r, s) })
}

// send sends the canaries, but for the one that healing has sent.
func (m *Minute) send(r *round) {
	if err := m.System(); err != nil {
		r.failed[truth.Resolver] = err
	}
	if err := m.Rules(); err != nil {
		r.failed[truth.Addresses] = err
	} else if err := m.Packet(); err != nil {
		r.failed[truth.Addresses] = fmt.Errorf("no packet can be sent: %w", err)
	}
	if err := m.Upstream(); err != nil {
		r.failed[truth.Upstream] = err
	}
}

// pollAll polls both. Where a canary is not counted, another is sent, and polled
// for: a busy machine writes a line late, and a burst may lose one.
func (m *Minute) pollAll(ctx context.Context, r *round) {
	m.polls(ctx, r, polls.Domains, polls.IPs)
	var again []string
	for _, what := range []string{polls.Domains, polls.IPs} {
		if m.sendAgain(r, what) {
			again = append(again, what)
		}
	}
	if len(again) > 0 {
		m.Pause(secondWait)
		m.polls(ctx, r, again...)
	}
}

// slow is the time after which the state notes that polls are at work: otherwise
// check would believe that nothing runs.
const slow = 20 * time.Second

// polls runs polls side by side, so that one that hangs does not keep the other from
// starting. A poll holds its lock while it is at work, by which the next minute knows.
func (m *Minute) polls(ctx context.Context, r *round, which ...string) {
	atWork := time.AfterFunc(slow, func() {
		m.Keep(func(s *truth.State) { s.Polling = r.sent }) // if the state cannot be written, the end of the minute reports it
	})
	defer atWork.Stop()
	errs := make([]error, len(which))
	var all sync.WaitGroup
	for i, what := range which {
		all.Go(func() { errs[i] = m.Poll(ctx, what) })
	}
	all.Wait()
	for i, what := range which {
		r.tasks[what] = errs[i]
	}
	r.after = m.Sights()
}

// sendAgain sends once more the canaries of a poll that succeeded and did not count
// them. It reports whether it sent any.
func (m *Minute) sendAgain(r *round, poll string) (again bool) {
	for way, is := range ways {
		if is.poll != poll || r.failed[way] != nil || r.tasks[poll] != nil || r.counted(way) {
			continue
		}
		if err := is.send(m); err != nil {
			r.failed[way] = err
			continue
		}
		again = true
	}
	return again
}

// counted reports whether the polls counted a way's canary. The count of a file
// that was moved away meanwhile begins anew.
func (r *round) counted(way string) bool {
	before, after := r.before[way], r.after[way]
	return before.Err == nil && after.Err == nil && (after.Count > before.Count || after.Count > 0 && after.Count < before.Count)
}

// judge puts the results into the state.
func (m *Minute) judge(r *round, s *truth.State) {
	now := m.Now()
	r.alone = s.Minute.Wall.IsZero() || s.Minute.Mono < r.sent.Mono
	for name, err := range r.tasks {
		if errors.Is(err, polls.ErrBusy) {
			if t := s.Task(name); t.Busy.Wall.IsZero() {
				t.Busy = r.sent
			}
			continue
		}
		s.Task(name).Done(err, r.sent)
	}
	for way, is := range ways {
		m.judgeWay(r, s, way, is.poll)
	}
	up := s.Way(truth.Upstream)
	if err := r.failed[truth.Upstream]; err != nil {
		up.Missed(0, r.sent, err.Error())
	} else {
		up.Seen(0, r.sent)
	}
	s.Minute = now
}

func (m *Minute) judgeWay(r *round, s *truth.State, name, what string) {
	way, sight := s.Way(name), r.after[name]
	if r.alone {
		m.replaced(name, way.Count, r.before[name])
	}
	switch {
	case r.failed[name] == nil && r.counted(name):
		was := *way
		if way.Seen(sight.Count, r.sent) {
			m.Say("%s%s were not seen %s", gaps.Blind, ways[name].missed, between(was, r.sent))
		}
	case errors.Is(r.tasks[what], polls.ErrBusy):
		return // the poll of before has not ended: nothing is known yet
	default:
		why := m.why(r, name, what)
		if !way.Blind {
			m.Say("%s are not seen: %s", ways[name].missed, why)
		}
		way.Missed(sight.Count, r.sent, why)
	}
}

// replaced reports a file that had counted more at the last minute than before
// this minute's poll: rows of it are lost. A file that was moved away, to begin
// anew, is no loss.
func (m *Minute) replaced(way string, was uint64, before canary.Sight) {
	if way == truth.Resolver || before.Err != nil || before.Count == 0 || before.Count >= was {
		return // the resolver's row is in the same file as that of names
	}
	m.Say("gap: the file of %s is an older copy, or was edited: its canary had been counted %d times, and is counted %d times there", ways[way].missed, was, before.Count)
}

// between returns the period in which a way was blind, as text.
func between(was truth.Way, now truth.Moment) string {
	from := was.Good
	if from.Wall.IsZero() {
		from = was.Since
	}
	return fmt.Sprintf("between %s and %s", stamp(from.When(now)), stamp(now.Wall))
}

// why returns the reason why a way is blind: an error of this minute, or what
// further checks find.
func (m *Minute) why(r *round, way, what string) string {
	for _, err := range []error{r.failed[way], r.before[way].Err, r.after[way].Err} {
		if err != nil {
			return err.Error()
		}
	}
	if err := r.tasks[what]; err != nil {
		return "the poll fails: " + err.Error()
	}
	return m.Why(way, r.sent)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
