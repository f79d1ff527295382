package fleet

import (
	"errors"
	"fmt"
	"path/filepath"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/family"
	"egress-monitor/lib/rows"
	"egress-monitor/lib/sighting"
)

// own is an error of this side, not of a host's files.
type own struct{ error }

// readFile goes through a file of a host: each row, and whether its key was
// not in the pull before.
func (f *Fleet) readFile(h *Host, dir, name string, add func(rec *aggregate.Record, isNew bool) error) error {
	err := f.eachRow(h, filepath.Join(dir, name), add)
	var ours own
	switch {
	case errors.As(err, &ours):
		return ours.error
	case err != nil:
		h.Problems = append(h.Problems, fmt.Sprintf("%s: %v", name, err))
	}
	return nil
}

var errMissing = errors.New("missing")

func (f *Fleet) eachRow(h *Host, path string, add func(*aggregate.Record, bool) error) error {
	if !isRegular(path) {
		return errMissing
	}
	now, err := rows.Open(f.Warn, path)
	if err != nil {
		return err
	}
	defer now.Close()
	if !isRegular(path + before) {
		h.FirstPull = true
		r := now.Rows()
		for r.Next() {
			rec := r.Record()
			if err := add(&rec, false); err != nil {
				return own{err}
			}
		}
		return r.Err()
	}
	old, err := rows.Open(f.Warn, path+before)
	if err != nil {
		return err
	}
	defer old.Close()
	return rows.Join(old, now, func(a, b *aggregate.Record) error {
		if b == nil {
			return nil
		}
		if err := add(b, a == nil); err != nil {
			return own{err}
		}
		return nil
	})
}

// domains takes the rows of unique-domains.log of one host.
type domains struct {
	f      *Fleet
	host   *Host
	number uint32
	rows   int
	key    []byte
}

func (d *domains) add(rec *aggregate.Record, isNew bool) error {
	f, h, last := d.f, d.host, sighting.ParseStamp(rec.Last)
	if rec.IPs == nil {
		h.strayed[0]++
		return nil
	}
	if err := f.table.Add(*rec); err != nil {
		return err
	}
	d.rows++
	if f.canaries.name(rec.Key) {
		h.canaries[0] = max(h.canaries[0], last)
		return nil
	}
	h.Domains++
	h.Questions = sum(h.Questions, rec.Count)
	h.Newest = max(h.Newest, last)
	if f.Allow.Name(h.Name, rec.Key) {
		h.Allowed++
		return nil
	}
	if r, ok := f.Known.Name(rec.Key); ok {
		f.resolver(r, d.number, rec.Count, last)
	}
	d.key = appendReversed(d.key[:0], rec.Key)
	if isNew {
		h.NewDomains++
		return f.Domains.Add(d.key, d.number, rec.Count, last, sighting.New)
	}
	return f.Domains.Add(d.key, d.number, rec.Count, last)
}

// addresses takes the rows of unique-ips.log of one host.
type addresses struct {
	f      *Fleet
	host   *Host
	number uint32
	blind  bool // no names are known of this host
	kinds  []sighting.Kind
}

func (a *addresses) add(rec *aggregate.Record, isNew bool) error {
	f, h, last := a.f, a.host, sighting.ParseStamp(rec.Last)
	p, ok := family.Address(rec.Key)
	if !ok || rec.IPs != nil {
		h.strayed[1]++ // or all addresses are folded into one row
		return nil
	}
	if f.canaries.address(p) {
		h.canaries[1] = max(h.canaries[1], last)
		return nil
	}
	h.Addresses++
	h.Connections = sum(h.Connections, rec.Count)
	h.Newest = max(h.Newest, last)
	if f.Allow.Address(h.Name, p) {
		h.Allowed++
		return nil
	}
	a.kinds = a.kinds[:0]
	if isNew {
		h.NewAddresses++
		a.kinds = append(a.kinds, sighting.New)
	}
	if r, ok := f.Known.Address(p); ok {
		f.resolver(r, a.number, rec.Count, last)
	} else if !a.blind && !f.table.Known(p) {
		h.direct(rec.Count, last)
		a.kinds = append(a.kinds, sighting.Direct)
	}
	return f.Addresses.Add(rec.Key, a.number, rec.Count, last, a.kinds...)
}

func (h *Host) direct(count uint64, last sighting.Stamp) {
	h.Direct++
	h.DirectConnections = sum(h.DirectConnections, count)
	h.DirectLast = max(h.DirectLast, last)
}
