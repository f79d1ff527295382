package fleet

import (
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/baseline"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/sighting"
)

const (
	// dormant is the silence after which a thing that comes back is news.
	dormant = 14 * 24 * time.Hour
	// minTimes is the factor from which on a thing has grown.
	minTimes = 10
)

// compare looks up the things that may have come back, or have grown, in the last state
// before the time of the report.
func (r *reading) compare(dir string) {
	at := r.stateBefore(dir)
	if at.IsZero() {
		return
	}
	usual := r.grown[0].usual() // the same time passed for addresses
	for file, kinds := range [2][]Kind{{Domain, Unanswered, Spread}, {Direct4, Direct6}} {
		c := comparison{r: r, at: at, usual: usual, grown: r.grown[file].candidates(usual)}
		for _, kind := range kinds {
			items := r.host.Crowds[kind].Items
			for i := range items {
				c.silent(&items[i])
			}
		}
		c.run(dir, pulled.Files[file])
	}
}

// stateBefore returns the time of the last state before the time of the report.
func (r *reading) stateBefore(dir string) (at time.Time) {
	states, err := baseline.States(dir)
	if err != nil {
		return at // without the states there are no comebacks and no growth
	}
	for _, t := range states {
		if !t.After(r.f.Since) {
			at = t
		}
	}
	return at
}

// A comparison is of some keys of a file.
type comparison struct {
	r     *reading
	at    time.Time // of the state
	usual float64   // how much others grew since the first pull
	old   []*Item   // which may have been silent
	grown []grownKey
}

// silent adds an item that may have been silent: an old one that was used lately.
func (c *comparison) silent(item *Item) {
	if !item.New && item.Last >= c.r.since && item.Alike == 0 && item.Names <= 1 {
		c.old = append(c.old, item)
	}
}

func (c *comparison) run(dir, name string) {
	keys := make([]string, 0, len(c.old)+len(c.grown))
	for _, item := range c.old {
		keys = append(keys, item.What)
	}
	for i := range c.grown {
		keys = append(keys, c.grown[i].What)
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	was := map[string]aggregate.Record{}
	// an error is ignored: then things lack a reason, but all of them are listed
	baseline.Find(dir, c.at, name, slices.Compact(keys), func(key string, rec aggregate.Record) {
		was[key] = aggregate.Record{Count: rec.Count, Last: slices.Clone(rec.Last)}
	})
	for _, item := range c.old {
		if rec, ok := was[item.What]; ok {
			c.back(item, sighting.ParseStamp(rec.Last).Time())
		}
	}
	for i := range c.grown {
		if rec, ok := was[c.grown[i].What]; ok {
			c.grew(&c.grown[i], rec.Count)
		}
	}
	c.add()
}

// back notes for how many days an item was silent, if it is news.
func (c *comparison) back(item *Item, last time.Time) {
	if silent := c.at.Sub(last); silent >= dormant {
		item.Back = int(silent / (24 * time.Hour))
	}
}

// grew notes how many times as often as before a key is asked for.
func (c *comparison) grew(k *grownKey, then uint64) {
	if k.Count < then+minGrown {
		return
	}
	now := float64(k.Count-then) / c.r.f.Now.Sub(c.at).Hours()
	var before float64
	switch hours := c.at.Sub(k.First.Time()).Hours(); {
	case k.Born && hours >= 24:
		before = float64(then) / hours
	case k.Born:
		return
	case hours >= 24 && then > k.was.count:
		before = float64(then-k.was.count) / hours
	case hours >= 24: // not once, in all that time
		before = 1 / hours
	default: // only the first state is known: the growth of the others tells how long the host had counted before
		before = float64(k.was.count) * (c.usual - 1) / c.r.f.Now.Sub(c.at).Hours()
	}
	k.Times = int(min(now/before, 1e9))
}

// add makes items of what has grown.
func (c *comparison) add() {
	var items []Item
	for _, k := range c.grown {
		if k.Times >= minTimes {
			items = append(items, k.Item)
		}
	}
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.What, b.What) })
	crowd := &c.r.host.Crowds[Grown]
	*crowd = crowdOf(append(slices.Clone(crowd.Items), items...))
}
