package setup

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/layout"
)

// ErrBusy is that another enable, disable, heal or sync is at work.
var ErrBusy = errors.New("another egress-monitor is at work")

// Lock waits for it, at most so long: one of enable, disable, heal and sync at a
// time. /run/lock is everybody's; /run is not.
func Lock(wait time.Duration) (unlock func(), err error) {
	end := time.Now().Add(wait)
	for {
		if err := os.MkdirAll(layout.Run, 0o755); err != nil {
			return nil, err
		}
		f, err := os.OpenFile(layout.Lock, os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			continue // a disable has just removed the folder
		} else if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && current(f) {
			return func() { f.Close() }, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, err
		}
		if time.Now().After(end) {
			return nil, ErrBusy
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// current reports whether f is the file that the next one would lock.
func current(f *os.File) bool {
	a, err := f.Stat()
	b, err2 := os.Stat(layout.Lock)
	return err == nil && err2 == nil && os.SameFile(a, b)
}
