// Package pull brings the files of many hosts to a collector, several at a
// time.
//
// Files are states: pulling twice changes nothing, pulling late misses nothing,
// and a host that was off is pulled the next time. A pull that fails is
// remembered as one that failed (see package pulled), and what was there stays.
package pull

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"time"

	"egress-monitor/lib/fetch"
	"egress-monitor/lib/hostlist"
	"egress-monitor/lib/pulled"
)

// Options control how hosts are pulled.
type Options struct {
	fetch.Options
	Jobs int              // how many at a time
	Mode fs.FileMode      // of the files
	Now  func() time.Time // the time of a pull
	Done func(Count)      // is told after each host
}

// A Count is how far a pull is.
type Count struct {
	Finished, Total, Failed int
}

// A Result is how all of it went.
type Result struct {
	Count
	Said    []string // what people must know, a line each, sorted
	Changed []string // the hosts whose state is another one now
}

// Run pulls all hosts of a list. When ctx ends, the hosts that are under way
// are left as they were.
func (f *Folder) Run(ctx context.Context, list hostlist.List, o Options) Result {
	r := Result{Count: Count{Total: len(list.Hosts) + len(list.Bad)}}
	for _, bad := range list.Bad {
		r.add(outcome{state: pulled.Failed, said: bad.Error()})
	}
	queue, outcomes := make(chan hostlist.Host), make(chan outcome)
	var workers sync.WaitGroup
	for n := range min(o.Jobs, len(list.Hosts)) {
		w := worker{Options: &o, folder: f, number: n}
		workers.Go(func() {
			for h := range queue {
				outcomes <- w.pull(ctx, h)
			}
		})
	}
	go func() {
		defer close(outcomes)
		feed(ctx, queue, list.Hosts)
		workers.Wait()
	}()
	for out := range outcomes {
		r.add(out)
		o.Done(r.Count)
	}
	slices.Sort(r.Said)
	return r
}

// feed hands out the hosts, until ctx ends.
func feed(ctx context.Context, queue chan<- hostlist.Host, hosts []hostlist.Host) {
	defer close(queue)
	for _, h := range hosts {
		select {
		case queue <- h:
		case <-ctx.Done():
			return
		}
	}
}

// An outcome is how the pull of one host went.
type outcome struct {
	state pulled.State
	said  string // "" for nothing

	changed string // the host, if its state is another one now
}

func (r *Result) add(o outcome) {
	r.Finished++
	if o.state == pulled.Failed {
		r.Failed++
	}
	if o.changed != "" {
		r.Changed = append(r.Changed, o.changed)
	}
	if o.said != "" {
		r.Said = append(r.Said, o.said)
	}
}
