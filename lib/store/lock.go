package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// lock keeps other runs away from the aggregate, by an advisory lock on it. It
// needs no file of its own, and nobody who cannot read the aggregate can hold
// it. As long as there is no aggregate the lock is on its folder.
func (s *Store) lock() (unlock func(), err error) {
	for {
		f, err := os.Open(s.File)
		if errors.Is(err, os.ErrNotExist) {
			f, err = os.Open(filepath.Dir(s.File))
		}
		if err != nil {
			return nil, err
		}
		if err := flock(f); err != nil {
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		if s.isCurrent(f) {
			return func() { f.Close() }, nil
		}
		f.Close() // replaced while we waited
	}
}

func flock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}

// isCurrent says whether f is what a run that comes now would lock.
func (s *Store) isCurrent(f *os.File) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(s.File)
	if errors.Is(err, os.ErrNotExist) {
		return locked.IsDir()
	}
	return err == nil && os.SameFile(locked, now)
}
