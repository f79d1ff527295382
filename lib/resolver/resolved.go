// Package resolver has the machine's resolver ask our dnsmasq, and restores it.
//
// If systemd-resolved runs, a drop-in makes dnsmasq its global server for all names
// ("~."). The drop-in repeats the domains of links: systemd-resolved asks all servers
// whose match is equally good, so names below them reach dnsmasq, too. (The link's
// server is asked as well; the rules leave those questions out.) Links stay unchanged.
//
// If /etc/resolv.conf is not one of systemd-resolved's, our own file replaces it, with
// its other options. If another program (dhclient, NetworkManager) or the admin writes
// the file, the servers in it are new, and ours replaces it again.
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

// A Resolver is the resolver of this machine.
type Resolver struct {
	Listen   netip.Addr
	Journal  *undo.Journal
	Step     string
	Domains  []string        // of links, as systemd-resolved spells them
	Resolved bool            // systemd-resolved runs
	Facts    *resolved.Facts // its state; nil: ask when it matters
}

// HasResolved reports whether systemd-resolved runs, or is being restarted: a restart is
// no reason to take over /etc/resolv.conf.
func HasResolved() bool {
	if state, err := systemd.Ask(resolved.Unit, "ActiveState"); err == nil {
		return slices.Contains([]any{"active", "activating", "deactivating", "reloading", "refreshing"}, state)
	}
	// systemd does not answer. It keeps such a link for each unit that runs.
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

// InForce returns an error unless systemd-resolved asks dnsmasq alone. It asks
// systemd-resolved, and does not rely on the files.
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

// waitInForce waits for InForce: systemd-resolved reports that it is ready before it is
// on the bus.
func (r *Resolver) waitInForce(d time.Duration) error {
	for end := time.Now().Add(d); ; time.Sleep(50 * time.Millisecond) {
		r.Facts = nil
		if err := r.InForce(); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// kindRestart is the kind of the note of a unit that undo must restart.
const kindRestart = "restart"

// restart restarts a unit. systemd refuses a sixth start within ten seconds, unless it is
// told to forget the others.
func restart(unit string) error {
	systemd.Ctl("reset-failed", unit)
	return systemd.Ctl("restart", unit)
}

// resolvedUndo removes the drop-in, and restarts systemd-resolved if it runs: it may
// have been started after enable.
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
