package fold

import (
	"cmp"
	"errors"
	"io"
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
	rows   int // all there are
	notes  *notes
	groups *groups
	quotas []*quota // those of groups that are large or no suffix, by their numbers; nil for others
	small  quota    // of all other groups together
	crowds *crowds
	all    bool // the limit is smaller than the number of groups
}

// A quota is how many of its rows a group gives up.
type quota struct {
	number  uint64 // that of the group; 0 is that of all small groups
	into    string // the key of the row that they go into
	weak    int    // how many are among the weakest of all: the group with most of them gives first
	size    int    // how many may be given up
	crowded int    // how many of them are of a crowd
	exists  bool   // there is such a row already
	gives   int
	weakest
}

// fewer returns how many rows may be left after folding.
func fewer(limit int) int { return limit - limit/4 }

// Enough reports whether rows are few enough already, though more than the goal.
func Enough(limit, rows int) bool { return rows <= enough(limit) }

func enough(limit int) int { return limit - limit/8 }

// NewPlan finds which rows are given up. There must be more than limit. It keeps
// notes of all rows in file.
func NewPlan(limit int, rows Rows, file io.ReadWriteSeeker) (*Plan, error) {
	p := &Plan{limit: limit, small: quota{into: root.key()}, notes: &notes{file: file}, groups: newGroups()}
	err := p.note(rows)
	if p.groups.lost {
		if p.groups, err = candidates(rows); err == nil {
			err = p.note(rows)
		}
	}
	if err != nil {
		return nil, err
	}
	p.findLarge()
	if err := p.findCrowds(); err != nil {
		return nil, err
	}
	if err := p.rank(); err != nil {
		return nil, err
	}
	return p, p.choose()
}

// Again returns a new plan for the same groups, in the same order, after narrow
// rows have taken some of their rows. The order must stay: the group of the flood
// may be the smaller one now.
func (p *Plan) Again(rows Rows) (*Plan, error) {
	again := &Plan{limit: p.limit, notes: p.notes, groups: p.groups}
	again.small = quota{into: p.small.into, weak: p.small.weak}
	for _, q := range p.quotas {
		if q != nil {
			q = &quota{number: q.number, into: q.into, weak: q.weak}
		}
		again.quotas = append(again.quotas, q)
	}
	if err := again.note(rows); err != nil {
		return nil, err
	}
	if err := again.findCrowds(); err != nil {
		return nil, err
	}
	return again, again.choose()
}

// note writes the notes, and counts the rows of each group.
func (p *Plan) note(rows Rows) error {
	if err := p.notes.create(); err != nil {
		return err
	}
	err := rows(func(key []byte, count uint64, last []byte) {
		n, k := note{count: count, last: digits(last)}, nodeOf(key)
		if k.isGroup() {
			n.wide = p.groups.number(k)
		}
		if k != root {
			s := k.suffix()
			n.owned = k.ownerOf(s) != k
			n.group = p.groups.number(k.groupOf(s))
		}
		p.notes.add(n)
		p.groups.size[n.group]++
	})
	p.rows, p.groups.full = p.notes.rows, true
	return errors.Join(err, p.notes.end())
}

// findLarge finds the large groups, and makes the quotas.
func (p *Plan) findLarge() {
	p.quotas = make([]*quota, len(p.groups.names))
	for i, size := range p.groups.size {
		if i != noGroup && (i < firstSuffix || size*8 > p.rows && size > 1) {
			p.quotas[i] = &quota{number: uint64(i), into: p.groups.names[i].key()}
		}
	}
}

// of returns the quota of a group, which small groups share.
func (p *Plan) of(group uint16) *quota {
	if q := p.quotas[group]; q != nil {
		return q
	}
	return &p.small
}

// quota returns the quota of a row that may be given up; nil for a row that must
// stay, the wide row of a group.
func (p *Plan) quota(n note) *quota {
	if n.wide != noGroup && p.quotas[n.wide] != nil {
		return nil
	}
	return p.of(n.group)
}

// each calls do for each row that may be given up.
func (p *Plan) each(do func(*quota, strength)) error {
	return p.notes.each(func(n note) {
		if q := p.quota(n); q != nil {
			do(q, strengthOf(n, p.crowds.size(q, n)))
		}
	})
}

// rank counts the weak rows of each group: those that are too many, and those that
// are as weak as one of them.
func (p *Plan) rank() error {
	strongest := &weakest{most: fewer(p.limit)}
	err := p.each(func(_ *quota, s strength) { strongest.add(s) })
	strongest.end()
	if err != nil {
		return err
	}
	return p.each(func(q *quota, s strength) {
		if !s.stronger(strongest.edge) {
			q.weak++
		}
	})
}

// choose decides which rows of the groups go.
func (p *Plan) choose() error {
	list := p.inOrder()
	for _, q := range list {
		q.size = 0
	}
	err := p.notes.each(func(n note) {
		q := p.quota(n)
		if q == nil {
			p.quotas[n.wide].exists = true
			return
		}
		q.size++
		if p.crowds.size(q, n) > 0 {
			q.crowded++
		}
	})
	if err != nil {
		return err
	}
	p.share(list)
	return p.measure(list)
}

// inOrder returns all quotas in the order in which the groups give up rows.
func (p *Plan) inOrder() []*quota {
	var list []*quota
	for _, q := range p.quotas {
		if q != nil {
			list = append(list, q)
		}
	}
	slices.SortFunc(list, func(x, y *quota) int {
		return cmp.Or(cmp.Compare(y.weak, x.weak), cmp.Compare(x.into, y.into))
	})
	at := 0
	for at < len(list) && list[at].weak >= p.small.weak {
		at++
	}
	return slices.Insert(list, at, &p.small)
}

