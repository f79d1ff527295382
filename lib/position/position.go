// Package position says how far a journal was counted, and which entries are
// new.
//
// What journald calls a cursor is not enough for that: its sequence numbers are
// others once a volatile journal was made persistent, its times those of a clock
// that may be set, and no journal says by itself which of its boots are later
// ones. What stays is the boot, the time since it began, and the order within
// it. So a journal is read boot by boot; one boot can be read on behind an entry
// of it, whatever clock and sequence numbers say, and a boot that was not known
// is new from its first entry on.
//
// An entry is known again by its boot and its time in microseconds. Several may
// have the same (those that the kernel logged before journald began all have
// the time of its beginning): so it is counted how many of them were read.
//
// A Position goes from one poll to the next as the cursor of the last entry and
// a carry line:
//
//	-- carry: boots SAME MORE FLOOR BOOT BOOT …
//	-- cursor: s=…;i=…;b=…;m=…;t=…;x=…
//
// with these fields: how many entries of the last one's time were read; - or,
// if the boot was not read to its end, up to which time its entries were counted
// before; up to which time the entries of unknown boots were; and the boots that
// were read, but for the last entry's. The times are microseconds since 1970, in
// hexadecimal.
//
// A cursor without the carry line is from an earlier version, or made by hand.
// A cursor of nothing but a time (t=…) says that all entries up to then count as
// read: it is what is left of a cursor file that is damaged, or 0 if nothing was
// there to be read.
package position

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/journal"
)

// maxBoots is how many boots are remembered, which takes 33 kB. What else there
// is in an older journal is told by its time.
const maxBoots = 1000

// A Position is how far a journal was counted. The zero Position is that of a
// journal of which nothing was.
type Position struct {
	Token string         // of the last entry, as journald gave it
	Last  journal.Cursor // what it says; no Boot: up to the time Real
	Same  int            // entries of its boot and time that were read; unknown: all there are

	More      bool  // the boot was not read to its end
	MoreFloor int64 // its entries up to then were counted before

	Boots []string // that were read
	Floor int64    // entries of other boots up to then were counted before
}

const unknown = -1

// UpTo is the position at which nothing but a time is known: entries up to and
// with that microsecond were counted.
func UpTo(micros int64) Position {
	return Position{Token: fmt.Sprintf("t=%x", micros), Last: journal.Cursor{Real: micros}, Floor: micros, Same: unknown}
}

// Parse reads a Position from the trailer of a cursor file.
func Parse(t batch.Trailer) (p Position, ok bool) {
	if t.Cursor == "" {
		return Position{}, len(t.Carry) == 0
	}
	p.Token = t.Cursor
	if p.Last, ok = journal.ParseCursor(t.Cursor); !ok {
		return Position{}, false
	}
	if len(t.Carry) > 0 {
		ok = len(t.Carry) == 1 && p.parseCarry(t.Carry[0])
		return p, ok
	}
	p.Same, p.Floor = unknown, p.Last.Real
	return p, true
}

const carryName = "boots"

func (p *Position) parseCarry(text string) bool {
	f := strings.Split(text, " ")
	if len(f) < 4 || f[0] != carryName {
		return false
	}
	var err1, err2, err3 error
	p.Same, err1 = strconv.Atoi(f[1])
	if p.More = f[2] != "-"; p.More {
		p.MoreFloor, err2 = strconv.ParseInt(f[2], 16, 64)
	}
	p.Floor, err3 = strconv.ParseInt(f[3], 16, 64)
	p.Boots = f[4:]
	return err1 == nil && err2 == nil && err3 == nil && p.Same >= unknown
}

// Trailer is the Position as a trailer.
func (p Position) Trailer() batch.Trailer {
	if p.Token == "" {
		return UpTo(0).Trailer()
	}
	t := batch.Trailer{Cursor: p.Token}
	if p.Last.Boot == "" {
		return t
	}
	more := "-"
	if p.More {
		more = strconv.FormatInt(p.MoreFloor, 16)
	}
	line := fmt.Sprintf("%s %d %s %x", carryName, p.Same, more, p.Floor)
	t.Carry = []string{strings.Join(append([]string{line}, p.Boots...), " ")}
	return t
}

// addBoots notes boots that were read.
func (p *Position) addBoots(boots []string) {
	for _, b := range boots {
		if b != "" && b != p.Last.Boot && !slices.Contains(p.Boots, b) {
			p.Boots = append(p.Boots, b)
		}
	}
	if over := len(p.Boots) - maxBoots; over > 0 {
		p.Boots = p.Boots[over:]
		p.Floor = max(p.Floor, p.Last.Real)
	}
}
