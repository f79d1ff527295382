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

// Set returns the set that counts, as the settings and the resolvers of now
// want it. A command that changes something goes through the hand, if there is
// one.
func (s *Setup) Set(h *change.Hand) *countset.Set {
	c := &countset.Set{Want: s.connections(), Dir: layout.Run, Act: act, Wait: 30 * time.Second}
	if h != nil {
		c.Act, c.Dry = h.Feed, h.Dry()
	}
	return c
}

// Seen reports whether what leaves is seen: by rules that log, or by the set.
func (s *Setup) Seen() (ok bool, err error) {
	if ok = true; s.Settings.Logs() {
		ok, err = s.Firewall(nil).Is()
	}
	if ok && err == nil && s.Settings.InSet() {
		ok, err = s.Set(nil).Is()
	}
	return ok, err
}

// setStep comes before the cursor of the log and its rules. What comes from the
// log to the set, or back, is counted by one of them.
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

// ToSet has a set count. (Heal needs it after an upgrade: the version before this
// one counted by the log, and added what a set had more.) What the log holds until then is read to its end, and
// its cursor goes: lines that are logged beside the set must never be counted.
func (s *Setup) ToSet(h *change.Hand) error {
	if err := h.Note("set", layout.Table, ""); err != nil {
		return err
	}
	set := s.Set(h)
	if !s.LogUnread() {
		return set.Do()
	}
	if set.Ours() && s.Settings.Logs() { // an enable was killed, and who logs what by now is not known
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

// LogUnread reports whether the log is what was counted until now.
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

// toLog has the set read to its end, and the log be read from here on.
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

// setUndo has the set read to its end. What cannot be read is lost, which is
// told; the machine is given back all the same.
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

// StopSet is the last poll before the machine goes down: what comes then is no
// gap. If only a firewall is restarted, it is one.
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

// rulesLeft reports whether there are rules or a set of ours: saved rules bring
// them back at boot, also when the monitor is off.
func rulesLeft() bool {
	none, err := (&firewall.Firewall{Dir: layout.Run, Ask: ask, Act: act}).Is()
	return err == nil && !none || (&countset.Set{Dir: layout.Run, Act: act}).Begun()
}
