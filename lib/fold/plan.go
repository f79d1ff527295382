package fold

import (
	"cmp"
	"maps"
	"slices"
)

// Rows calls visit with each row of a sorted aggregate. It may be called more
// than once. key and last are valid until visit returns.
type Rows func(visit func(key []byte, count uint64, last []byte)) error

// A Plan holds which rows are given up because there are more than a limit.
//
// Memory: 32 bytes for each row that stays, and some 20 MiB for counters of the
// rows that may be of a flood (see counter).
type Plan struct {
	limit  int
	rows   int              // of the aggregate
	groups map[group]*quota // of large groups, and of those that are no suffix
	small  quota            // of all other groups together
	last   *quota           // of the group that was asked for last
	all    bool             // the limit is smaller than the number of groups
}

// A quota is how many of its rows a group gives up.
type quota struct {
	group  group
	into   string // the key of the row that they go into
	weak   int    // how many are among the weakest of all rows: the group with the most gives first
	size   int
	exists bool // there is such a row already
	gives  int
	weakest
}

// fewer returns how many rows may be left after folding.
func fewer(limit int) int { return limit - limit/4 }

// Enough reports whether rows are few enough already, though more than the goal.
func Enough(limit, rows int) bool { return rows <= enough(limit) }

func enough(limit int) int { return limit - limit/8 }

// NewPlan finds which rows are given up. There must be more than limit.
func NewPlan(limit int, rows Rows) (*Plan, error) {
	p := &Plan{limit: limit, small: quota{into: root.key()}}
	candidates, all := newCounter(4096), &weakest{most: fewer(limit)}
	err := rows(func(key []byte, count uint64, last []byte) {
		p.rows++
		all.add(strengthOf(count, last))
		if n := nodeOf(key); n != root {
			candidates.add(n.group())
		}
	})
	all.end()
	if err == nil {
		err = p.sizes(rows, candidates, all.edge)
	}
	if err != nil {
		return nil, err
	}
	p.share()
	return p, p.measure(rows)
}

// Again returns a new plan for the same groups, in the same order, after narrow
// rows have taken some of their rows. The order must stay: the group of the flood
// may be the smaller one now.
func (p *Plan) Again(rows Rows) (*Plan, error) {
	again := &Plan{limit: p.limit, groups: map[group]*quota{}, small: quota{into: p.small.into, weak: p.small.weak}}
	for g, q := range p.groups {
		again.groups[g] = &quota{group: g, into: q.into, weak: q.weak}
	}
	if err := again.count(rows, func(*quota, strength) {}); err != nil {
		return nil, err
	}
	again.pin()
	again.share()
	return again, again.measure(rows)
}

// sizes finds the large groups, and how many rows each has. Rows that are not
// stronger than edge are weak.
func (p *Plan) sizes(rows Rows, candidates *counter, edge strength) error {
	p.groups = map[group]*quota{root: {}, group4: {}, group6: {}}
	for g := range candidates.size {
		p.groups[g] = &quota{}
	}
	for g, q := range p.groups {
		q.group, q.into = g, g.key()
	}
	err := p.count(rows, func(q *quota, s strength) {
		if !s.stronger(edge) {
			q.weak++
		}
	})
	if err != nil {
		return err
	}
	p.last = nil
	maps.DeleteFunc(p.groups, p.isSmall)
	p.pin()
	return nil
}

// count counts the rows of each group.
func (p *Plan) count(rows Rows, each func(*quota, strength)) error {
	p.rows = 0
	return rows(func(key []byte, count uint64, last []byte) {
		p.rows++
		n := nodeOf(key)
		if n.star || n.prefix.IsValid() {
			if q := p.groups[n]; q != nil {
				q.exists = true
			}
		}
		if n != root {
			q := p.of(n.group())
			q.size++
			each(q, strengthOf(count, last))
		}
	})
}

// pin reserves a place for each wide row that exists already: the group which the
// wide row belongs to must not give it up.
func (p *Plan) pin() {
	for g, q := range p.groups {
		if q.exists && g != root {
			p.of(g.group()).size--
		}
	}
}

// isSmall adds a small group to the quota of all small groups.
func (p *Plan) isSmall(g group, q *quota) bool {
	small := g.star && g != root && (q.size*8 <= p.rows || q.size < 2)
	if small {
		p.small.size += q.size
		p.small.weak += q.weak
	}
	return small
}

// of returns the quota of a group, which small groups share. It remembers the last
// one: in a flood the same group is asked for many times in a row.
func (p *Plan) of(g group) *quota {
	if p.last != nil && g == p.last.group {
		return p.last
	}
	if q := p.groups[g]; q != nil {
		p.last = q
		return q
	}
	return &p.small
}

// share decides how many rows each group gives up: the group with the most weak
// rows gives as many as have to go, or all, then the next, until there are few
// enough. The last group to give may keep some of them (see weakest.spare).
func (p *Plan) share() {
	list := p.quotas()
	left := p.left(list)
	for _, q := range list {
		if Enough(p.limit, left) {
			break
		}
		p.give(q, left-fewer(p.limit))
		left = p.left(list)
		q.spare = min(q.gives, max(0, enough(p.limit)-left))
	}
	p.all = left > p.limit
}

