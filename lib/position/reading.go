package position

import (
	"errors"
	"slices"

	"egress-monitor/lib/journal"
)

// A Reading is the entries of one boot, in their order, that a journal was asked
// for: from the last entry of a Position on, with it, or from the boot's first.
type Reading struct {
	from  Position
	on    bool // it goes on at the last entry
	floor int64

	skip    int  // so many more may be entries that were read before
	leading bool // nothing but such entries has come
	found   bool // the last entry was one of them
	entries int
	last    int64 // the time of the last entry so far,
	same    int   // and how many in a row have had it
}

// On begins a Reading that goes on at the last entry.
func (p Position) On() *Reading {
	r := &Reading{from: p, on: true, skip: p.Same, leading: true}
	if p.More {
		r.floor = p.MoreFloor
	}
	return r
}

// Whole begins a Reading of a boot that is not known.
func (p Position) Whole() *Reading { return &Reading{from: p, floor: p.Floor} }

// New takes the time of the next entry, and says whether the entry is new.
func (r *Reading) New(micros int64) bool {
	r.entries++
	if micros == r.last {
		r.same++
	} else {
		r.last, r.same = micros, 1
	}
	if r.leading {
		if micros == r.from.Last.Real && r.skip != 0 {
			r.skip--
			r.found = true
			return false
		}
		r.leading = false
	}
	return micros > r.floor
}

// Entries is how many entries there were.
func (r *Reading) Entries() int { return r.entries }

// Gap says that the entry is gone at which the Reading was to go on. It is not
// missed if it was one that is not shown.
func (r *Reading) Gap() bool { return r.on && !r.found && r.from.Same != 0 }

var (
	errToken = errors.New("not a cursor of journalctl")
	errBoot  = errors.New("a cursor of another boot than the one that was read on")
	errAgain = errors.New("a cursor of a boot that was read before")
)

// End returns the Position after the Reading. token is the cursor of its last
// entry, as journalctl shows it; "" if there was none. The Reading had at most
// limit entries (0: no limit), so that many may not be all. boots are those that
// are known to be read with this one, besides those of the Position.
func (r *Reading) End(token string, limit int, boots []string) (Position, error) {
	p := r.from
	p.Boots = slices.Clone(p.Boots)
	if token != "" {
		if err := r.move(&p, token); err != nil {
			return Position{}, err
		}
	}
	p.More = limit > 0 && r.entries >= limit
	if p.MoreFloor = 0; p.More {
		p.MoreFloor = r.floor
	}
	if len(boots) > 0 && p.Last.Boot != "" {
		p.Floor = 0
	}
	p.addBoots(append([]string{r.from.Last.Boot}, boots...))
	return p, nil
}

func (r *Reading) move(p *Position, token string) error {
	c, ok := journal.ParseCursor(token)
	switch {
	case !ok || c.Boot == "":
		return errToken
	case r.on && c.Boot != r.from.Last.Boot:
		return errBoot
	case !r.on && (c.Boot == r.from.Last.Boot || slices.Contains(r.from.Boots, c.Boot)):
		return errAgain
	}
	p.Token, p.Last = token, c
	if p.Same = 0; c.Real == r.last {
		p.Same = r.same
	}
	return nil
}
