package fold

// Groups gives numbers to groups, in the order in which it meets them.
type groups struct {
	names   []group // by their numbers
	size    []int   // how many rows each has
	numbers map[group]uint16
	full    bool // no more groups get a number
	lost    bool // a group got none for that reason
}

// The first numbers.
const (
	noGroup = iota // all without a number
	rootGroup
	_ // group4
	_ // group6
	firstSuffix

	mostGroups = 1 << 16
)

func newGroups() *groups {
	s := &groups{numbers: map[group]uint16{}, names: []group{{}}, size: []int{0}}
	for _, g := range []group{root, group4, group6} {
		s.number(g)
	}
	return s
}

// candidates gives numbers to those groups only that may be large: for rows of too
// many groups.
func candidates(rows Rows) (*groups, error) {
	found := newNodeCounter(4096)
	err := rows(func(key []byte, _ uint64, _ []byte) {
		if n := nodeOf(key); n != root {
			found.add(n.group())
		}
	})
	s := newGroups()
	for g := range found.size {
		s.number(g)
	}
	s.full = true
	return s, err
}

// number returns the number of a group, or noGroup.
func (s *groups) number(g group) uint16 {
	n, ok := s.numbers[g]
	switch {
	case ok:
	case s.full:
		return noGroup
	case len(s.names) == mostGroups:
		s.lost = true
		return noGroup
	default:
		n, g = uint16(len(s.names)), g.clone()
		s.numbers[g] = n
		s.names, s.size = append(s.names, g), append(s.size, 0)
	}
	return n
}

// isGroup reports whether a node may be that of the wide row of a group.
func (n node) isGroup() bool {
	return n == group4 || n == group6 || n.star && !n.narrow()
}
