// Package firewall keeps the LOG rules, which make the kernel print a line for
// each new connection. It is careful with the firewall of the machine.
//
// The rules are in chains of their own, in table mangle, which filter firewalls
// leave alone, and are jumped to first. One iptables-restore makes or replaces
// a family's chains and jumps at once.
//
// iptables has two backends, nf_tables ("nft") and the older one ("legacy"), and
// the kernel applies the rules of both. So both are always checked. Good rules stay
// in their backend, whatever backend iptables uses now: to move them would count a
// few connections twice or not at all.
//
// The check of each minute is cheap. nf_tables has a generation, which counts up
// with each change of any table (package nfnetlink), and the legacy backend lists
// its tables in /proc/net/ip_tables_names. Only if one of these has changed are the
// rules read, by iptables-save, and compared with its output when they were made.
//
// The package takes no lock; its caller does.
package firewall

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/nfnetlink"
)

// A Question is a question to a name server that is not logged: the user who asks,
// and the server's port.
type Question struct {
	UID  int
	Port int
}

// Want describes the connections that should be seen.
type Want struct {
	Log     bool       // whether there should be LOG rules
	Prefix  string     // of their lines
	Forward bool       // also connections that are forwarded to an uplink
	Own     []Question // of the resolvers of this machine; left out
	Uplinks Uplinks    // the devices that lead out; only for Forward
}

// A Firewall is the firewall of this machine. Ask runs a command that only reads,
// Act one that changes something. The errors of both hold the first line of the
// command's output.
type Firewall struct {
	Want Want
	Dir  string // a folder of /run for the memory
	Ask  func(name string, args ...string) (stdout []byte, err error)
	Act  func(stdin []byte, name string, args ...string) error
	Dry  bool // Act does nothing: do not look whether it did

	now func() time.Time
}

// Is reports whether the rules are as f wants them, in one backend, and the other
// backend has none of ours.
func (f *Firewall) Is() (bool, error) {
	m := f.load()
	seen, err := f.look(m)
	if err != nil {
		return false, err
	}
	return f.good(m, seen), nil
}

// Do makes the rules as f wants them. It first notes the state before.
func (f *Firewall) Do() error {
	m := f.load()
	seen, err := f.look(m)
	if err != nil {
		return err
	}
	_, err = f.do(m, seen)
	return err
}

// Heal calls Do if Is is false. It returns lines for the admin.
func (f *Firewall) Heal() (said []string, err error) {
	m := f.load()
	seen, err := f.look(m)
	if err != nil {
		return nil, err
	}
	if f.good(m, seen) {
		gap := f.since(m, seen)
		return gap, f.save(m)
	}
	return f.do(m, seen)
}

func (f *Firewall) do(m *memory, seen *sight) (said []string, err error) {
	lastGood, wasOff, intact, twice := m.GoodAt, m.Off, f.intact(m, seen), seen.twice()
	if !f.Dry {
		f.noteBefore(m, seen)
		if err := f.save(m.forgotten()); err != nil { // for the case that we are killed now
			return nil, err
		}
	}
	m.Absent = ""
	for _, fam := range families {
		if err := f.make(m, seen, fam); err != nil {
			return nil, err
		}
	}
	if f.Dry {
		return nil, nil
	}
	if err := f.remember(m); err != nil {
		return nil, err
	}
	switch {
	case !f.Want.Log || wasOff || lastGood.IsZero():
	case intact: // replaced in one step
		said = append(said, "firewall rules changed, as settings, resolvers or default routes have")
	case twice:
		said = append(said, fmt.Sprintf("healed: both iptables-nft and iptables-legacy had firewall rules; connections between %s and %s may count twice",
			stamp(lastGood), stamp(f.time())))
	default:
		said = append(said, "gap: "+gapText(lastGood, f.time()), "healed: firewall rules")
	}
	return said, f.save(m)
}

