package fold

// A counter counts nodes in bounded memory (Misra and Gries, 1982). After n adds
// it still holds every node that was added more than n/most times. Once it has
// dropped a node (lost), its counts are too low.
//
// Memory: some 150 bytes for each node.
type counter struct {
	most int
	size map[node]*int // pointers: to assign a value would also store the key given, which points into a buffer
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

// addKnown counts a node if the counter holds it.
func (c *counter) addKnown(n node) {
	if size := c.size[n]; size != nil {
		*size++
	}
}

// of returns the count of a node.
func (c *counter) of(n node) int {
	if size := c.size[n]; size != nil {
		return *size
	}
	return 0
}

// Forced returns the narrow rows of owners that have more than max keys each:
// these rows will be made, whatever other keys there are. ok is false if there are
// more owners than it can count.
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
