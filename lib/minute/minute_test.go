package minute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/truth"
)

// A world is a machine on which everything works, but for what a test breaks.
type world struct {
	t     *testing.T
	now   truth.Moment
	state *truth.State
	said  []string
	polls []string
	lock  sync.Mutex // polls run side by side

	sung    map[string]uint64 // canaries that are under way
	counted map[string]uint64 // in the files
	last    map[string]time.Time
	dead    map[string]bool // ways that count nothing
	heal    error
	failing map[string]error // what else fails
	slow    int              // polls that find no line yet
	loses   map[string]bool  // polls that find their first canaries lost
	aside   bool             // the files are moved away before the next poll
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, state: &truth.State{}, now: truth.Moment{Wall: time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC), Mono: time.Hour},
		sung: map[string]uint64{}, counted: map[string]uint64{}, last: map[string]time.Time{}, dead: map[string]bool{}, failing: map[string]error{},
	}
}

func (w *world) sing(way string) error {
	if err := w.failing[way]; err != nil {
		return err
	}
	w.sung[way]++
	return nil
}

func (w *world) poll(_ context.Context, what string) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.polls = append(w.polls, what)
	if err := w.failing[what]; err != nil {
		return err
	}
	if w.loses[what] {
		for way, of := range ways {
			if of.poll == what {
				delete(w.sung, way)
			}
		}
		delete(w.loses, what)
	}
	if w.aside {
		clear(w.counted)
		w.aside = false
	}
	if w.slow > 0 {
		w.slow--
		return nil
	}
	for way, of := range ways {
		if of.poll == what && w.sung[way] > 0 && !w.dead[way] {
			w.counted[way] += w.sung[way]
			w.last[way] = w.now.Wall
			w.sung[way] = 0
		}
	}
	return nil
}

func (w *world) sights() map[string]canary.Sight {
	all := map[string]canary.Sight{}
	for way := range ways {
		all[way] = canary.Sight{Count: w.counted[way], Last: w.last[way], Err: w.failing["sight of "+way]}
	}
	return all
}

// minute is one, and the time until the next.
func (w *world) minute() {
	w.t.Helper()
	w.said, w.polls = nil, nil
	m := &Minute{
		Heal:   func() error { w.sing(truth.Names); return w.heal },
		Ask:    func() error { return w.sing(truth.Names) },
		System: func() error { return w.sing(truth.Resolver) }, Packet: func() error { return w.sing(truth.Addresses) },
		Rules: func() error { return w.failing["rules"] }, Upstream: func() error { return w.failing[truth.Upstream] },
		Poll: w.poll, Rotate: func() error { return w.failing[truth.Rotating] }, Sights: w.sights,
		Why:   func(way string, _ truth.Moment) string { return "because of " + way },
		Say:   func(format string, args ...any) { w.said = append(w.said, fmt.Sprintf(format, args...)) },
		Now:   func() truth.Moment { return w.now },
		Pause: w.pass,
		Keep:  func(change func(*truth.State)) error { change(w.state); return nil },
	}
	if err := m.Run(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.pass(50 * time.Second)
}

func (w *world) pass(d time.Duration) {
	w.now = truth.Moment{Wall: w.now.Wall.Add(d), Mono: w.now.Mono + d}
}

// blind is which ways are, and why.
func (w *world) blind() string {
	var all []string
	for _, name := range []string{truth.Names, truth.Resolver, truth.Addresses, truth.Upstream} {
		if way := w.state.Way(name); way.Blind {
			all = append(all, name+": "+way.Why)
		}
	}
	return strings.Join(all, "; ")
}

func (w *world) want(blind, said string) {
	w.t.Helper()
	if got := w.blind(); got != blind {
		w.t.Errorf("blind: %q, want %q", got, blind)
	}
	if got := strings.Join(w.said, "; "); got != said {
		w.t.Errorf("said: %q, want %q", got, said)
	}
}

func TestAllIsWell(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.minute()
		w.want("", "")
		if slices.Sort(w.polls); strings.Join(w.polls, " ") != "domains ips" {
			t.Errorf("polls: %s", w.polls)
		}
	}
	if way := w.state.Way(truth.Addresses); way.Count != 3 || way.Good.Age(w.now) > time.Minute {
		t.Errorf("%+v", way)
	}
}

// Polls that take long are noted while they are at work.
func TestSlowPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s truth.State
		sent := truth.Now()
		m := &Minute{
			Poll:   func(context.Context, string) error { time.Sleep(slow + time.Second); return nil },
			Sights: func() map[string]canary.Sight { return nil },
			Keep:   func(change func(*truth.State)) error { change(&s); return nil },
		}
		m.polls(t.Context(), &round{sent: sent, tasks: map[string]error{}}, polls.Domains)
		if s.Polling != sent {
			t.Errorf("noted %v, want %v", s.Polling, sent)
		}
	})
}

// A file that has counted less than at the last minute has lost rows; one that was moved away has not.
func TestOlderCopy(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.minute()
	w.counted[truth.Names], w.counted[truth.Resolver], w.counted[truth.Addresses] = 1, 1, 0 // names and resolver are in one file
	w.minute()
	w.want("", "gap: the file of names is an older copy, or was edited: its canary had been counted 2 times, and is counted 1 times there")
	w.minute()
	w.want("", "")
}

