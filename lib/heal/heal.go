// Package heal repairs the monitor: as root, each minute and when name servers
// change.
package heal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/change"
	"egress-monitor/lib/countset"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/runfile"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/systemd"
)

// A Healer repairs the monitor of this machine.
type Healer struct {
	say   func(text string)
	setup *setup.Setup
	good  time.Time // when the rules that log were seen to be good, or zero
}

// New reads the journal. say gets the messages, one line a call.
func New(say func(text string)) (*Healer, error) {
	h := &Healer{say: say}
	s, err := setup.New(io.Discard, h.tell)
	if err != nil {
		return nil, err
	}
	s.Settings, _ = setup.InForce(s.Journal)
	h.setup = s
	return h, nil
}

func (h *Healer) tell(format string, args ...any) { h.say(fmt.Sprintf(format, args...)) }

// Run heals all, if the monitor is on. The caller holds the lock. With closely it
// also checks facts that no file shows, which takes longer. Run returns when it saw
// that the rules that log are good, or the zero time.
func Run(say func(text string), closely bool) (rules time.Time, err error) {
	if !setup.Enabled() {
		return rules, nil
	}
	h, err := New(say)
	if err != nil {
		return rules, err
	}
	h.step(h.setup.Folders(), nil)
	h.step(h.setup.Conf(), h.restart)
	h.upstream(closely)
	h.dnsmasq()
	h.step(h.setup.Rsyslog(), nil)
	return h.good, nil
}

// step repeats a step of enable if its result is gone, and then calls after, if it
// is not nil, to put the result in force.
func (h *Healer) step(step setup.Step, after func() error) {
	if step.Is() {
		return
	}
	err := step.Do(context.Background(), h.hand(step.ID))
	if err == nil && after != nil {
		err = after()
	}
	h.healed(step.Text, err == nil && step.Is(), err)
}

func (h *Healer) hand(step string) *change.Hand {
	return h.setup.Hand(context.Background(), step)
}

// restart restarts dnsmasq if its configuration has changed, as by an upgrade.
func (h *Healer) restart() error {
	return ourdns.Server{Settings: h.setup.Settings}.Restart(h.hand("dnsmasq"))
}

func (h *Healer) healed(what string, ok bool, err error) {
	switch {
	case ok:
		h.tell("healed: %s", what)
	case err != nil:
		h.once("cannot heal: %s: %v", what, err)
	default:
		h.once("cannot heal: %s", what)
	}
}

// once reports a line unless it has reported the same line in the last hour.
func (h *Healer) once(format string, args ...any) {
	const file = layout.Run + "/said.json"
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	said := reported{}
	if !runfile.Load(file, &said) {
		said = reported{}
	}
	if said.add(text, time.Now()) {
		h.say(text)
		runfile.Save(file, said) // if it fails, the line is reported again
	}
}

// reported holds the time at which each line was reported.
type reported map[string]time.Time

// mostReported bounds the lines that are remembered: an error may differ each time.
const mostReported = 100

// add returns whether a line was not reported in the last hour, and remembers it.
func (r reported) add(text string, now time.Time) bool {
	maps.DeleteFunc(r, func(_ string, at time.Time) bool { return now.Sub(at) > time.Hour || at.After(now) })
	if _, ok := r[text]; ok {
		return false
	}
	if len(r) < mostReported {
		r[text] = now
	}
	return true
}

// upstream adapts all that depends on the current name servers: the servers that
// dnsmasq asks, the rules, and the resolver.
func (h *Healer) upstream(closely bool) {
	s := h.setup
	seen := fingerprint()
	if closely || !seen.same() {
		h.servers()
	}
	// Rules first: the resolver may ask other servers from now on, which the rules
	// must leave out.
	h.rules()
	if closely || !seen.same() {
		h.way()
		fingerprint().save(s.Plan.Pending)
	}
}

// rules repairs the firewall's rules, and the set that counts connections, unless
// a poll is reading the set.
func (h *Healer) rules() error {
	if s := h.setup; s.Settings.InSet() && s.LogUnread() {
		if err := s.ToSet(h.hand("set")); err != nil {
			h.once("cannot count by a set: %v", err)
		}
	}
	said, err := h.setup.Firewall(nil).Heal()
	h.tellAll(said)
	if err != nil {
		h.once("cannot heal: firewall rules: %v", err)
	}
	if !h.setup.Settings.InSet() {
		if err == nil {
			h.good = time.Now()
		}
		return err
	}
	said, err2 := h.setup.Set(nil).Heal()
	h.tellAll(said)
	if errors.Is(err2, countset.ErrBusy) {
		return err
	}
	if err2 != nil {
		h.once("cannot heal: %v", err2)
	}
	return errors.Join(err, err2)
}

func (h *Healer) tellAll(lines []string) {
	for _, line := range lines {
		h.say(line)
	}
}

// servers gives dnsmasq the current servers, if they have changed.
func (h *Healer) servers() {
	s := h.setup
	if err := s.FindUpstream(); err != nil {
		h.once("cannot find out the name servers; the ones of before are asked: %v", err)
		return
	}
	changed, err := s.WriteUpstream()
	if err != nil {
		h.once("cannot write the name servers: %v", err)
	}
	if changed {
		h.tell("upstream: dnsmasq now asks %s", s.Plan.Text())
		systemd.Ctl("reload", layout.DNSUnit)
	}
}

// way makes the system's resolver ask dnsmasq again.
func (h *Healer) way() {
	if bypassed() {
		return
	}
	r := h.setup.Resolver()
	if r.Is() {
		return
	}
	past, now := r.PastSince(), time.Now()
	err := r.Do(h.hand("resolver"))
	if d := now.Sub(past); !past.IsZero() && d >= briefly {
		h.tell("gap: names went past dnsmasq between %s and %s, since other name servers were written into the system's files", stamp(past), stamp(now))
	}
	h.healed("the resolver's way through dnsmasq", err == nil && r.Is(), err)
}

// briefly is how long names may go past dnsmasq without a gap: a program that writes
// resolv.conf anew, as with each lease, is noticed at once.
const briefly = 3 * time.Second

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func bypassed() bool {
	_, err := os.Stat(layout.Bypassed)
	return err == nil
}
