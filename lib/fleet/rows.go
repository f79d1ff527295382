package fleet

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/sighting"
	"egress-monitor/lib/union"
)

// own is an error of this side, not of a host's files.
type own struct{ error }

func mine(err error) error {
	if err == nil {
		return nil
	}
	return own{err}
}

// A past is when a key was first seen (0 is not known), and what it counted then.
type past struct {
	first sighting.Stamp
	count uint64
}

// A visitor takes the rows of a file: each one, and its past.
type visitor func(rec *aggregate.Record, was past) error

// readFile reads a file of a host. Faults in it are a problem of
// the host; an error is one of our own.
func (f *Fleet) readFile(h *Host, dir, name, firstName string, visit visitor) error {
	err := f.eachRow(h, dir, name, firstName, visit)
	var ours own
	switch {
	case errors.As(err, &ours):
		return ours.error
	case err != nil:
		h.problem(Damaged, time.Time{}, "%s: %v", name, err)
	}
	return nil
}

var errMissing = errors.New("missing")

func (f *Fleet) eachRow(h *Host, dir, name, firstName string, visit visitor) error {
	path := filepath.Join(dir, name)
	if !isRegular(path) {
		return errMissing
	}
	now, err := union.Open(h.skip, path)
	if err != nil {
		return err
	}
	defer now.Close()
	if first := filepath.Join(dir, firstName); isRegular(first) {
		return h.sinceFirst(first, now, visit)
	}
	return f.sincePrevious(h, path+pulled.Previous, now, visit)
}

func (h *Host) skip(s batch.Skipped) { h.skipped = append(h.skipped, s) }

// sinceFirst knows of each row when it was first seen.
func (h *Host) sinceFirst(path string, now *union.File, visit visitor) error {
	firsts, err := union.Open(h.skip, path)
	if err != nil {
		return err
	}
	defer firsts.Close()
	h.first = true
	return union.Join(firsts, now, func(a, b *aggregate.Record) error {
		if b == nil {
			return nil
		}
		was := past{sighting.ParseStamp(b.Last), b.Count} // a pull that was killed did not get to it
		if a != nil {
			was = past{sighting.ParseStamp(a.Last), a.Count}
			if b.Count < a.Count && !fold.Folded(b.Key) {
				h.fell++
			}
		}
		return mine(visit(b, was))
	})
}

// sincePrevious is for a folder that an older egress-pull has left: a row that was not
// in the pull before is new, and nothing more is known.
func (f *Fleet) sincePrevious(h *Host, path string, now *union.File, visit visitor) error {
	if isRegular(path) {
		h.first = true
	} else {
		path = os.DevNull
	}
	old, err := union.Open(func(batch.Skipped) {}, path)
	if err != nil {
		return err
	}
	defer old.Close()
	since := stampOf(f.Since)
	return union.Join(old, now, func(a, b *aggregate.Record) error {
		switch {
		case b == nil:
			return nil
		case a != nil || path == os.DevNull:
			return mine(visit(b, past{}))
		}
		return mine(visit(b, past{first: max(since, sighting.ParseStamp(b.Last))}))
	})
}
