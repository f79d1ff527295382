// Package countset counts new connections in the kernel: EGRESS_SOURCE=set. A
// connection costs no log line then, and none is lost in a burst.
//
// A table of nftables holds two sets, of IPv4 and IPv6 addresses, to which a
// rule adds the destination of each new connection, with a counter. How are
// they read so that each connection is counted once, whatever is killed, and
// although packets come while they are read?
//
// They are not reset, and not compared with what was read the last time: a
// reset of many elements is not one step, and an element that expires, or a
// rule set that is restored from a copy, looks like a small difference. Instead
// the sets are replaced. Generation G of them counts until a poll
//
//  1. switches: in one transaction of nft, the rules add to two new, empty sets,
//     of generation G+1. A packet sees all of the old rules or all of the new;
//  2. waits until no processor is in the midst of the old rules (membarrier,
//     which is synchronize_rcu of the kernel). Then G never changes any more;
//  3. lists G, and gives it to the pipeline, which counts it and keeps the
//     cursor "G was counted" in one commit (cmd/nftparse, package store);
//  4. forgets G once that has succeeded. The next switch deletes it.
//
// A poll that dies before 3 leaves G to the next one. One that dies after it
// lists G once more, and nftparse sees by the cursor that it was counted.
//
// Each generation has counters too, of all connections that were put into its
// sets or should have been. So it is known, to the number, what a full set had
// no room for, and whether somebody else changed a set.
//
// Which table is ours? One that is flushed and restored from a copy holds old
// counts. So a table gets a random number when it is made, and its handle, and
// those of its sets and rules, are kept: the kernel gives a restored one others.
// If they differ, the table is made anew, with another number. The cursor holds
// that number too, so nftparse tells of the gap.
//
// A lock keeps what changes the table apart, polls and heal above all.
package countset

import (
	"errors"
	"fmt"
	"time"

	"egress-monitor/lib/firewall"
)

// Want is what should be counted.
type Want struct {
	Forward bool // also what is forwarded to a device that leads out
	Log     bool // LOG rules are there as well: they drop the canary's packet
	Own     []firewall.Question
	Uplinks firewall.Uplinks
}

// A Set is the table of this machine. Act runs a command that changes
// something; its error holds the first line the command had to say.
type Set struct {
	Want Want
	Dir  string // a folder of /run for what is remembered
	Act  func(stdin []byte, name string, args ...string) error
	Dry  bool          // Act does nothing: do not look whether it did
	Wait time.Duration // for another Heal, Poll, Stop or Undo; then ErrBusy

	now  func() time.Time
	size int // of each set, if not Size
}

// Size is how many addresses of each family one generation has room for. An
// address takes some 250 bytes, and 16 for each processor.
const Size = 65536

// A Read counts a listing, as nft -j prints it, of what was there at a time.
// The token is the cursor that its commit must leave. It returns nil only if
// it is certain that this was committed, by now or before.
type Read func(token string, now time.Time, listing []byte) error

// Is reports whether the table is ours, unchanged, and as it should be now.
func (s *Set) Is() (bool, error) {
	m := s.load()
	k, err := s.look(m)
	return err == nil && k.same && !m.Stopped && m.Wanted == s.rules(), err
}

// Begun reports whether there is a table, or notes of one.
func (s *Set) Begun() bool {
	there, err := tableThere()
	return err == nil && there || s.load().ID != ""
}

// Ours reports whether there are notes of a table, that is, one of this
// version.
func (s *Set) Ours() bool { return s.load().ID != "" }

// Do makes it so. If only what is wanted has changed nothing is lost.
func (s *Set) Do() error {
	_, err := s.Heal()
	return err
}

// Heal is Do, and returns what to tell. If something was not counted that is
// told by the next poll, which knows since when.
func (s *Set) Heal() (said []string, err error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	m := s.load()
	k, err := s.look(m)
	if err != nil {
		return nil, err
	}
	switch {
	case k.fewer:
		said = s.lostRules(m)
		err = s.turn(m, s.rules())
	case !k.same:
		if m.Handle != nil {
			said = append(said, "healed: "+name+" was gone, or had been changed by another program")
		}
		err = s.make()
	case m.Stopped || m.Wanted != s.rules():
		err = s.turn(m, s.rules())
	default:
		m.GoodAt = s.time()
		err = s.save(m)
	}
	return said, err
}

const name = "the set that counts connections (table inet " + table + ")"

func (s *Set) lostRules(m *memory) []string {
	return []string{
		fmt.Sprintf("gap: rules that count connections were missing at times between %s and %s; connections made then may be missing",
			stamp(m.GoodAt), stamp(s.time())),
		"healed: " + name + " had lost rules",
	}
}

// ErrGone is that there is nothing to read. Heal makes the table anew.
var ErrGone = errors.New(name + " is gone, or was changed by another program; egress-monitor heal makes it anew")

// Poll has what was counted read. It needs nothing of Want: the rules stay what
// they are. It returns an error if not all could be read.
func (s *Set) Poll(read Read) (said []string, err error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	m := s.load()
	k, err := s.look(m)
	switch {
	case err != nil:
		return nil, err
	case k.fewer:
		said = s.lostRules(m)
	case !k.same:
		return nil, ErrGone
	}
	if err := s.readUnread(m, read, false); err != nil || m.Stopped {
		return said, err
	}
	if err := s.turn(m, m.Wanted); err != nil {
		return said, err
	}
	return said, s.readUnread(m, read, false)
}

// Stop ends to count, and has all read. With end, the cursor that this leaves
// says that what comes later is no gap: the monitor, or the machine, is off.
// Undo takes the table away; Do goes on to count.
func (s *Set) Stop(read Read, end bool) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m := s.load()
	k, err := s.look(m)
	switch {
	case err != nil:
		return err
	case m.ID == "":
		return nil
	case !k.same && !k.fewer:
		return ErrGone
	}
	if err := s.halt(m); err != nil || s.Dry {
		return err
	}
	if err := s.readUnread(m, read, end); err != nil {
		return fmt.Errorf("%d connections are not counted: %w", s.seen(m), err)
	}
	return nil
}

// Undo deletes the table, whoever made it.
func (s *Set) Undo() error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	there, err := tableThere()
	if err != nil {
		return err
	}
	if there {
		if err := s.Act(nil, "nft", "delete", "table", "inet", table); err != nil {
			return err
		}
	}
	if s.Dry {
		return nil
	}
	return s.removeMemory()
}

// readUnread has generations read that have ended to count, oldest first.
func (s *Set) readUnread(m *memory, read Read, last bool) error {
	if len(m.Unread) > 0 {
		settle()
	}
	for len(m.Unread) > 0 {
		g := m.Unread[0]
		c := g.cursor(m.ID)
		c.End = last && len(m.Unread) == 1
		now := s.time()
		listing, err := list(g.G)
		if err != nil {
			return err
		}
		if err := read(c.String(), now, listing); err != nil {
			return err
		}
		m.Unread, m.Counted = m.Unread[1:], append(m.Counted, g.G)
		if err := s.save(m); err != nil {
			return err
		}
	}
	return nil
}
