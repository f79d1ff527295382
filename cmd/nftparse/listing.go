package main

import (
	"bufio"
	"fmt"
	"slices"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/nftjson"
	"egress-monitor/lib/tally"
)

// A listing is the records of sets that were listed at one time.
type listing struct {
	now    time.Time
	names  []string // the sets to read; empty means all
	counts *tally.Table
	out    *bufio.Writer // keeps its first error for the end

	sets, ageless, skipped int
	why                    error // the first reason to skip
	key                    []byte
}

func newListing(now time.Time, out *bufio.Writer, names []string) *listing {
	return &listing{now: now, names: names, counts: tally.New(), out: out}
}

func (l *listing) handler() nftjson.Handler {
	return nftjson.Handler{
		Set: func(s *nftjson.Set) {
			if l.wants(s) {
				l.sets++
			}
		},
		Element: func(s *nftjson.Set, e nftjson.Element) {
			if l.wants(s) {
				l.add(e)
			}
			if l.counts.Full() {
				l.print()
			}
		},
		Skip: l.skip,
	}
}

func (l *listing) wants(s *nftjson.Set) bool {
	return len(l.names) == 0 || slices.Contains(l.names, s.Name)
}

func (l *listing) skip(s *nftjson.Set, why error) {
	if !l.wants(s) {
		return
	}
	if l.skipped++; l.skipped == 1 {
		l.why = fmt.Errorf("table %q, set %q: %w", s.Table, s.Name, why)
	}
}

// add adds an element. An element that has counted nothing was added by hand.
func (l *listing) add(e nftjson.Element) {
	if e.Packets == 0 {
		return
	}
	last := l.now
	if e.Age >= 0 {
		last = last.Add(-time.Duration(min(e.Age, 1e9) * float64(time.Second)))
	} else {
		l.ageless++
	}
	l.key = e.Addr.AppendTo(l.key[:0])
	l.counts.Add(l.key, e.Packets, last.Unix())
}

func (l *listing) print() {
	l.counts.Print(false, func(record []byte) error {
		_, err := l.out.Write(record)
		return err
	})
}

// warn reports that no set was read, or elements that were not read as they are.
func (l *listing) warn() {
	if l.sets == 0 {
		cli.Warn("no set of addresses in the input")
	}
	if l.ageless > 0 {
		cli.Warn("%d elements have no timeout: the time of the listing is taken as their last time", l.ageless)
	}
	if l.skipped > 0 {
		cli.Warn("%v; skipped, and %d like it", l.why, l.skipped-1)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
