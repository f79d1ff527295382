package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Wait is how long a run waits for another run. A poll takes seconds at most; a
// run that takes longer than this hangs, and must be reported.
var Wait = time.Minute

// ErrBusy means that another run has held the lock for all of Wait.
var ErrBusy = errors.New("another run has held the lock")

// lock takes an advisory lock on a file beside the aggregate, FILE.lock, which
// only the poller can open. The aggregate itself will not do: any user who may
// read it could lock it, and all polls would wait for ever.
// To close the file ends the lock.
func (s *Store) lock() (*os.File, error) {
	f, err := s.lockFile()
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return f, nil
}

// lockFile opens the lock file, or makes it. The file belongs to the poller, who
// is the owner of the aggregate, or else of the folder with the cursor file, or
// else of the folder with the aggregate.
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

// private returns an error if anybody but its owner, the poller, can open a file.
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

// flock locks f, and waits up to Wait for the lock. It closes f if it fails.
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
