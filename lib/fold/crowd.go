package fold

import "slices"

// A moment is a minute and a quota: the digits of the minute, and above them the
// number of the quota.
type moment uint64

func momentOf(q *quota, n note) moment { return moment(q.number<<48 | n.last/100) }

// Crowds holds for each row how many rows of the same quota were last counted in
// the same minute, at least as often as that row, but fewer than often times.
type crowds struct {
	least int // a crowd has more rows than this
	sizes map[moment]*[often]int
}

const (
	often     = 64   // a row that was counted so often is of no crowd
	crowded   = 1024 // a crowd has more than a 1024th of all rows
	fewCrowd  = 8    // and more rows than this
	firstPart = 16   // the first crowds of a quota do not count, up to a 16th of the limit
)

// findCrowds finds the crowds of the rows that may be given up.
func (p *Plan) findCrowds() error {
	c := &crowds{least: max(fewCrowd, p.rows/crowded), sizes: map[moment]*[often]int{}}
	found := newCounter(crowded, func(m moment) moment { return m })
	err := p.eachMoment(func(m moment, _ uint64) { found.add(m) })
	if err != nil {
		return err
	}
	for m := range found.size {
		c.sizes[m] = &[often]int{}
	}
	err = p.eachMoment(func(m moment, count uint64) {
		if of := c.sizes[m]; of != nil {
			of[count]++
		}
	})
	c.sum()
	c.forgetFirst(p.limit / firstPart)
	p.crowds = c
	return err
}

// eachMoment calls do for each row that may be of a crowd.
func (p *Plan) eachMoment(do func(m moment, count uint64)) error {
	return p.notes.each(func(n note) {
		if q := p.quota(n); q != nil && n.count < often {
			do(momentOf(q, n), n.count)
		}
	})
}

// sum adds to the number of rows of each count the rows that were counted more
// often, and deletes what is too small for a crowd.
func (c *crowds) sum() {
	for m, of := range c.sizes {
		for count := often - 1; count > 0; count-- {
			of[count-1] += of[count]
		}
		if of[0] <= c.least {
			delete(c.sizes, m)
		}
	}
}

// forgetFirst deletes the first crowds of each quota, as long as these have no more
// than most rows together.
func (c *crowds) forgetFirst(most int) {
	list := make([]moment, 0, len(c.sizes))
	for m := range c.sizes {
		list = append(list, m)
	}
	slices.Sort(list) // by quotas, and then by minutes
	rows := map[moment]int{}
	for _, m := range list {
		quota := m >> 48
		if rows[quota] += c.sizes[m][0]; rows[quota] <= most {
			delete(c.sizes, m)
		}
	}
}

// size returns the size of the crowd that a row is of; 0 for none.
func (c *crowds) size(q *quota, n note) int {
	if n.count >= often {
		return 0
	}
	if of := c.sizes[momentOf(q, n)]; of != nil && of[n.count] > c.least {
		return of[n.count]
	}
	return 0
}
