package pull

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A Folder receives the files of the hosts. While it is open, no other pull is at
// work there.
type Folder struct {
	Dir  string // absolute
	Work string // private, of this pull alone

	lock   *os.File
	behind bool // see isBehind
}

// Open makes the folder, takes it, and sweeps what a pull that was killed left.
func Open(dir string) (*Folder, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, ".lock"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: path, lock: lock}
	if err := f.take(dir); err != nil {
		lock.Close() // nothing was written
		return nil, err
	}
	return f, nil
}

// take locks the folder, which messages call name.
func (f *Folder) take(name string) error {
	err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s: another egress-pull is at work there", name)
	} else if err != nil {
		return &os.PathError{Op: "lock", Path: f.lock.Name(), Err: err}
	}
	left, err := filepath.Glob(filepath.Join(escape(f.Dir), ".pull.*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return err
	}
	if f.behind, err = f.isBehind(); err != nil {
		return err
	}
	f.Work, err = os.MkdirTemp(f.Dir, ".pull.")
	return err
}

// escape makes a pattern of a path that matches it alone.
func escape(path string) string {
	var b []byte
	for _, c := range []byte(path) {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}

// Close removes what the pull worked with, and gives the folder free.
func (f *Folder) Close() error {
	return errors.Join(os.RemoveAll(f.Work), f.lock.Close())
}
