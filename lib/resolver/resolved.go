// Package resolver has the machine's names go through our dnsmasq, and back
// again.
//
// systemd-resolved, where it runs: a drop-in makes dnsmasq its global server for
// everything ("~."). The domains of links are repeated there: systemd-resolved
// asks all whose match is equally good, so names under them reach dnsmasq too
// (and are asked of the link's server a second time; the rules know that).
// Nothing of a link is changed.
//
// /etc/resolv.conf, where it is not one of systemd-resolved's: replaced by our
// own, with what else was in it. If another program writes it again (dhclient,
// NetworkManager), or the admin does, that is news about the servers, and it is
// replaced again.
package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/resolved"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/undo"
)

// Text is the step for people.
const Text = "the system's resolver asks dnsmasq"

// A Resolver is the machine's way to names.
type Resolver struct {
	Listen   netip.Addr
	Journal  *undo.Journal
	Step     string
	Domains  []string        // of links, as systemd-resolved spells them
	Resolved bool            // systemd-resolved runs
	Facts    *resolved.Facts // what it does; nil: ask when it matters
}

// HasResolved reports whether systemd-resolved runs, also while it is being
// restarted: that is no reason to take over /etc/resolv.conf.
func HasResolved() bool {
	if state, err := systemd.Ask(resolved.Unit, "ActiveState"); err == nil {
		return slices.Contains([]any{"active", "activating", "deactivating", "reloading", "refreshing"}, state)
	}
	// systemd does not answer; it keeps such a link for each unit that runs
	_, err := os.Lstat("/run/systemd/units/invocation:" + resolved.Unit)
	return err == nil
}

func (r *Resolver) dropin() string {
	domains := "~."
	for _, d := range r.Domains {
		if d != "~." && d != "." {
			domains += " " + d
		}
	}
	return `# Written by "egress-monitor enable", removed by "egress-monitor disable".
[Resolve]
DNS=
DNS=` + r.Listen.String() + `
Domains=` + domains + `
Cache=no
DNSOverTLS=no
`
}

func (r *Resolver) resolvedIs() bool {
	if !r.Resolved {
		return true
	}
	got, err := os.ReadFile(layout.Dropin)
	return err == nil && string(got) == r.dropin() && r.InForce() == nil
}

// InForce reports whether systemd-resolved asks dnsmasq and nobody else, by
// what it does and not by what its files say.
func (r *Resolver) InForce() error {
	facts := r.Facts
	if facts == nil {
		var err error
		if facts, err = resolved.Ask(); err != nil {
			return err
		}
	}
	ours := slices.ContainsFunc(facts.Global, func(s resolved.Server) bool { return s.Addr == r.Listen })
	switch {
	case !ours:
		return fmt.Errorf("systemd-resolved does not ask %s (resolvectl dns)", r.Listen)
	case len(facts.Global) > 1:
		why := "resolvectl dns"
		if later := resolved.Later("", layout.Dropin); len(later) > 0 {
			why = strings.Join(later, ", ") + " comes after ours, and adds servers: rename it so that it sorts before " + layout.Dropin
		}
		return fmt.Errorf("systemd-resolved asks other servers beside %s (%s)", r.Listen, why)
	}
	return nil
}

func (r *Resolver) resolvedDo(h *change.Hand) error {
	if err := h.Need(layout.ResolvD); err != nil {
		return err
	}
	if err := h.Note(kindRestart, resolved.Unit, ""); err != nil {
		return err
	}
	if err := h.Write(layout.Dropin, r.dropin(), change.Root644); err != nil {
		return err
	}
	if !h.Dry() {
		systemd.Ctl("reset-failed", resolved.Unit)
	}
	if err := h.Run("systemctl", "restart", resolved.Unit); err != nil || h.Dry() {
		return err
	}
	return r.waitInForce(5 * time.Second)
}

// waitInForce: systemd-resolved says that it is ready before it is on the bus.
func (r *Resolver) waitInForce(d time.Duration) error {
	for end := time.Now().Add(d); ; time.Sleep(50 * time.Millisecond) {
		r.Facts = nil
		if err := r.InForce(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// kindRestart is a unit that must read its configuration anew.
const kindRestart = "restart"

// systemd refuses a sixth start within ten seconds, unless it is told to forget
// the others.
func restart(unit string) error {
	systemd.Ctl("reset-failed", unit)
	return systemd.Ctl("restart", unit)
}

// resolvedUndo takes the drop-in away. systemd-resolved reads its configuration
// anew if it runs: it may have been started after us.
func resolvedUndo(notes []undo.Entry) error {
	_, err := os.Lstat(layout.Dropin)
	was, files := err == nil, notes[:0:0]
	for _, e := range notes {
		was = was || e.Kind == kindRestart
		if e.Name != resolvConf {
			files = append(files, e)
		}
	}
	if !was {
		return nil
	}
	if err := errors.Join(undo.Remove(layout.Dropin), undo.Restore(files)); err != nil {
		return err
	}
	if HasResolved() {
		return restart(resolved.Unit)
	}
	return nil
}
