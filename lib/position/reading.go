package position

import (
	"errors"
	"fmt"

	"egress-monitor/lib/journal"
)

// A Reading takes the entries of one boot, in their order: from the boot's place in a
// Position on, including that entry, or from the boot's first entry on.
type Reading struct {
	from  Position
	at    Place // where the Reading begins; the boot alone at its first entry
	main  bool  // it begins at the Position's last entry
	floor int64 // entries up to this time are not new

	skip    int  // how many more of the first entries may have been read before
	leading bool // all entries so far were read before
	found   bool // there was such an entry
	entries int
	last    int64 // time of the last entry so far,
	same    int   // and how many in a row had it
}

// Seek returns the cursor with which journalctl begins a boot.
func Seek(boot string) string { return "b=" + boot + ";m=0;t=0" }

var (
	errSeek  = errors.New("not the place of an entry")
	errAgain = errors.New("a boot that was read before")
	errPlace = errors.New("not the place of this boot in the position")
	errToken = errors.New("not a cursor of journalctl")
	errBoot  = errors.New("a cursor of another boot")
)

// Read begins a Reading at the cursor seek, which journalctl was given. It returns an
// error if the Position cannot go on there.
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

// IsFirst reports whether seek is the first entry of a boot.
func IsFirst(seek string) bool {
	c, ok := journal.ParseCursor(seek)
	return ok && c.Mono == 0 && c.Real == 0
}

// New takes the time of the next entry, in microseconds since 1970, and reports
// whether the entry is new.
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

// Entries returns the number of entries so far.
func (r *Reading) Entries() int { return r.entries }

// Gap reports whether the entry is gone at which the Reading was to go on. There is no
// gap if journalctl does not show that entry, or if it was the last one of an older
// boot and no entry follows it.
func (r *Reading) Gap() bool {
	return r.at.known() && !r.found && r.at.Same != 0 && (r.main || r.entries > 0)
}

// End returns the Position after the Reading. token is the cursor of its last entry,
// as journalctl shows it, or "" if there was no entry. limit is how many entries
// journalctl shows at most (0: no limit): if there are as many, there may be more.
// boots are further boots that are read by now. It returns an error if token is not a
// cursor in this boot.
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

// place returns the place of the last entry.
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
