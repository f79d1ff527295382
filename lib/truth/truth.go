// Package truth keeps the results of the last minute: which ways are proved to see,
// and since when others are blind. The minute writes them, check and status read
// them.
//
// The file is JSON in /run, for root and group adm. It holds each time by two
// clocks: the wall clock, for display, and the monotonic clock, for ages.
package truth

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// The ways that are proved. A failure of Upstream hides nothing, but names do not
// resolve then.
const (
	Names     = "names"     // our dnsmasq, its log, the poll of it
	Resolver  = "resolver"  // the system's resolver asks our dnsmasq
	Addresses = "addresses" // the rules, the kernel's log or set, the poll of it
	Upstream  = "upstream"  // the servers that our dnsmasq asks
)

// Tasks beside the two polls, whose names are in package polls.
const (
	Healing  = "heal"
	Rotating = "rotate"
)

// A Moment is a time on both clocks.
type Moment struct {
	Wall time.Time     `json:"wall"`
	Mono time.Duration `json:"mono"` // CLOCK_MONOTONIC, which stops while the machine is suspended
}

// Now returns the present moment.
func Now() Moment {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // no Linux is without it
	}
	return Moment{time.Now().UTC(), time.Duration(ts.Nano())}
}

// Known reports whether m is a moment of this boot.
func (m Moment) Known(now Moment) bool { return !m.Wall.IsZero() && m.Mono <= now.Mono }

// Age returns how long ago m was: by the monotonic clock if m is of this boot, else
// by the wall clock.
func (m Moment) Age(now Moment) time.Duration {
	if m.Known(now) && m.Mono > 0 {
		return now.Mono - m.Mono
	}
	return max(0, now.Wall.Sub(m.Wall))
}

// When returns m by today's wall clock, which may have been set since m.
func (m Moment) When(now Moment) time.Time { return now.Wall.Add(-m.Age(now)).Round(time.Second) }

// A Way is one of the ways by which the monitor sees names or connections.
type Way struct {
	Count uint64 `json:"count"`           // canaries in its file
	Good  Moment `json:"good,omitzero"`   // when the last one that was counted was sent; zero: never
	Blind bool   `json:"blind,omitempty"` // the last one that was sent was not counted
	Since Moment `json:"since,omitzero"`  // while blind: when that was first noticed
	Why   string `json:"why,omitempty"`   // while blind
}

// Seen notes that the canary of a moment was counted. It returns whether the way
// was blind before.
func (w *Way) Seen(count uint64, sent Moment) (wasBlind bool) {
	wasBlind = w.Blind
	*w = Way{Count: count, Good: sent}
	return wasBlind
}

// Missed notes that the canary of a moment was not counted.
func (w *Way) Missed(count uint64, sent Moment, why string) {
	if !w.Blind {
		w.Since = sent
	}
	w.Count, w.Blind, w.Why = count, true, why
}

// A Task is other work of the minute, which may fail.
type Task struct {
	Failing Moment `json:"failing,omitzero"` // since when it has failed each time; zero: it has not
	Busy    Moment `json:"busy,omitzero"`    // since when it has been at work; zero: it is done
	Why     string `json:"why,omitempty"`
}

// Done notes the end of a task.
func (t *Task) Done(err error, at Moment) {
	t.Busy = Moment{}
	switch {
	case err == nil:
		*t = Task{}
	case t.Failing.Wall.IsZero():
		t.Failing = at
		fallthrough
	default:
		t.Why = err.Error()
	}
}

// A State is the content of the file.
type State struct {
	Minute   Moment               `json:"minute"`           // when the last minute ended
	Polling  Moment               `json:"polling,omitzero"` // when the last minute began whose polls took long
	Since    string               `json:"since"`            // when the monitor was enabled
	Ways     map[string]*Way      `json:"ways"`
	Tasks    map[string]*Task     `json:"tasks"`
	Pending  []string             `json:"pending,omitempty"`  // settings that were edited and are not in force
	Bypassed bool                 `json:"bypassed,omitempty"` // names go past dnsmasq
	DNSMasq  string               `json:"dnsmasq,omitempty"`  // which start of it runs
	Polled   map[string]time.Time `json:"polled,omitempty"`   // when a poll last committed, by its name
	Gaps     []string             `json:"gaps,omitempty"`     // the newest, for those who cannot read root's file
	Full     map[string]time.Time `json:"full,omitempty"`     // since when files are full, by their last names
}

// Run returns when the minute was last known to run: it has ended, or was
// polling.
func (s *State) Run(now Moment) Moment {
	if !s.Polling.Wall.IsZero() && s.Polling.Age(now) < s.Minute.Age(now) {
		return s.Polling
	}
	return s.Minute
}

// Way returns the way of that name.
func (s *State) Way(name string) *Way { return entry(&s.Ways, name) }

// Task returns the task of that name.
func (s *State) Task(name string) *Task { return entry(&s.Tasks, name) }

// entry returns the entry of a name, which it makes if there is none.
func entry[T any](all *map[string]*T, name string) *T {
	if *all == nil {
		*all = map[string]*T{}
	}
	if (*all)[name] == nil {
		(*all)[name] = new(T)
	}
	return (*all)[name]
}

// Read reads the state. It returns an empty state if there is no file, or the file
// is damaged or of another boot, and an error if the file may not be read.
func Read(name string) (*State, error) {
	s := &State{}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if json.Unmarshal(text, s) != nil || !s.Minute.Known(Now()) {
		return &State{}, nil
	}
	return s, nil
}

// Write replaces the state, for root and a group.
func (s *State) Write(name string, group int) error {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(name, renameio.WithPermissions(0o640))
	if err != nil {
		return err
	}
	defer f.Cleanup() // does nothing after the replacement
	if err := f.Chown(0, group); err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
