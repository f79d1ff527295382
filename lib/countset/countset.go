// Package countset counts new connections in the kernel: EGRESS_SOURCE=set. A
// connection costs no log line then, and none is lost in a burst.
//
// A table of nftables holds two sets, of IPv4 and IPv6 addresses, to which a rule
// adds the destination of each new connection, with a counter. The sets are read so
// that each connection is counted once, whatever is killed, and although packets
// come while they are read.
//
// The sets are not reset, and not compared with the last reading: to reset many
// elements is not one step, and an element that expires, or a table that is restored
// from a copy, looks like a small difference. Instead the sets are replaced.
// Generation G of them counts until a poll
//
//  1. switches: in one transaction of nft, the rules add to two new, empty sets,
//     of generation G+1. A packet sees all of the old rules or all of the new;
//  2. waits until no processor executes the old rules any more (membarrier, which
//     is synchronize_rcu of the kernel). From then on G does not change;
//  3. lists G, and gives it to the pipeline, which counts it and keeps the
//     cursor "G was counted" in one commit (cmd/nftparse, package store);
//  4. forgets G once the commit has succeeded. The next switch deletes it.
//
// If a poll dies before 3, the next poll counts G. If it dies after 3, the next poll
// lists G once more, and nftparse sees by the cursor that G was counted.
//
// Each generation also has counters of all connections, also of those for which a
// set has no room. So the exact number of connections that a full set has missed is
// known, and whether another program has changed a set.
//
// A table that was flushed and restored from a copy holds old counts. To recognize
// it, a table gets a random number when it is made, and its handle and those of its
// sets and rules are kept: the kernel gives other handles to a restored table. If
// they differ, the table is made anew, with another number. The cursor holds that
// number too, so nftparse reports the gap.
//
// A lock separates the programs that change the table, above all polls and heal.
package countset

import (
	"errors"
	"fmt"
	"time"

	"egress-monitor/lib/firewall"
)

// A Set is the table of this machine. Act runs a command that changes something;
// its error holds the first line of the command's output.
type Set struct {
	Want firewall.Want // the connections to count; with Log, LOG rules drop the canary's packet
	Dir  string        // a folder of /run for the memory
	Act  func(stdin []byte, name string, args ...string) error
	Dry  bool          // Act does nothing: do not look whether it did
	Wait time.Duration // for another Heal, Poll, Stop or Undo; then ErrBusy

	now  func() time.Time
	size int // of each set, if not Size
}

// Size is how many addresses of each family a generation has room for. An address
// takes some 250 bytes of kernel memory, and 16 for each processor.
const Size = 65536

// A Read counts a listing, as nft -j prints it, of the time now. The token is the
// cursor that its commit must write. It returns nil only if the listing has
// certainly been committed, now or before.
type Read func(token string, now time.Time, listing []byte) error

// Is reports whether the table is ours, unchanged, and as s wants it.
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

// Ours reports whether there are notes of a table, which then is of this version.
func (s *Set) Ours() bool { return s.load().ID != "" }

// Do makes the table as s wants it. If only Want has changed, no count is lost.
func (s *Set) Do() error {
	_, err := s.Heal()
	return err
}

// Heal calls Do and returns messages. The next poll reports connections that were
// not counted: it knows since when.
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

// ErrGone means that there is no table to read. Heal makes it anew.
var ErrGone = errors.New(name + " is gone, or was changed by another program; egress-monitor heal makes it anew")

// Poll calls read with each generation that was not read yet. It does not use Want:
// the rules stay as they are. It returns an error if a generation could not be read.
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

// Stop ends the counting, and calls read with all that is left. With end, the cursor
// marks that connections after it are no gap: the monitor, or the machine, is off.
// Undo removes the table; Do counts again.
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

// Undo deletes the table, also one that we have not made.
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

// readUnread calls read with the generations that have ended, oldest first.
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