// quotas returns all quotas in the order in which the groups give up rows.
func (p *Plan) quotas() []*quota {
	list := slices.SortedFunc(maps.Values(p.groups), func(x, y *quota) int {
		return cmp.Or(cmp.Compare(y.weak, x.weak), cmp.Compare(x.into, y.into))
	})
	at := 0
	for at < len(list) && list[at].weak >= p.small.weak {
		at++
	}
	return slices.Insert(list, at, &p.small)
}

// give makes a group give up rows, and one more if the row that they go into is
// new. It does not give up one row for another.
func (p *Plan) give(q *quota, rows int) {
	if rows <= 0 {
		return
	}
	exists := p.exists(q)
	if !exists {
		rows++
	}
	if q.gives = min(q.size, rows); q.gives == 1 && !exists {
		q.gives = 0
	}
}

// exists reports whether the row that a group's rows go into is there already.
func (p *Plan) exists(q *quota) bool {
	r := p.groups[root]
	return q.exists || (q == &p.small || q == r) && (r.exists || r.gives+p.small.gives > 0)
}

// left returns how many rows are left in the end.
func (p *Plan) left(list []*quota) (rows int) {
	for _, q := range list {
		rows += q.size - q.gives
		if q != &p.small && (q.exists || q.gives > 0) {
			rows++
		}
	}
	if r := p.groups[root]; p.small.gives > 0 && !r.exists && r.gives == 0 {
		rows++
	}
	return rows
}

// measure finds the strength up to which the rows of each group are given up.
func (p *Plan) measure(rows Rows) error {
	if p.all {
		return nil
	}
	p.small.most = p.small.size - p.small.gives
	for _, q := range p.groups {
		q.most = q.size - q.gives
	}
	err := rows(func(key []byte, count uint64, last []byte) {
		if q := p.quota(nodeOf(key)); q != nil && q.gives > 0 {
			q.add(strengthOf(count, last))
		}
	})
	p.small.settle()
	for _, q := range p.groups {
		q.settle()
	}
	return err
}

// settle finds the weakest row that stays, and from it how many rows go.
func (q *quota) settle() {
	q.end()
	q.gives = q.size - q.most
}

// quota returns the quota of a row that may be given up; nil for a row that must
// stay.
func (p *Plan) quota(n node) *quota {
	if (n.star || n.prefix.IsValid()) && p.groups[n] != nil {
		return nil
	}
	return p.of(n.group())
}

// Start must be called before the calls of Into for all rows.
func (p *Plan) Start() {
	p.small.tied = 0
	for _, q := range p.groups {
		q.tied = 0
	}
}

// Into returns the key of the row that a row is added to; "" if the row stays. It
// must be called for all rows, in order.
func (p *Plan) Into(key []byte, count uint64, last []byte) string {
	if p.all {
		return root.key()
	}
	q := p.quota(nodeOf(key))
	if q == nil || q.gives == 0 || q.gives < q.size && q.stays(strengthOf(count, last)) {
		return ""
	}
	return q.into
}

// Narrow returns the narrow rows that take a good part of the rows given up.
func (p *Plan) Narrow(rows Rows) (*Set, error) {
	set := &Set{}
	if p.all {
		return set, nil
	}
	gone, stay := newCounter(1<<17), newCounter(1<<17)
	if err := p.owners(rows, gone.add, func(node) {}); err != nil {
		return nil, err
	}
	for n, size := range gone.size {
		if *size < 2 {
			delete(gone.size, n)
		}
		*size = 0
	}
	if len(gone.size) == 0 {
		return set, nil
	}
	err := p.owners(rows, gone.addKnown, func(n node) {
		if gone.size[n] != nil {
			stay.add(n)
		}
	})
	var list []flood
	for n, size := range gone.size {
		if f := (flood{n, *size, stay.of(n)}); p.flooded(f) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(x, y flood) int {
		return cmp.Or(cmp.Compare(y.gone, x.gone), cmp.Compare(x.key(), y.key()))
	})
	left := p.rows
	for _, need := range []bool{false, true} {
		for _, f := range list {
			if f.sure() != need && !(need && Enough(p.limit, left)) {
				set.add(f.node)
				left -= f.gone + f.stay - 1
			}
		}
	}
	return set, err
}

// A flood is an owner with the number of its rows that go and that stay.
type flood struct {
	node
	gone, stay int
}

// owners calls gone with the owner of each row that goes, and stay with the owner
// of each row that stays.
func (p *Plan) owners(rows Rows, gone, stay func(node)) error {
	p.Start()
	return rows(func(key []byte, count uint64, last []byte) {
		goes, n := p.Into(key, count, last) != "", nodeOf(key)
		switch owner := n.owner(); {
		case owner == n:
		case goes:
			gone(owner)
		default:
			stay(owner)
		}
	})
}

// sure reports whether most of what the owner has goes: more than half of a
// /24, or at least 16 names and fewer stay.
func (f *flood) sure() bool {
	if f.prefix.IsValid() {
		return f.gone > 128
	}
	return f.gone >= 16 && f.gone > f.stay
}

// flooded reports whether a narrow row may be made for an owner if sure rows are
// not enough.
func (p *Plan) flooded(f flood) bool {
	given := p.of(f.group()).gives
	return f.sure() || f.star && f.gone > 1 && (f.gone > given/8 || f.gone > p.limit/4)
}
