package diff

import (
	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/family"
	"egress-monitor/lib/rows"
)

// folded returns the families in now, and how much of each was counted in old
// by rows that are gone since. Only the families are held in memory, and where
// there is none, as nearly always, old is not read for this.
func folded(old, now *rows.File) (map[string]uint64, error) {
	taken, err := families(now)
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	err = rows.Join(old, now, func(a, b *aggregate.Record) error {
		if b == nil {
			takeOver(taken, a)
		}
		return nil
	})
	return taken, err
}

func families(f *rows.File) (map[string]uint64, error) {
	r, found := f.Rows(), map[string]uint64{}
	for r.Next() {
		if key := r.Record().Key; family.Is(key) {
			found[string(key)] = 0
		}
	}
	return found, r.Err()
}

// takeOver counts a row that is gone for the closest family that covers it.
func takeOver(taken map[string]uint64, gone *aggregate.Record) {
	family.Parents(gone.Key, func(parent []byte) bool {
		n, ok := taken[string(parent)]
		if ok {
			taken[string(parent)] = n + gone.Count
		}
		return ok
	})
}
