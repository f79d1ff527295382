package main

import (
	"errors"
	"fmt"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/nftjson"
	"egress-monitor/lib/setcursor"
)

// A generation is two sets, v4_G and v6_G, and two counters, seen4_G and seen6_G. A
// counter counts all connections of its set, also those that the set had no room for.
// A generation is listed after it has stopped counting, so each listing has the same
// numbers. A listing is whole if it has all four.
type generation struct {
	*listing
	next  setcursor.Cursor
	parts [2]part
}

// A part is the set and the counter of IPv4 or of IPv6.
type part struct {
	set, counter   string // names
	listed, hasSum bool
	sum, seen      uint64 // connections: in all elements; in the counter
}

func newGeneration(next setcursor.Cursor, l *listing) *generation {
	g := &generation{listing: l, next: next}
	for i, v := range [...]string{"4", "6"} {
		g.parts[i].set = fmt.Sprintf("v%s_%d", v, next.G)
		g.parts[i].counter = fmt.Sprintf("seen%s_%d", v, next.G)
	}
	return g
}

func (g *generation) handler() nftjson.Handler {
	return nftjson.Handler{
		Set: func(s *nftjson.Set) {
			if p := g.part(s); p != nil {
				p.listed = true
				g.sets++
			}
		},
		Element: func(s *nftjson.Set, e nftjson.Element) {
			if p := g.part(s); p != nil {
				p.sum += e.Packets
				g.add(e)
			}
		},
		Counter: func(_, name string, packets uint64) {
			for i := range g.parts {
				if g.parts[i].counter == name {
					g.parts[i].seen, g.parts[i].hasSum = packets, true
				}
			}
		},
		Skip: g.skip,
	}
}

func (g *generation) part(s *nftjson.Set) *part {
	for i := range g.parts {
		if g.parts[i].set == s.Name && s.IPv6 == (i == 1) {
			return &g.parts[i]
		}
	}
	return nil
}

var errCut = errors.New("the listing is not whole: a set or a counter of this generation is missing; nothing was counted")

// finish prints the records if they are new, and returns the cursor after them. It
// reports connections that the records do not hold.
func (g *generation) finish(after string) (cursor string, err error) {
	for _, p := range g.parts {
		if !p.listed || !p.hasSum {
			return "", errCut
		}
	}
	last, known := setcursor.Parse(after)
	if known && last.Counted(g.next) {
		return after, nil
	}
	if after != "" && !known {
		cli.Warn("gap: the stored cursor %.80q is not one of a set: it is not known which connections before %s were not counted", after, stamp(g.next.From))
	}
	if from, to, why, ok := last.Gap(g.next); known && ok {
		cli.Warn("gap: connections between %s and %s were not counted: %s", stamp(from), stamp(to), why)
	}
	if g.believable() {
		g.warn()
		g.print()
	}
	return g.next.String(), nil
}

// believable reports whether no set holds more connections than its counter. It
// reports the connections that a set had no room for.
func (g *generation) believable() bool {
	for _, p := range g.parts {
		if p.sum > p.seen {
			cli.Warn("gap: set %s holds %d connections where %d were counted: another program changed it (restored from a copy?), and its connections from %s to %s are not counted",
				p.set, p.sum, p.seen, stamp(g.next.From), stamp(g.next.To))
			return false
		}
	}
	for _, p := range g.parts {
		if n := p.seen - p.sum; n > 0 {
			cli.Warn("gap: %d of %d connections between %s and %s were not counted by address: set %s had no room for more addresses",
				n, p.seen, stamp(g.next.From), stamp(g.next.To), p.set)
		}
	}
	return true
}
