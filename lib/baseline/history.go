package baseline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/pulled"

	"github.com/google/renameio/v2"
)

// Kinds of events.
const (
	First  = "first"  // the first good pull: nothing is known of the time before
	Reset  = "reset"  // counts fell: the server began anew
	Failed = "failed" // the first failure of several in a row
	Good   = "ok"     // the first good pull after failures
)

// An Event is a line of pull.history: its time, its kind, and a message of
// printable ASCII.
type Event struct {
	At      time.Time
	Kind    string
	Message string
}

const (
	maxEvents  = 1000
	maxHistory = 1 << 20 // bytes that are read
)

// History returns the events of a host, in the order of time.
func History(hostDir string) ([]Event, error) {
	f, err := pulled.OpenRegular(filepath.Join(hostDir, historyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // was only read
	var events []Event
	lines := bufio.NewScanner(io.LimitReader(f, maxHistory))
	for lines.Scan() {
		at, rest, _ := strings.Cut(lines.Text(), " ")
		kind, message, _ := strings.Cut(rest, " ")
		if t, err := time.Parse(time.RFC3339, at); err == nil && len(events) < maxEvents {
			events = append(events, Event{t.UTC(), kind, message})
		}
	}
	return events, lines.Err()
}

// Note adds an event. It ignores a failure after a failure, and a good pull after a
// good one.
func Note(hostDir string, at time.Time, kind, message string) error {
	events, err := History(hostDir)
	if err != nil {
		return err
	}
	last := Event{Kind: Good}
	if len(events) > 0 {
		last = events[len(events)-1]
	}
	switch {
	case kind == Failed && last.Kind == Failed, kind == Good && last.Kind != Failed,
		kind == Reset && last.Kind == Reset && last.At.Equal(at.UTC().Truncate(time.Second)):
		return nil
	}
	events = append(events, Event{at.UTC().Truncate(time.Second), kind, printable(message)})
	events = bounded(events)
	return writeHistory(hostDir, events)
}

// bounded leaves out the oldest events where there are too many: failures and
// their ends before resets, which stay until somebody knows them.
func bounded(events []Event) []Event {
	excess := len(events) - maxEvents
	leave := func(goes func(Event) bool) {
		events = slices.DeleteFunc(events, func(e Event) bool {
			if excess <= 0 || !goes(e) {
				return false
			}
			excess--
			return true
		})
	}
	leave(func(e Event) bool { return e.Kind == Failed || e.Kind == Good })
	leave(func(e Event) bool { return e.Kind != First })
	return events
}

func writeHistory(hostDir string, events []Event) error {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintln(&b, strings.TrimSuffix(stamp(e.At)+" "+e.Kind+" "+e.Message, " "))
	}
	return renameio.WriteFile(filepath.Join(hostDir, historyFile), []byte(b.String()), 0o644, renameio.WithTempDir(hostDir))
}

// printable keeps the printable ASCII of a message, 200 bytes at most.
func printable(s string) string {
	b := []byte(s[:min(len(s), 200)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// beginning returns the time of the first good pull, which is now if there was
// none.
func beginning(hostDir string, now time.Time) (time.Time, error) {
	events, err := History(hostDir)
	if err != nil {
		return now, err
	}
	for _, e := range events {
		if e.Kind == First {
			return e.At, nil
		}
	}
	first := Event{At: now.UTC().Truncate(time.Second), Kind: First}
	return first.At, writeHistory(hostDir, append([]Event{first}, events...))
}

// SetKnown marks the events of a host up to a time as needing no attention.
func SetKnown(hostDir string, upTo time.Time) error {
	return renameio.WriteFile(filepath.Join(hostDir, knownFile), []byte(stamp(upTo)+"\n"), 0o644, renameio.WithTempDir(hostDir))
}

// Known returns the time up to which events need no attention.
func Known(hostDir string) time.Time {
	f, err := pulled.OpenRegular(filepath.Join(hostDir, knownFile))
	if err != nil {
		return time.Time{}
	}
	defer f.Close() // was only read
	text, _ := io.ReadAll(io.LimitReader(f, 100))
	t, _ := time.Parse(time.RFC3339, strings.TrimSpace(string(text))) // else nothing is known
	return t.UTC()
}
