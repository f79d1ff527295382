package fold

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// A Counter says which families to fold. It is told all keys, each once, and
// remembers no more families than there may be rows in the end: if there are
// more, folding them would not be enough, and wider ones are counted instead.
type Counter struct {
	max   int
	level int
	size  map[node]*int
}

// NewCounter returns a Counter for a limit of max rows.
func NewCounter(max int) *Counter {
	return &Counter{max: max, size: map[node]*int{}}
}

// Add counts a key.
func (c *Counter) Add(key []byte) { c.add(nodeOf(key), 1) }

func (c *Counter) add(n node, rows int) {
	c.put(n, rows)
	if len(c.size) <= c.max {
		return
	}
	narrow := c.size
	for len(c.size) > c.max && c.level < len(levels)-1 {
		c.level++
		c.size = map[node]*int{}
		for n, rows := range narrow {
			c.put(n, *rows)
		}
	}
}

func (c *Counter) put(n node, rows int) {
	family := n.wider(c.level)
	if size := c.size[family]; size != nil {
		*size += rows
		return
	}
	family.name = strings.Clone(family.name)
	c.size[family] = &rows
}

// Choose returns the keys of the rows into which families must be folded.
func (c *Counter) Choose() (keys []string) {
	for _, f := range c.choose() {
		keys = append(keys, f.key())
	}
	return keys
}

// Forced returns the families that have more than max rows by themselves: they
// will be folded, whatever else there is. It gives up, and returns false, if
// there are too many families to say.
func Forced(max int, keys iter.Seq[[]byte]) (forced []string, ok bool) {
	c := NewCounter(max)
	for key := range keys {
		c.put(nodeOf(key), 1)
		if len(c.size) > max {
			return nil, false
		}
	}
	for f, size := range c.size {
		if *size > max {
			forced = append(forced, f.key())
		}
	}
	return forced, true
}

// choose takes the largest families until the rest fits.
func (c *Counter) choose() (chosen []node) {
	rows, families := 0, make([]node, 0, len(c.size))
	for n, size := range c.size {
		rows += *size
		if *size > 1 {
			families = append(families, n)
		}
	}
	slices.SortFunc(families, func(x, y node) int {
		if d := cmp.Compare(*c.size[y], *c.size[x]); d != 0 {
			return d
		}
		return strings.Compare(x.key(), y.key())
	})
	for _, f := range families {
		if rows <= c.max {
			break
		}
		chosen, rows = append(chosen, f), rows-(*c.size[f]-1)
	}
	return chosen
}
