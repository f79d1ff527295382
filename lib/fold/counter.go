package fold

// A counter counts keys in bounded memory (Misra and Gries, 1982). After n adds it
// still holds every key that was added more than n/most times. Once it has dropped
// a key (lost), its counts are too low.
//
// Memory: some 150 bytes for each key.
type counter[K comparable] struct {
	most int
	size map[K]*int // pointers: to assign a value would also store the key given, which points into a buffer
	keep func(K) K  // returns a key that stays valid
	lost bool
}

func newCounter[K comparable](most int, keep func(K) K) *counter[K] {
	return &counter[K]{most: most, size: map[K]*int{}, keep: keep}
}

func newNodeCounter(most int) *counter[node] { return newCounter(most, node.clone) }

func (c *counter[K]) add(k K) {
	if size := c.size[k]; size != nil {
		*size++
		return
	}
	if len(c.size) < c.most {
		one := 1
		c.size[c.keep(k)] = &one
		return
	}
	c.lost = true
	for k, size := range c.size {
		if *size--; *size == 0 {
			delete(c.size, k)
		}
	}
}

// addKnown counts a key if the counter holds it.
func (c *counter[K]) addKnown(k K) {
	if size := c.size[k]; size != nil {
		*size++
	}
}

// of returns the count of a key.
func (c *counter[K]) of(k K) int {
	if size := c.size[k]; size != nil {
		return *size
	}
	return 0
}

// Forced returns the narrow rows of owners that have more than max keys each:
// these rows will be made, whatever other keys there are. It returns none if there
// are more owners than it can count.
func Forced(max int, keys func(yield func([]byte) bool)) (forced []string) {
	owners := newNodeCounter(max)
	for key := range keys {
		n := nodeOf(key)
		if owner := n.owner(); owner != n {
			owners.add(owner)
		}
		if owners.lost {
			return nil
		}
	}
	for n, size := range owners.size {
		if *size > max && (!n.prefix.IsValid() || *size > 128) {
			forced = append(forced, n.key())
		}
	}
	return forced
}
