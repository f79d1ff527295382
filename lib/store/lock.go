package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Wait is how long a run waits for another one to be done. A poll takes seconds
// at most; what takes longer than this is stuck, and must be heard of.
var Wait = time.Minute

// ErrBusy is a lock that another run has held for so long.
var ErrBusy = errors.New("another run has held the lock")

// lock keeps other runs away from the aggregate, by an advisory lock on a file
// beside it, FILE.lock, which nobody but the one who polls can open: a lock on
// the aggregate itself could be taken by everybody who may read it, and all
// polls would wait for ever.
func (s *Store) lock() (unlock func(), err error) {
	f, err := s.lockFile()
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return func() { f.Close() }, nil
}

// lockFile opens the file, or makes it. It is of the one who polls: the owner of
// the aggregate, or else of the folder with the cursor file, or with the
// aggregate.
func (s *Store) lockFile() (*os.File, error) {
	name := s.File + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &os.PathError{Op: "open", Path: filepath.Dir(name), Err: syscall.ENOENT}
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.own(f, s.File), private(f)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// private reports whether nobody but its owner, who polls, can open a file.
func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	switch euid := os.Geteuid(); {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", f.Name(), errNotRegular(info.Mode()))
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s: others than its owner can open it (mode %04o); remove it", f.Name(), info.Mode().Perm())
	case euid != 0 && euid != int(st.Uid):
		return fmt.Errorf("%s: is of another user (%d); remove it", f.Name(), st.Uid)
	}
	return nil
}

// flock takes a lock, and waits for it if it must. It closes f if it fails.
func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return closed(f, err)
	}
	got, late := make(chan error, 1), time.After(Wait)
	go func() {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		for err == syscall.EINTR {
			err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		}
		got <- err
	}()
	select {
	case err := <-got:
		return closed(f, err)
	case <-late:
		go func() { // a lock that comes too late is given back
			<-got
			f.Close()
		}()
		return fmt.Errorf("%w for %v; nothing was committed", ErrBusy, Wait)
	}
}

func closed(f *os.File, err error) error {
	if err != nil {
		f.Close()
	}
	return err
}
