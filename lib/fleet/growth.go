package fleet

import (
	"math"
	"slices"
	"strings"

	"egress-monitor/lib/aggregate"
)

const (
	// minGrown is the smallest growth of a count, since the key was first seen, that
	// may be a sudden one.
	minGrown = 1000
	// maxGrown is how many such keys are held of a host.
	maxGrown = 256
	// steps is how finely growth is measured: so many buckets for each doubling.
	steps = 2
)

// growth finds the keys of a host that grew more than the others since they were
// first seen: the ones that are worth comparing with an earlier state.
type growth struct {
	buckets [64 * steps]int // rows of the first pull, by the logarithm of how much they grew
	rows    int
	keys    []grownKey
}

type grownKey struct {
	Item
	was past
}

func (g *growth) reset() { g.buckets, g.rows, g.keys = [64 * steps]int{}, 0, g.keys[:0] }

// add takes a row that is not new.
func (g *growth) add(rec *aggregate.Record, was past, item *Item) {
	if item.New || was.count == 0 || rec.Count < was.count {
		return
	}
	grew := float64(rec.Count) / float64(was.count)
	if !item.Born && was.count >= 10 {
		g.buckets[min(int(steps*math.Log2(grew)), len(g.buckets)-1)]++
		g.rows++
	}
	if rec.Count-was.count < minGrown || grew < 2 || item.Born && grew < 20 {
		return
	}
	if len(g.keys) == maxGrown {
		g.keep()
	}
	key := grownKey{*item, was}
	key.What, key.Count, key.Hosts = string(rec.Key), rec.Count, 1
	g.keys = append(g.keys, key)
}

// keep keeps the half that grew most.
func (g *growth) keep() {
	slices.SortFunc(g.keys, func(a, b grownKey) int {
		switch x, y := a.grew(), b.grew(); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.What, b.What)
	})
	g.keys = g.keys[:maxGrown/2]
}

func (k *grownKey) grew() float64 { return float64(k.Count) / float64(k.was.count) }

// usual returns how much the rows of the first pull grew, in the median.
func (g *growth) usual() float64 {
	seen := 0
	for i, n := range g.buckets {
		if seen += n; 2*seen > g.rows {
			return math.Exp2(float64(i+1) / steps)
		}
	}
	return math.Inf(1)
}

// candidates returns the keys that grew more than others, in order.
func (g *growth) candidates(usual float64) (keys []grownKey) {
	least := 1.5 * usual
	for _, k := range g.keys {
		if k.Born || k.grew() >= least {
			keys = append(keys, k)
		}
	}
	return keys
}
