package fold

// A counter counts nodes in bounded memory. Of so many adds it forgets none of
// which there were more than their most'th part, but what it knows of the
// others is too little, if it has lost any (Misra and Gries, 1982).
//
// Memory: some 150 bytes for each node.
type counter struct {
	most int
	size map[node]*int // pointers, since a new value brings its key with it, which is a part of a buffer
	lost bool
}

func newCounter(most int) *counter { return &counter{most: most, size: map[node]*int{}} }

func (c *counter) add(n node) {
	if size := c.size[n]; size != nil {
		*size++
		return
	}
	if len(c.size) < c.most {
		one := 1
		c.size[n.clone()] = &one
		return
	}
	c.lost = true
	for n, size := range c.size {
		if *size--; *size == 0 {
			delete(c.size, n)
		}
	}
}

// addKnown counts a node that is known already.
func (c *counter) addKnown(n node) {
	if size := c.size[n]; size != nil {
		*size++
	}
}

// of returns how often a node was counted.
func (c *counter) of(n node) int {
	if size := c.size[n]; size != nil {
		return *size
	}
	return 0
}

// Forced returns the narrow rows that are of more than max keys by themselves:
// they will be made, whatever else there is. It gives up, and returns false, if
// there are too many owners to say.
func Forced(max int, keys func(yield func([]byte) bool)) (forced []string, ok bool) {
	owners := newCounter(max)
	for key := range keys {
		if n := nodeOf(key); n.owner() != n {
			owners.add(n.owner())
		}
		if owners.lost {
			return nil, false
		}
	}
	for n, size := range owners.size {
		if *size > max && (!n.prefix.IsValid() || *size > 128) {
			forced = append(forced, n.key())
		}
	}
	return forced, true
}