// share decides how many rows each group gives up: the first group gives as many as
// have to go, or all, then the next, until there are few enough. In a first round
// they give rows of crowds only. Groups without weak rows give none in it: they are
// needed only if narrow rows have taken the crowds of the other groups, where the flood
// was (see Again). The last group to give may keep some of them (see weakest.spare).
func (p *Plan) share(list []*quota) {
	left := p.left(list)
	for _, crowded := range []bool{true, false} {
		for _, q := range list {
			if Enough(p.limit, left) {
				return
			}
			if crowded && q.weak == 0 {
				continue
			}
			most := q.size
			if crowded {
				most = q.crowded
			}
			p.give(q, most, left-fewer(p.limit))
			left = p.left(list)
			q.spare = min(q.gives, max(0, enough(p.limit)-left))
		}
	}
	p.all = left > p.limit
}

// give makes a group give up rows, and one more if the row that they go into is
// new, but most of them in all at most. It does not give up one row for another.
func (p *Plan) give(q *quota, most, rows int) {
	if rows <= 0 {
		return
	}
	exists := p.exists(q)
	if !exists {
		rows++
	}
	if gives := min(most, q.gives+rows); exists || gives > 1 {
		q.gives = max(q.gives, gives)
	}
}

// exists reports whether the row that a group's rows go into is there already.
func (p *Plan) exists(q *quota) bool {
	r := p.quotas[rootGroup]
	return q.exists || q.gives > 0 || (q == &p.small || q == r) && (r.exists || r.gives+p.small.gives > 0)
}

// left returns how many rows are left in the end.
func (p *Plan) left(list []*quota) (rows int) {
	for _, q := range list {
		rows += q.size - q.gives
		if q != &p.small && (q.exists || q.gives > 0) {
			rows++
		}
	}
	if r := p.quotas[rootGroup]; p.small.gives > 0 && !r.exists && r.gives == 0 {
		rows++
	}
	return rows
}

// measure finds the strength up to which the rows of each group are given up.
func (p *Plan) measure(list []*quota) error {
	if p.all {
		return nil
	}
	for _, q := range list {
		q.most = q.size - q.gives
	}
	err := p.each(func(q *quota, s strength) {
		if q.gives > 0 {
			q.add(s)
		}
	})
	for _, q := range list {
		q.settle()
	}
	return err
}

// settle finds the weakest row that stays, and from it how many rows go.
func (q *quota) settle() {
	q.end()
	q.gives = q.size - q.most
}

// Start must be called before the calls of Into for all rows.
func (p *Plan) Start() error {
	for _, q := range p.inOrder() {
		q.tied = 0
	}
	return p.notes.start()
}

// Into returns the key of the row that the next row is added to; "" if the row
// stays. It must be called for all rows, in order.
func (p *Plan) Into() (string, error) {
	key, _, err := p.into()
	return key, err
}

// into is Into, and also reports whether a narrow row could take the row.
func (p *Plan) into() (key string, owned bool, err error) {
	if p.all {
		return root.key(), false, nil
	}
	n, err := p.notes.next()
	if err != nil {
		return "", false, err
	}
	q := p.quota(n)
	if q == nil || q.gives == 0 || q.gives < q.size && q.stays(strengthOf(n, p.crowds.size(q, n))) {
		return "", n.owned, nil
	}
	return q.into, n.owned, nil
}

// Narrow returns the narrow rows that take a good part of the rows given up.
func (p *Plan) Narrow(rows Rows) (*Set, error) {
	set := &Set{}
	if p.all || p.notes.owned == 0 {
		return set, nil
	}
	floods, err := p.floods(rows)
	left := p.rows
	for _, need := range []bool{false, true} {
		for _, f := range floods {
			if f.sure() != need && !(need && Enough(p.limit, left)) {
				set.add(f.node)
				left -= f.gone + f.stay - 1
			}
		}
	}
	return set, err
}

// floods returns the owners for which a narrow row may be made, those of most rows that
// go first. A first reading finds owners that may have many, a second one counts these.
func (p *Plan) floods(rows Rows) (list []flood, err error) {
	gone, stay := newNodeCounter(1<<17), newNodeCounter(1<<17)
	if err := p.owners(rows, gone.add, nil); err != nil {
		return nil, err
	}
	for n, size := range gone.size {
		if *size < 2 {
			delete(gone.size, n)
		}
		*size = 0
	}
	if len(gone.size) == 0 {
		return nil, nil
	}
	err = p.owners(rows, gone.addKnown, func(n node) {
		if gone.size[n] != nil {
			stay.add(n)
		}
	})
	for n, size := range gone.size {
		if f := (flood{n, *size, stay.of(n)}); p.flooded(f) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(x, y flood) int {
		return cmp.Or(cmp.Compare(y.gone, x.gone), cmp.Compare(x.key(), y.key()))
	})
	return list, err
}

// A flood is an owner with the number of its rows that go and that stay.
type flood struct {
	node
	gone, stay int
}

// owners calls gone with the owner of each row that goes, and stay, unless it is
// nil, with the owner of each row that stays.
func (p *Plan) owners(rows Rows, gone, stay func(node)) error {
	if err := p.Start(); err != nil {
		return err
	}
	var failed error
	err := rows(func(key []byte, _ uint64, _ []byte) {
		into, owned, err := p.into()
		do := stay
		if into != "" {
			do = gone
		}
		if failed = cmp.Or(failed, err); failed == nil && owned && do != nil {
			do(nodeOf(key).owner())
		}
	})
	return cmp.Or(failed, err)
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
	given := p.of(p.groups.numbers[f.group()]).gives
	return f.sure() || f.star && f.gone > 1 && (f.gone > given/8 || f.gone > p.limit/4)
}
