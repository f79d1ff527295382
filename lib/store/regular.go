package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Check refuses a FILE or a cursor file that a rename would replace by something
// else than it is: a device, a link, a folder. It is called before anything is
// read, which from a FIFO might take for ever.
func (s *Store) Check() error {
	for _, name := range []string{s.File, s.Cursor, s.File + ".rejected"} {
		if name == "" {
			continue
		}
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s: %w", name, errNotRegular(info.Mode()))
		}
	}
	return nil
}

// errNotRegular says what something is instead of a file.
func errNotRegular(mode fs.FileMode) error {
	what := "something else"
	switch mode.Type() {
	case fs.ModeDir:
		what = "a folder"
	case fs.ModeSymlink:
		what = "a symbolic link"
	case fs.ModeNamedPipe:
		what = "a named pipe"
	case fs.ModeSocket:
		what = "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		what = "a device"
	}
	return fmt.Errorf("is %s; only a regular file can be replaced", what)
}
