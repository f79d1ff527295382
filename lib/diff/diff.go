// Package diff finds the difference between an aggregate and an older state of it.
//
// A row may have grown out of the row of the same key in the old aggregate: then
// its count is not smaller, its time not earlier, and no address is missing. Its
// difference has the count that was added, the new time, and the addresses that
// were added; an unchanged row has no difference. A row that cannot have grown out
// of the old one is of a host that was reset, and the whole row is new. So
// wherever rows only grew, the old aggregate merged with the difference is the new
// aggregate.
//
// A row of the old aggregate that is gone was folded into a family (see
// package fold), or lost by a reset. Counts that a new family has taken over from
// such rows are subtracted: those questions are not new.
package diff

import (
	"bytes"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

// Change is the kind of a difference.
type Change int

const (
	New   Change = iota // the key was not there
	Grown               // the row is what was added
	Reset               // the row is whole: the row before is lost
)

// Each calls visit with every row of the difference between two aggregates, in
// the order of the keys. The row is valid until visit returns.
func Each(old, now *union.File, visit func(row aggregate.Record, change Change) error) error {
	taken, err := folded(old, now)
	if err != nil {
		return err
	}
	var d differ
	return union.Join(old, now, func(a, b *aggregate.Record) error {
		if b == nil {
			return nil
		}
		n := taken[string(b.Key)]
		if a == nil {
			return visit(firstSeen(*b, n))
		}
		before := *a
		before.Count += n
		row, change, same := d.compare(&before, b)
		if same {
			return nil
		}
		return visit(row, change)
	})
}

// firstSeen returns the difference for a row whose key is new. n of its count were
// in rows that it has taken over.
func firstSeen(row aggregate.Record, n uint64) (aggregate.Record, Change) {
	if n == 0 || n > row.Count {
		return row, New
	}
	row.Count -= n
	return row, Grown
}

// A differ holds the buffer for the addresses that were added.
type differ struct{ added []byte }

// compare returns the difference between two rows of a key. same is true if there
// is none.
func (d *differ) compare(old, now *aggregate.Record) (row aggregate.Record, change Change, same bool) {
	if now.Count < old.Count || bytes.Compare(now.Last, old.Last) < 0 || (old.IPs == nil) != (now.IPs == nil) {
		return *now, Reset, false
	}
	added, lost := d.addresses(old.IPs, now.IPs)
	if lost {
		return *now, Reset, false
	}
	row = aggregate.Record{Key: now.Key, Count: now.Count - old.Count, Last: now.Last, IPs: now.IPs}
	if now.IPs != nil {
		row.IPs = added
	}
	same = row.Count == 0 && bytes.Equal(now.Last, old.Last) && (row.IPs == nil || string(row.IPs) == "-")
	return row, Grown, same
}

// addresses returns those of now that are not in old, and whether one of old is
// lost: neither in now nor covered by a prefix in now.
func (d *differ) addresses(old, now []byte) (added []byte, lost bool) {
	if bytes.Equal(old, now) || len(now) == 0 {
		return []byte("-"), false
	}
	a, b := list(old), list(now)
	d.added = d.added[:0]
	for len(a) > 0 || len(b) > 0 {
		switch order(a, b) {
		case -1:
			if !covered(a[0], now) {
				return nil, true
			}
			a = a[1:]
		case 0:
			a, b = a[1:], b[1:]
		default:
			d.added = append(append(d.added, b[0]...), ',')
			b = b[1:]
		}
	}
	if len(d.added) == 0 {
		return []byte("-"), false
	}
	return d.added[:len(d.added)-1], false
}

func list(ips []byte) [][]byte {
	if string(ips) == "-" {
		return nil
	}
	return bytes.Split(ips, []byte{','})
}

func order(a, b [][]byte) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return bytes.Compare(a[0], b[0])
}

// covered reports whether a prefix in a list covers an address.
func covered(ip []byte, ips []byte) bool {
	inner, ok := fold.Address(ip)
	if !ok || bytes.IndexByte(ips, '/') < 0 {
		return false
	}
	for _, text := range list(ips) {
		if outer, ok := fold.Address(text); ok && fold.Contains(outer, inner) {
			return true
		}
	}
	return false
}
