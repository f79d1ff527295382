package aggregate

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// UnnamedFile opens a file in dir that has no name, and so is gone with the
// process, even a killed one. Where the file system cannot do that, it has a
// name for an instant.
func UnnamedFile(dir string) (*os.File, error) {
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

// copyLines writes lines to a file.
func copyLines(f *os.File, lines Lines) error {
	buf := make([]byte, 0, 64<<10)
	for lines.Scan() {
		if len(buf) > cap(buf)-1<<10 {
			if _, err := f.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		buf = append(append(buf, lines.Bytes()...), '\n')
	}
	_, err := f.Write(buf)
	return errors.Join(err, lines.Err())
}
