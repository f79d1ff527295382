package minute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/child"
	"egress-monitor/lib/countset"
	"egress-monitor/lib/folders"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/heal"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/runfile"
	"egress-monitor/lib/said"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/truth"
	"egress-monitor/lib/upstream"
)

// New returns the minute of this machine, with the settings that Effective returns.
func New(log *said.Log) (*Minute, error) {
	of, err := newMachine(log)
	if err != nil {
		return nil, err
	}
	return &Minute{
		Heal: of.heal, Rules: of.logged, Packet: canary.Packet, Upstream: of.upstream,
		Ask:    of.ask,
		System: func() error { return canary.This.Ask(layout.SystemCanaryName) },
		Poll:   func(ctx context.Context, what string) error { return of.poll(ctx, what, 0) },
		Rotate: of.rotate, Sights: of.sights, Why: of.why,
		Say: log.Line, Now: truth.Now, Pause: time.Sleep, Keep: of.keep,
	}, nil
}

// Poll does one poll by hand. It waits for a poll of the same kind that is at work.
func Poll(log *said.Log, what string, wait time.Duration) error {
	m, err := newMachine(log)
	if err != nil {
		return err
	}
	m.repair()
	return m.poll(context.Background(), what, wait)
}

// A machine implements the functions of a Minute on this machine.
type machine struct {
	log      *said.Log
	setup    *setup.Setup
	settings settings.Settings // those in force, with the limits of the file
	pending  []string          // settings of the file that are not in force
	rules    time.Time         // when heal saw that the rules are good
}

func newMachine(log *said.Log) (*machine, error) {
	s, err := setup.New(os.Stderr, log.Line)
	if err != nil {
		return nil, err
	}
	m := &machine{log: log, setup: s}
	s.Settings, _ = setup.InForce(s.Journal)
	m.settings, m.pending, _ = Effective(s.Settings) // check reports an error in the file
	return m, nil
}

// Effective returns the settings in force, with the limits that polls take from
// the settings file each time, and the names of those that the file has changed and
// only enable puts in force. The error is one in that file.
func Effective(inForce settings.Settings) (effective settings.Settings, pending []string, wrong error) {
	now, wrong := settings.Load()
	if wrong != nil {
		return inForce, nil, wrong
	}
	effective = inForce.ForPolls(now)
	return effective, effective.Unlike(now), nil
}

func (m *machine) say(text string) { m.log.Line("%s", text) }

func (m *machine) heal() error {
	unlock, err := setup.Lock(30 * time.Second)
	if err != nil {
		return err
	}
	defer unlock()
	m.repair()
	m.rules, err = heal.Run(m.say, false)
	return err
}

func (m *machine) repair() {
	folders.Folders{Settings: m.settings, IDs: folders.LookUp()}.Repair(m.log.Line)
}

// logged looks at the rules, unless heal has done so within the last second.
func (m *machine) logged() error {
	if time.Since(m.rules) < time.Second {
		return nil
	}
	ok, err := m.setup.Seen()
	if err == nil && !ok {
		err = errors.New("the firewall rules are missing")
	}
	return err
}

func (m *machine) ask() error {
	if err := (ourdns.Server{Settings: m.settings}).Ask(layout.CanaryName); err != nil {
		return fmt.Errorf("dnsmasq does not answer: %w", err)
	}
	return nil
}

// upstream asks as dnsmasq's user, whose questions the rules do not log.
func (m *machine) upstream() error {
	facts := upstream.ReadFacts(layout.Servers, layout.ResolverFacts)
	return canary.Names(facts, m.settings.ProbeName, func(do func() error) error { return child.As(layout.Resolver, do) })
}

func (m *machine) poll(ctx context.Context, what string, wait time.Duration) error {
	p := polls.New(m.settings, m.log.Lines)
	if what != polls.IPs || !m.settings.InSet() {
		return p.Poll(ctx, what, wait)
	}
	set := m.setup.Set(nil)
	set.Wait = wait
	said, err := set.Poll(p.Read)
	for _, line := range said {
		m.say(line)
	}
	if errors.Is(err, countset.ErrBusy) {
		return polls.ErrBusy
	}
	return err
}

func (m *machine) sights() map[string]canary.Sight {
	return canary.Sights(m.settings.Domains(), m.settings.IPs(), child.OpenAsPoller)
}

// keep changes the state. Its lock keeps two minutes from overwriting each other's
// state: one may still poll when the next begins.
func (m *machine) keep(change func(*truth.State)) error {
	unlock, err := runfile.Lock(layout.Run+"/truth.lock", time.Minute, errors.New("another minute writes the state"))
	if err != nil {
		return err
	}
	defer unlock()
	s, err := truth.Read(layout.Truth)
	if err != nil {
		return err
	}
	change(s)
	m.note(s)
	return s.Write(layout.Truth, max(0, folders.GroupID(layout.Readers))) // 0: root alone reads it
}

const told = 20 // gaps that the state holds, for users who cannot read root's file

// note adds to the state the facts that only root can read.
func (m *machine) note(s *truth.State) {
	m.restarted(s)
	since, _ := os.ReadFile(layout.Enabled)
	s.Since = strings.TrimSpace(string(since))
	_, err := os.Stat(layout.Bypassed)
	s.Bypassed = err == nil
	s.Pending, s.Gaps = m.pending, nil
	all, err := gaps.File(layout.Gaps).All()
	if err != nil {
		m.log.Line("gaps cannot be read: %v", err)
	}
	for _, g := range all[max(0, len(all)-told):] {
		s.Gaps = append(s.Gaps, g.String())
	}
	s.Polled = map[string]time.Time{}
	for _, what := range []string{polls.Domains, polls.IPs} {
		if info, err := os.Lstat(m.settings.Cursor(what)); err == nil {
			s.Polled[what] = info.ModTime().UTC().Truncate(time.Second)
		}
	}
	m.noteFull(s)
}
