// Package fleet reads what was pulled from many hosts (package pulled) and what
// the collector remembers of them (package baseline), and finds what few hosts
// have, what is new, and what no name led to.
//
// A pulled folder has one folder for each host. Any file in it may be missing,
// and all of it, the names of the hosts included, is written by others.
//
// Hosts are read twice. The first reading counts on how many hosts each key is; the
// second one judges each row by that number. Only a summary of each host is kept: for
// each Kind of thing, the number of things and the most interesting ones. While a host
// is read, a row takes little memory, since a host may have millions of rows that no
// other host has.
package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/networks"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

// Options are what the operator knows of the fleet, and the limits of new and late.
type Options struct {
	Now      time.Time
	Since    time.Time     // things first seen later are new
	Stale    time.Duration // an older pull is stale
	Blind    time.Duration // a host is blind if its canary is older than its pull by this
	Canaries []string      // names and addresses that hosts use only to show that they see
	Allow    *allow.List
	Known    *resolvers.List // public resolvers
	Watch    *resolvers.List // things that must not be seen
	Own      *networks.Own
	Networks *networks.Names
	Warn     func(batch.Skipped)
}

// A Fleet holds the findings about all hosts.
type Fleet struct {
	Options
	On        counts
	Hosts     []Host // by name
	Resolvers map[*resolvers.Resolver]*sighting.Seen
	Fresh     map[string]*Fresh   // new on several hosts
	MoreFresh bool                // more keys are new on several hosts than Fresh holds
	Domains   *sighting.Collector // keys as of Split; those that are rare or new
	Addresses *sighting.Collector // and those that are direct

	lock     sync.Mutex // of all but Hosts, while they are read
	rare     uint32     // a key on at most so many hosts is rare
	canaries canaries
}

// Fresh is something that is new on several hosts.
type Fresh struct {
	Item
	On []uint32 // the hosts, in order
}

// Read reads all hosts of a folder.
func Read(dir string, o Options) (*Fleet, error) {
	names, err := pulled.Hosts(dir)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no hosts: there should be a folder for each", dir)
	}
	f := &Fleet{
		Options:   o,
		On:        newCounts(),
		Hosts:     make([]Host, len(names)),
		Resolvers: map[*resolvers.Resolver]*sighting.Seen{},
		Fresh:     map[string]*Fresh{},
		Domains:   sighting.NewCollector(os.TempDir()),
		Addresses: sighting.NewCollector(os.TempDir()),
		rare:      rareFor(len(names)),
		canaries:  newCanaries(o.Canaries),
	}
	if f.Own == nil {
		f.Own, _ = networks.NewOwn(nil) // no setting, no error
	}
	if err := f.read(dir, names); err != nil {
		f.Close()
		return nil, err
	}
	f.judge()
	for i := range f.Hosts {
		for _, s := range f.Hosts[i].skipped {
			f.Warn(s)
		}
	}
	return f, nil
}

// rareFor returns the largest number of hosts on which a key counts as rare: 3 % of the
// fleet, and one to three hosts in a small fleet.
func rareFor(hosts int) uint32 {
	switch {
	case hosts < 10:
		return 1
	case hosts < 25:
		return 2
	}
	return uint32(max(3, hosts*3/100))
}

func (f *Fleet) read(dir string, names []string) error {
	counting := func() func(int) error {
		c := counting{seen: map[uint64]bool{}}
		return func(i int) error {
			c.run(f, uint32(i), filepath.Join(dir, names[i]))
			return nil
		}
	}
	if err := sideBySide(len(names), counting); err != nil {
		return err
	}
	return sideBySide(len(names), func() func(int) error {
		r := reading{f: f, since: stampOf(f.Since)}
		return func(i int) error {
			f.Hosts[i].Name = names[i]
			return r.run(uint32(i), filepath.Join(dir, names[i]))
		}
	})
}

// sideBySide does n tasks on all processors. Each worker calls start once, and then the
// function that start returned for one task after the other.
func sideBySide(n int, start func() func(int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for worker := range errs {
		wait.Go(func() {
			do := start()
			for i := int(next.Add(1)) - 1; i < n && errs[worker] == nil; i = int(next.Add(1)) - 1 {
				errs[worker] = do(i)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Close removes the temporary files.
func (f *Fleet) Close() {
	f.Domains.Close()
	f.Addresses.Close()
}
