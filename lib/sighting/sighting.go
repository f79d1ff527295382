// Package sighting counts on how many hosts of a fleet each key was seen, in
// bounded memory: keys are gathered in a map; a map that is full is written to
// a file without a name, sorted; in the end all are merged.
//
// Most hosts of a fleet see the same keys, so that the map rarely fills.
package sighting

import (
	"os"
	"slices"
	"strings"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/unnamed"
)

// A Kind is one of the ways in which a key was seen.
type Kind int

const (
	All    Kind = iota // at all
	New                // not in the pull before
	Direct             // an address that no name led to
	kinds
)

// Seen is what a number of hosts have seen.
type Seen struct {
	Hosts uint32
	Count uint64
	Last  Stamp
	Since Stamp    // the earliest time; 0 is not known
	On    []uint32 // the hosts, in order
}

// A Row is one key.
type Row struct {
	Key  string
	Seen [kinds]Seen
}

// maxKeys is how many keys are held in memory.
const maxKeys = 100_000

// A Collector gathers sightings.
type Collector struct {
	dir  string
	max  int
	keys map[string]*Row
	runs []*os.File
}

// NewCollector returns a Collector that keeps what is too much for memory in
// dir.
func NewCollector(dir string) *Collector {
	return &Collector{dir: dir, max: maxKeys, keys: map[string]*Row{}}
}

// Add counts a key on a host, once for each host, and host after host.
func (c *Collector) Add(key []byte, host uint32, count uint64, since, last Stamp, as ...Kind) error {
	row := c.keys[string(key)]
	if row == nil {
		if len(c.keys) >= c.max {
			if err := c.flush(); err != nil {
				return err
			}
		}
		row = &Row{Key: string(key)}
		c.keys[row.Key] = row
	}
	one := Seen{Hosts: 1, Count: count, Since: since, Last: last, On: []uint32{host}}
	row.Seen[All].add(one)
	for _, kind := range as {
		row.Seen[kind].add(one)
	}
	return nil
}

// add merges what other hosts have seen.
func (s *Seen) add(o Seen) {
	s.On = merged(s.On, o.On)
	s.Hosts = uint32(len(s.On))
	s.Count = aggregate.AddCount(s.Count, o.Count)
	s.Last = max(s.Last, o.Last)
	s.Since = earlier(s.Since, o.Since)
}

// merged adds hosts to a list that is in order, each host once.
func merged(list, hosts []uint32) []uint32 {
	for _, host := range hosts {
		if i, found := slices.BinarySearch(list, host); !found {
			list = slices.Insert(list, i, host)
		}
	}
	return list
}

// earlier returns the earlier of two times, of which 0 is not known.
func earlier(a, b Stamp) Stamp {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Again is add for one host that may have been added before: the host is counted once.
func (s *Seen) Again(host uint32, count uint64, since, last Stamp) {
	s.add(Seen{Count: count, Since: since, Last: last, On: []uint32{host}})
}

// More adds the count and the times of another key that the same hosts have seen.
func (s *Seen) More(count uint64, since, last Stamp) {
	s.Count, s.Since, s.Last = aggregate.AddCount(s.Count, count), earlier(s.Since, since), max(s.Last, last)
}

// sorted returns what is in memory, in order, and empties it.
func (c *Collector) sorted() []*Row {
	rows := make([]*Row, 0, len(c.keys))
	for _, row := range c.keys {
		rows = append(rows, row)
	}
	clear(c.keys)
	slices.SortFunc(rows, func(a, b *Row) int { return strings.Compare(a.Key, b.Key) })
	return rows
}

// flush writes what is in memory to a file.
func (c *Collector) flush() error {
	f, err := unnamed.File(c.dir)
	if err != nil {
		return err
	}
	c.runs = append(c.runs, f)
	return writeRun(f, c.sorted())
}

// Close gives back what is on disk.
func (c *Collector) Close() {
	for _, f := range c.runs {
		f.Close() // has no name
	}
}
