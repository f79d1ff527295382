package fleet

import (
	"errors"
	"fmt"
	"path/filepath"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/rows"
)

// own is an error of this side, not of a host's files.
type own struct{ error }

func mine(err error) error {
	if err == nil {
		return nil
	}
	return own{err}
}

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
		return eachOld(now, add)
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
		return mine(add(b, a == nil))
	})
}

// eachOld goes through a file that there is no other to compare with.
func eachOld(f *rows.File, add func(*aggregate.Record, bool) error) error {
	r := f.Rows()
	for r.Next() {
		rec := r.Record()
		if err := mine(add(&rec, false)); err != nil {
			return err
		}
	}
	return r.Err()
}
