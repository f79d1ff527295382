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
// before; up to which time the entries of unknown boots were; and the other boots
// that were read. A boot is ID:MONO:REAL:SAME, where its last entry is and how
// many have its time, or ID alone if it is not read on, being too old. The times
// are microseconds, in hexadecimal: MONO since the boot, all others since 1970.
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

const (
	// maxBoots is how many boots are remembered, which takes 33 kB. What else
	// there is in an older journal is told by its time.
	maxBoots = 1000

	// maxPlaces is how many of them are read on, if they have more entries by
	// now: when a file system was mounted late, or files were put back.
	maxPlaces = 20
)

// A Place is the last entry that was read of a boot.
type Place struct {
	journal.Cursor
	Same int // entries of its boot and time that were read; unknown: all there are
}

const unknown = -1

// known says whether the boot can be read on at the place.
func (b Place) known() bool { return b.Cursor != journal.Cursor{Boot: b.Boot} }

// A Position is how far a journal was counted. The zero Position is that of a
// journal of which nothing was.
type Position struct {
	Token string // of the last entry, as journald gave it
	Last  Place  // what it says; no Boot: up to the time Real

	More      bool  // the boot was not read to its end
	MoreFloor int64 // its entries up to then were counted before

	Boots []Place // the other boots that were read, oldest news first
	Floor int64   // entries of unknown boots up to then were counted before
}

// UpTo is the position at which nothing but a time is known: entries up to and
// with that microsecond were counted.
func UpTo(micros int64) Position {
	return Position{Token: fmt.Sprintf("t=%x", micros), Last: Place{journal.Cursor{Real: micros}, unknown}, Floor: micros}
}

// Parse reads a Position from the trailer of a cursor file.
func Parse(t batch.Trailer) (p Position, ok bool) {
	if t.Cursor == "" {
		return Position{}, len(t.Carry) == 0
	}
	p.Token = t.Cursor
	if p.Last.Cursor, ok = journal.ParseCursor(t.Cursor); !ok {
		return Position{}, false
	}
	if len(t.Carry) > 0 {
		ok = len(t.Carry) == 1 && p.parseCarry(t.Carry[0])
		return p, ok
	}
	p.Last.Same, p.Floor = unknown, p.Last.Real
	return p, true
}

const carryName = "boots"

func (p *Position) parseCarry(text string) bool {
	f := strings.Split(text, " ")
	if len(f) < 4 || f[0] != carryName {
		return false
	}
	n := numbers{ok: true}
	p.Last.Same = n.decimal(f[1])
	if p.More = f[2] != "-"; p.More {
		p.MoreFloor = n.hex(f[2])
	}
	p.Floor = n.hex(f[3])
	for _, item := range f[4:] {
		p.Boots = append(p.Boots, n.place(item))
	}
	return n.ok
}

// numbers reads numbers, and notes if one of them is none.
type numbers struct{ ok bool }

func (n *numbers) decimal(s string) int {
	v, err := strconv.Atoi(s)
	n.ok = n.ok && err == nil && v >= unknown
	return v
}

func (n *numbers) hex(s string) int64 {
	v, err := strconv.ParseInt(s, 16, 64)
	n.ok = n.ok && err == nil && v >= 0
	return v
}

func (n *numbers) place(item string) (b Place) {
	f := strings.Split(item, ":")
	b.Boot = f[0]
	switch len(f) {
	case 1:
	case 4:
		b.Mono, b.Real, b.Same = n.hex(f[1]), n.hex(f[2]), n.decimal(f[3])
	default:
		n.ok = false
	}
	return b
}

func (b Place) String() string {
	if !b.known() {
		return b.Boot
	}
	return fmt.Sprintf("%s:%x:%x:%d", b.Boot, b.Mono, b.Real, b.Same)
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
	line := fmt.Sprintf("%s %d %s %x", carryName, p.Last.Same, more, p.Floor)
	for _, b := range p.Boots {
		line += " " + b.String()
	}
	t.Carry = []string{line}
	return t
}

// find returns the place of a boot.
func (p *Position) find(boot string) (b Place, found bool) {
	if boot == p.Last.Boot {
		return p.Last, true
	}
	i := slices.IndexFunc(p.Boots, func(b Place) bool { return b.Boot == boot })
	if i < 0 {
		return Place{}, false
	}
	return p.Boots[i], true
}

// move goes to an entry of a boot, and keeps the place in the one before.
func (p *Position) move(token string, to Place) {
	if to.Boot != p.Last.Boot {
		p.Boots = slices.DeleteFunc(slices.Clone(p.Boots), func(b Place) bool { return b.Boot == to.Boot })
		p.add(p.Last)
	}
	p.Token, p.Last = token, to
	if over := len(p.Boots) - maxBoots; over > 0 {
		p.Boots = p.Boots[over:]
		p.Floor = max(p.Floor, p.Last.Real)
	}
	for i := range max(0, len(p.Boots)-maxPlaces) {
		p.Boots[i] = Place{Cursor: journal.Cursor{Boot: p.Boots[i].Boot}}
	}
}

func (p *Position) add(b Place) {
	if _, found := p.find(b.Boot); b.Boot != "" && (!found || b.Boot == p.Last.Boot) {
		p.Boots = append(slices.Clip(p.Boots), b)
	}
}

// addKnown notes boots that are known to be read, or too old to be.
func (p *Position) addKnown(boots []string) {
	for _, id := range boots {
		if _, found := p.find(id); !found {
			p.Boots = append([]Place{{Cursor: journal.Cursor{Boot: id}}}, p.Boots...)
		}
	}
}
