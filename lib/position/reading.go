package position

import (
	"errors"
	"fmt"

	"egress-monitor/lib/journal"
)

// A Reading is the entries of one boot, in their order, that a journal was asked
// for: from the last entry of a Position on, with it, or from the boot's first.
type Reading struct {
	from  Position
	at    Place // where it goes on; the boot alone if at its first entry
	main  bool  // it goes on at the Position's last entry
	floor int64

	skip    int  // so many more may be entries that were read before
	leading bool // nothing but such entries has come
	found   bool // the last entry was one of them
	entries int
	last    int64 // the time of the last entry so far,
	same    int   // and how many in a row have had it
}

// Seek is what journalctl is to look for to begin a boot.
func Seek(boot string) string { return "b=" + boot + ";m=0;t=0" }

var (
	errSeek  = errors.New("not a place to read on at")
	errAgain = errors.New("a boot that was read before")
	errPlace = errors.New("not the place that the position says")
	errToken = errors.New("not a cursor of journalctl")
	errBoot  = errors.New("a cursor of another boot")
)

// Read begins a Reading at what journalctl was told to look for.
func (p Position) Read(seek string) (*Reading, error) {
	c, ok := journal.ParseCursor(seek)
	if !ok || c.Boot == "" {
		return nil, errSeek
	}
	at, found := p.find(c.Boot)
	if IsFirst(seek) {
		if found {
			return nil, errAgain
		}
		return &Reading{from: p, at: Place{Cursor: c}, floor: p.Floor}, nil
	}
	if !found || at.Cursor != c {
		return nil, errPlace
	}
	r := &Reading{from: p, at: at, main: c.Boot == p.Last.Boot, skip: at.Same, leading: true}
	if r.main && p.More {
		r.floor = p.MoreFloor
	}
	return r, nil
}

// IsFirst says whether journalctl was told to look for the first entry of a
// boot.
func IsFirst(seek string) bool {
	c, ok := journal.ParseCursor(seek)
	return ok && c.Mono == 0 && c.Real == 0
}

// New takes the time of the next entry, and says whether the entry is new.
func (r *Reading) New(micros int64) bool {
	r.entries++
	if micros == r.last {
		r.same++
	} else {
		r.last, r.same = micros, 1
	}
	if r.leading {
		if micros == r.at.Real && r.skip != 0 {
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
// missed if it was one that is not shown; nor, once nothing follows it, if it was
// the last of an older boot.
func (r *Reading) Gap() bool {
	return r.at.known() && !r.found && r.at.Same != 0 && (r.main || r.entries > 0)
}

// End returns the Position after the Reading. token is the cursor of its last
// entry, as journalctl shows it; "" if there was none. The Reading had at most
// limit entries (0: no limit), so that many may not be all. boots are those that
// are known to be read with this one, besides those of the Position.
func (r *Reading) End(token string, limit int, boots []string) (Position, error) {
	p := r.from
	if token != "" {
		to, err := r.place(token)
		if err != nil {
			return Position{}, err
		}
		if r.main || to != r.at {
			p.move(token, to)
			p.More = limit > 0 && r.entries >= limit
			if p.MoreFloor = 0; p.More {
				p.MoreFloor = r.floor
			}
		}
	}
	if len(boots) > 0 && p.Last.Boot != "" {
		p.Floor = 0
		p.addKnown(boots)
	}
	return p, nil
}

// place is the place of the last entry.
func (r *Reading) place(token string) (b Place, err error) {
	c, ok := journal.ParseCursor(token)
	switch {
	case !ok || c.Boot == "":
		return b, errToken
	case c.Boot != r.at.Boot:
		return b, fmt.Errorf("%w than %s", errBoot, r.at.Boot)
	}
	b.Cursor = c
	if c.Real == r.last {
		b.Same = r.same
	}
	return b, nil
}
