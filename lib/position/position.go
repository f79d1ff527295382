// Package position keeps how far a journal was counted, and tells which entries are
// new.
//
// A cursor of journald does not suffice. Its sequence numbers change when a volatile
// journal is made persistent, its times are those of a clock that may be set, and no
// journal tells which of its boots came later. But the boot of an entry, its time
// since the boot, and the order of entries within a boot stay. So a journal is read
// boot by boot: a known boot from its last counted entry on, whatever the clock and
// the sequence numbers are, and an unknown boot from its first entry on.
//
// An entry is known again by its boot and its time in microseconds. Several entries
// may have the same time (all those that the kernel logged before journald began have
// the time of its start), so a Position holds how many of them were read.
//
// A Position goes from one poll to the next as the cursor of the last entry and a
// carry line:
//
//	-- carry: boots SAME MORE FLOOR BOOT BOOT …
//	-- cursor: s=…;i=…;b=…;m=…;t=…;x=…
//
//	SAME   how many entries with the time of the last one were read
//	MORE   - if the boot was read to its end; otherwise a time: the boot's entries
//	       up to then were counted before
//	FLOOR  the entries of unknown boots up to this time were counted before
//	BOOT   another boot that was read: ID:MONO:REAL:SAME, the place of its last
//	       entry and how many have its time; or ID alone if it is too old to grow
//
// Times are microseconds in hexadecimal: MONO since the boot, all others since 1970.
//
// A cursor without the carry line is of an earlier version, or made by hand. A cursor
// that is only a time (t=…) means that all entries up to then count as read. It
// replaces the cursor of a damaged file; t=0 means that the journal had no entry.
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
	// maxBoots is how many boots a Position holds, which takes 33 kB. Older boots
	// are told by the times of their entries.
	maxBoots = 1000

	// maxPlaces is how many of these boots, the last ones, are read on if they have got
	// more entries: because a file system was mounted late, or files were put back.
	maxPlaces = 20
)

// A Place is the last entry that was read of a boot.
type Place struct {
	journal.Cursor
	Same int // how many entries with its boot and time were read; unknown means all
}

const unknown = -1

// known reports whether the boot can be read on at the place.
func (b Place) known() bool { return b.Cursor != journal.Cursor{Boot: b.Boot} }

// A Position is how far a journal was counted. The zero Position means that nothing was
// counted.
type Position struct {
	Token string // cursor of the last entry, as journald gave it
	Last  Place  // the content of Token; without Boot, all up to the time Real was counted

	More      bool  // the boot was not read to its end
	MoreFloor int64 // entries of the boot up to this time were counted before

	Boots []Place // the other boots that were read; the one read last is the last
	Floor int64   // entries of unknown boots up to this time were counted before
}

// UpTo returns the position of which only a time is known: entries up to and
// including that microsecond were counted.
func UpTo(micros int64) Position {
	return Position{Token: fmt.Sprintf("t=%x", micros), Last: Place{journal.Cursor{Real: micros}, unknown}, Floor: micros}
}

// Parse reads a Position from the trailer of a cursor file; ok is false if the
// trailer holds none. An empty trailer is the zero Position.
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

// bootLen is the length of a boot's ID, in hexadecimal digits.
const bootLen = 32

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

// numbers reads numbers. ok becomes false at the first text that is no number.
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
	n.ok = n.ok && len(b.Boot) == bootLen && strings.Trim(b.Boot, "0123456789abcdef") == ""
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

// Trailer returns the Position as a trailer.
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

// find returns the place of a boot, if the Position has it.
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

// move makes an entry the last one, and keeps the place in the boot before.
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

// addKnown adds boots that were read, or are too old to be read.
func (p *Position) addKnown(boots []string) {
	for _, id := range boots {
		if _, found := p.find(id); !found {
			p.Boots = append([]Place{{Cursor: journal.Cursor{Boot: id}}}, p.Boots...)
		}
	}
}
