// Package unnamed makes temporary files without a name, for sorted runs and for
// output that may have to be written again.
package unnamed

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// File opens a file in dir that has no name, so that it disappears with
// the process, even a killed one. On a file system that has no such files, it has
// a name for an instant.
func File(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), dir+"/(a sorted run)"), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL) {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	f, err := os.CreateTemp(dir, ".run-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}
