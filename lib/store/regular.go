package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Check returns an error if FILE or the cursor file is no regular file: a rename
// would replace a device or a link. Call it before reading: to read from a FIFO
// could take for ever.
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

// errNotRegular returns an error that names the type of a file.
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