// A minute that began before another one ended knows less than that has noted.
func TestTwoMinutes(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.state.Way(truth.Names).Count += 2
	w.state.Minute.Mono += time.Minute
	w.minute()
	w.want("", "")
}

// A line that is late is waited for, once more.
func TestLate(t *testing.T) {
	w := newWorld(t)
	w.slow = 2
	w.minute()
	w.want("", "")
	if slices.Sort(w.polls); strings.Join(w.polls, " ") != "domains domains ips ips" {
		t.Errorf("polls: %s", w.polls)
	}
}

// One that is lost is sent once more.
func TestLost(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.loses = map[string]bool{polls.Domains: true, polls.IPs: true}
	w.minute()
	w.want("", "")
}

// Each way of going blind shows in the minute after, keeps the time at which the
// way was seen last, and is a gap when it is over.
func TestBlind(t *testing.T) {
	lost := errors.New("lost")
	for _, test := range []struct {
		name      string
		breakIt   func(w *world)
		blind     string
		said, gap string
	}{
		{"nothing counts", func(w *world) { w.dead[truth.Names] = true }, "names: because of names",
			"names are not seen: because of names", "gap, told while it lasted: names were not seen between 2026-02-08T21:30:00Z and 2026-02-08T21:32:39Z"},
		{"the resolver asks others", func(w *world) { w.failing[truth.Resolver] = lost }, "resolver: lost",
			"names that the system's resolver is asked are not seen: lost", "gap, told while it lasted: names that the system's resolver is asked were not seen between 2026-02-08T21:30:00Z and 2026-02-08T21:32:33Z"},
		{"no rules", func(w *world) { w.failing["rules"] = lost }, "addresses: lost",
			"addresses are not seen: lost", "gap, told while it lasted: addresses were not seen between 2026-02-08T21:30:00Z and 2026-02-08T21:32:33Z"},
		{"no packet", func(w *world) { w.failing[truth.Addresses] = lost }, "addresses: no packet can be sent: lost",
			"addresses are not seen: no packet can be sent: lost", "gap, told while it lasted: addresses were not seen between 2026-02-08T21:30:00Z and 2026-02-08T21:32:33Z"},
		{"the poll fails", func(w *world) { w.failing[polls.IPs] = lost }, "addresses: the poll fails: lost",
			"addresses are not seen: the poll fails: lost", "gap, told while it lasted: addresses were not seen between 2026-02-08T21:30:00Z and 2026-02-08T21:32:33Z"},
		{"no upstream", func(w *world) { w.failing[truth.Upstream] = lost }, "upstream: lost", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.minute()
			test.breakIt(w)
			w.minute()
			w.want(test.blind, test.said)
			w.minute()
			w.want(test.blind, "")
			for _, way := range w.state.Ways {
				if way.Blind && !way.Good.When(w.now).Equal(time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)) {
					t.Errorf("last seen %v", way.Good)
				}
			}
			w.dead, w.failing = map[string]bool{}, map[string]error{}
			w.minute()
			w.want("", test.gap)
		})
	}
}

// While a poll is at work nothing is known, and no pipeline is reported as blind.
func TestBusy(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.failing[polls.IPs] = polls.ErrBusy
	began := w.now
	w.minute()
	w.minute()
	w.want("", "")
	if task := w.state.Task(polls.IPs); task.Busy != began {
		t.Errorf("%+v", task)
	}
	delete(w.failing, polls.IPs)
	w.minute()
	w.want("", "")
	if task := w.state.Task(polls.IPs); *task != (truth.Task{}) {
		t.Errorf("%+v", task)
	}
}

// Healing that fails is no blindness, but it is told.
func TestHealFails(t *testing.T) {
	w := newWorld(t)
	w.heal = errors.New("cannot")
	w.minute()
	w.want("", "")
	if task := w.state.Task(truth.Healing); task.Why != "cannot" || task.Failing.Wall.IsZero() {
		t.Errorf("%+v", task)
	}
}

// A row of the future proves nothing.
func TestFuture(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.dead[truth.Names] = true
	w.last[truth.Names] = w.now.Wall.AddDate(10, 0, 0)
	w.minute()
	if !w.state.Way(truth.Names).Blind {
		t.Errorf("%+v", w.state.Way(truth.Names))
	}
}

// A file that was set aside begins anew.
func TestSetAside(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.minute()
	w.counted[truth.Addresses] = 0
	w.minute()
	w.want("", "")
	w.minute()
	w.minute()
	w.aside = true // in the middle of a minute
	w.minute()
	w.want("", "")
}

// What cannot be read proves nothing.
func TestUnreadable(t *testing.T) {
	w := newWorld(t)
	w.minute()
	w.failing["sight of addresses"] = errors.New("closed")
	w.minute()
	if got := w.blind(); got != "addresses: closed" {
		t.Error(got)
	}
}

func TestRotationSize(t *testing.T) {
	for text, want := range map[string]int64{
		"/x {\n\tsize 64M\n\trotate 60\n}\n":   64 << 20,
		"/x {\n\tsize=100k\n\tmaxsize 1G\n}\n": 100 << 10,
		"/x {\n\tdaily\n}\n":                   0,
		"/x {\n\tsize big\n}\n":                0,
		"# size 1\n/x {\n\tsize 12\n}\n":       12,
	} {
		if got := rotationSize(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