func gapText(from, to time.Time) string {
	return fmt.Sprintf("the firewall's LOG rules were not all there at times between %s and %s; connections made then may be missing",
		stamp(from), stamp(to))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// make makes the rules of a family, or removes them if none are wanted.
func (f *Firewall) make(m *memory, seen *sight, fam family) error {
	keep, err := f.choose(m, seen, fam)
	if err != nil {
		return err
	}
	for _, b := range backends {
		if b != keep && seen.ours[fam.in(b)] != "" {
			if err := f.restore(fam, b, removal(seen.ours[fam.in(b)])); err != nil {
				return err
			}
		}
	}
	if keep == none || f.isGood(m, seen, fam, keep) {
		return nil
	}
	err = f.restore(fam, keep, replacement(f.Want, fam, seen.ours[fam.in(keep)]))
	if err == nil {
		return nil
	}
	if !f.impossible(fam, keep) {
		return err
	}
	if other := keep.other(); f.has(fam, other) && f.restore(fam, other, replacement(f.Want, fam, "")) == nil {
		return nil // the kernel has only the backend that iptables does not use
	}
	if fam == ip6 {
		m.Absent = fmt.Sprintf("IPv6 connections are not logged: %v", err)
		return nil
	}
	return err
}

// choose returns the backend that a family's rules belong in.
func (f *Firewall) choose(m *memory, seen *sight, fam family) (backend, error) {
	if !f.Want.Log {
		return none, nil
	}
	for _, b := range backends {
		if f.isGood(m, seen, fam, b) {
			return b, nil
		}
	}
	b := f.active(fam)
	if b == none && fam == ip6 {
		m.Absent = "IPv6 connections are not logged: ip6tables-restore is not installed"
		return none, nil
	}
	if b == none {
		return none, errors.New("iptables-restore is missing (apt-get install iptables)")
	}
	return b, nil
}

func (f *Firewall) restore(fam family, b backend, text string) error {
	return f.Act([]byte(text), f.command(fam, b, "-restore"), "-w", "5", "--noflush")
}

// impossible reports whether the kernel cannot have such a table.
func (f *Firewall) impossible(fam family, b backend) bool {
	_, err := f.Ask(f.command(fam, b, ""), "-w", "5", "-t", "mangle", "-S", "OUTPUT")
	return err != nil
}

// remember reads the rules that were just made and keeps their text. It is an error
// if they are not there.
func (f *Firewall) remember(m *memory) error {
	seen, err := f.lookClosely(m)
	if err != nil {
		return err
	}
	*m = *m.forgotten()
	m.Wanted, m.Off = f.wanted(), !f.Want.Log
	for at, text := range seen.ours {
		if text != "" {
			m.Kernel[at] = text
		}
	}
	if !f.good(m, seen) {
		return errors.Join(errors.New("the firewall rules are not there although iptables-restore has made them"), f.save(m.forgotten()))
	}
	f.sawGood(m, seen)
	return nil
}

// Undo removes our rules and chains from both backends, also those that are in no
// note. It also removes the table, if we have made it and it is empty.
func (f *Firewall) Undo() error {
	m := f.load()
	seen, err := f.lookClosely(m)
	if err != nil {
		return err
	}
	if m.Before == nil {
		m.Before = f.olderNotes()
	}
	var failed []error
	for _, fam := range families {
		for _, b := range backends {
			if ours := seen.ours[fam.in(b)]; ours != "" {
				failed = append(failed, f.restore(fam, b, removal(ours)))
			}
		}
		if had, ok := m.Before[fam.name()]; ok {
			failed = append(failed, f.removeEmpty(fam, had))
		}
	}
	if err := errors.Join(failed...); err != nil || f.Dry {
		return err
	}
	if seen, err = f.lookClosely(m); err != nil {
		return err
	}
	for at, ours := range seen.ours {
		if ours != "" {
			return fmt.Errorf("rules are left in %s: %s", at, bytes.SplitN([]byte(ours), []byte("\n"), 2)[0])
		}
	}
	if name := chainInKernel(); name != "" {
		return fmt.Errorf("chain %s is left in the kernel, although iptables-save does not list it", name)
	}
	return f.removeMemory()
}

// chainInKernel returns a chain of ours that the kernel still has; "" if there is
// none. It does not use iptables-save, whose status is 0 even if it could not write.
func chainInKernel() string {
	c, err := nfnetlink.Dial()
	if err != nil {
		return ""
	}
	defer c.Close()
	found, _ := c.Chains()
	for _, ch := range found {
		if ch.Table == "mangle" && isOurs(ch.Name) {
			return ch.Name
		}
	}
	return ""
}

// chains are the names of our chains.
var chains = [...]string{layout.Chain, layout.ChainForward}
