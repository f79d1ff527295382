package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/countset"
	"egress-monitor/lib/firewall"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
)

// Set returns the set that counts, as Firewall returns the rules.
func (s *Setup) Set(h *change.Hand) *countset.Set {
	c := &countset.Set{Want: s.connections(), Dir: layout.Run, Act: act, Wait: 30 * time.Second}
	if h != nil {
		c.Act, c.Dry = h.Feed, h.Dry()
	}
	return c
}

// Seen reports whether new connections are seen: by rules that log, or by the set.
func (s *Setup) Seen() (ok bool, err error) {
	if ok = true; s.Settings.Logs() {
		ok, err = s.Firewall(nil).Is()
	}
	if ok && err == nil && s.Settings.InSet() {
		ok, err = s.Set(nil).Is()
	}
	return ok, err
}

// setStep returns the step for the set. It comes before the steps for the log's cursor
// and rules: when the source changes, each connection is counted by one of the two.
func (s *Setup) setStep() Step {
	step := Step{ID: stepSet, Text: "firewall: a set counts new connections", Undo: s.setUndo}
	switch {
	case s.Settings.InSet():
		step.Is = func() bool { ok, err := s.Set(nil).Is(); return ok && err == nil && !s.LogUnread() }
		step.Do = plain(s.ToSet)
	case s.Set(nil).Begun():
		step.Text = "firewall: no set counts new connections any more"
		step.Is = func() bool { return !s.Set(nil).Begun() }
		step.Do = plain(s.toLog)
	}
	return step
}

// ToSet changes the source to the set. It reads the log to its end and removes the log's
// cursor: lines that are logged beside the set must never be counted. (Heal calls it
// after an upgrade: an earlier version counted by the log beside a set.)
func (s *Setup) ToSet(h *change.Hand) error {
	if err := h.Note("set", layout.Table, ""); err != nil {
		return err
	}
	set := s.Set(h)
	if !s.LogUnread() {
		return set.Do()
	}
	if set.Ours() && s.Settings.Logs() { // an enable was killed: both may have counted the same connections
		s.Warn("gap: what the journal holds from before the set is not counted")
		return h.Do("remove "+s.cursor(), func() error { return errors.Join(asPoller("rm", "-f", s.cursor()), set.Do()) })
	}
	rules := s.Firewall(h)
	rules.Want.Log = false
	if err := rules.Do(); err != nil {
		return err
	}
	from := time.Now()
	if err := set.Do(); err != nil {
		return err
	}
	s.gap(h, from, "while the source was changed from log to set")
	return h.Do("read the journal to its end, as the poller, and remove "+s.cursor(), s.lastOfLog)
}

// LogUnread reports whether the log was the source until now.
func (s *Setup) LogUnread() bool {
	_, err := os.Lstat(s.cursor())
	return err == nil
}

func (s *Setup) lastOfLog() error {
	syncJournal()
	p := s.poller()
	p.Settings.Source, p.Settings.Recount = settings.Log, false
	if err := p.Poll(context.Background(), polls.IPs, time.Minute); err != nil {
		return fmt.Errorf("what the journal holds could not be counted: %w", err)
	}
	return asPoller("rm", "-f", s.cursor())
}

// toLog changes the source to the log, after reading the set to its end.
func (s *Setup) toLog(h *change.Hand) error {
	from := time.Now()
	set := s.Set(h)
	switch err := set.Stop(s.poller().Read, true); {
	case errors.Is(err, countset.ErrGone):
		s.Warn("gap: %v", err)
	case err != nil:
		return err
	}
	if err := s.cursorDo(h); err != nil {
		return err
	}
	if err := s.Firewall(h).Do(); err != nil {
		return err
	}
	s.gap(h, from, "while the source was changed from set to log")
	return set.Undo()
}

// gap reports the moment between two sources.
func (s *Setup) gap(h *change.Hand, from time.Time, when string) {
	if h.Dry() || !Enabled() {
		return
	}
	s.Warn(gaps.Planned+"connections between %s and %s, %s, may not be counted", from.UTC().Format(time.RFC3339),
		time.Now().UTC().Format(time.RFC3339), when)
}

// setUndo reads the set to its end, and removes it. If it cannot be read it is removed
// all the same, and the loss is reported.
func (s *Setup) setUndo([]undo.Entry) error {
	set := s.Set(nil)
	if !set.Begun() {
		return nil
	}
	if s.wasOn {
		if err := set.Stop(s.poller().Read, true); err != nil {
			s.Warn("gap: %v", err)
		}
	}
	return set.Undo()
}

// StopSet is the last poll before the machine goes down: later connections are no gap.
// If only a firewall is restarted, they are.
func (s *Setup) StopSet(say func(text []byte)) error {
	if !s.Settings.InSet() {
		return nil
	}
	state, _ := child.Command("systemctl", "is-system-running").Output(context.Background()) // its status is of no use
	err := s.Set(nil).Stop(polls.New(s.Settings, say).Read, state.Text() == "stopping")
	if err != nil {
		say([]byte("gap: " + child.Clean(err.Error()) + "\n"))
	}
	return err
}

// rulesLeft reports whether there are rules or a set of ours: saved rules restore them
// at boot, also if the monitor is off.
func rulesLeft() bool {
	none, err := (&firewall.Firewall{Dir: layout.Run, Ask: ask, Act: act}).Is()
	return err == nil && !none || (&countset.Set{Dir: layout.Run, Act: act}).Begun()
}
