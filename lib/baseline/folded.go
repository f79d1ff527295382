package baseline

import (
	"egress-monitor/lib/fold"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/union"
)

// folded holds the narrow folded rows of a state. The keys that a row covers are
// gone from the state; the time of the row is the earliest of theirs.
type folded struct {
	rows  map[string]*entry
	cover pulled.Cover[*entry]
}

func (f *folded) read(state *union.File) error {
	*f = folded{rows: map[string]*entry{}}
	r := state.Rows()
	for r.Next() {
		if rec := r.Record(); fold.Narrow(rec.Key) {
			row := &entry{at: "~"}
			f.rows[string(rec.Key)] = row
			f.cover.Set(rec.Key, row)
		}
	}
	return r.Err()
}

// absorb adds the entry of a key to the row that covers it, if there is one.
func (f *folded) absorb(key []byte, e entry) bool {
	row, ok := f.cover.Of(key)
	if ok && e.before(*row) {
		*row = e
	}
	return ok
}

// earliest returns the entry of a row of the state: of a folded one, the
// earliest of those that it has absorbed.
func (f *folded) earliest(key []byte, e entry) entry {
	if row := f.rows[string(key)]; row != nil && row.before(e) {
		return *row
	}
	return e
}
