package diff

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// folded returns for each folded row in now how much of its count was in rows of
// old that are gone since. Only folded rows are held in memory. If now has none,
// as nearly always, old is not read.
func folded(old, now *union.File) (map[string]uint64, error) {
	f, err := foldedRows(now)
	if err != nil || f.narrow.Empty() && len(f.wide) == 0 {
		return nil, err
	}
	taken := map[string]uint64{}
	err = union.Join(old, now, func(gone, b *aggregate.Record) error {
		if b != nil {
			return nil
		}
		if into := f.into(gone.Key); into != "" {
			taken[into] += gone.Count
		}
		return nil
	})
	return taken, err
}

// families are the folded rows of a file.
type families struct {
	narrow fold.Set
	wide   map[string]bool
}

func foldedRows(f *union.File) (families, error) {
	all := families{wide: map[string]bool{}}
	r := f.Rows()
	for r.Next() {
		if key := r.Record().Key; fold.Wide(key) {
			all.wide[string(key)] = true
		} else {
			all.narrow.Add(key)
		}
	}
	return all, r.Err()
}

// into returns the key of the row that a lost row was most likely folded into: the
// narrow row that covers it, or else the first wide row that may stand for it, from
// *.co.uk to *; "" if there is none.
func (f *families) into(key []byte) string {
	if top := f.narrow.Top(key); top != "" {
		return top
	}
	if len(f.wide) == 0 {
		return ""
	}
	if p, ok := fold.Address(key); ok {
		return f.prefixInto(p)
	}
	for rest := key; ; {
		i := bytes.IndexByte(rest, '.')
		if i < 0 {
			return f.all()
		}
		if rest = rest[i+1:]; f.wide["*."+string(rest)] {
			return "*." + string(rest)
		}
	}
}

func (f *families) prefixInto(p netip.Prefix) string {
	for bits := p.Bits() - 1; bits >= 0; bits-- {
		if wide := netip.PrefixFrom(p.Addr(), bits).Masked().String(); f.wide[wide] {
			return wide
		}
	}
	return f.all()
}

func (f *families) all() string {
	if f.wide["*"] {
		return "*"
	}
	return ""
}
