package diff

import (
	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/rows"
)

// folded returns for each family in now how much of its count was in old in
// rows that are gone since. Only the families are held in memory, and where
// there is none, as nearly always, old is not read for this.
func folded(old, now *rows.File) (map[string]uint64, error) {
	families, err := familiesOf(now)
	if err != nil || families.Empty() {
		return nil, err
	}
	taken := map[string]uint64{}
	err = rows.Join(old, now, func(gone, b *aggregate.Record) error {
		if b != nil {
			return nil
		}
		if top := families.Top(gone.Key); top != "" {
			taken[top] += gone.Count
		}
		return nil
	})
	return taken, err
}

func familiesOf(f *rows.File) (*fold.Set, error) {
	r, families := f.Rows(), &fold.Set{}
	for r.Next() {
		families.Add(r.Record().Key)
	}
	return families, r.Err()
}
