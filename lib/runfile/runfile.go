// Package runfile keeps notes about the kernel's state in files of /run: neither
// outlives the boot. Where /run does, as in a restarted container, a file of
// another boot counts as missing.
package runfile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// form is the content of the file, as JSON.
type form struct {
	Boot  string // the kernel's boot_id
	Value json.RawMessage
}

// Load reads a file that Save wrote in this boot into v. It reports whether there
// was such a file, and it was whole; if not, the content of v is undefined.
func Load(file string, v any) bool {
	text, err := os.ReadFile(file)
	var f form
	return err == nil && json.Unmarshal(text, &f) == nil && f.Boot == boot() && json.Unmarshal(f.Value, v) == nil
}

// Save replaces the file, which only its owner can read. A sync would be useless in
// /run.
func Save(file string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text, err := json.Marshal(form{boot(), value})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// Remove removes the file. A missing file is no error.
func Remove(file string) error {
	err := os.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Lock takes the lock of a file, which it makes. If another process holds the lock, it
// waits, for wait at most, and then returns busy. It does not make the folder: a
// minute that ends after disable must leave nothing behind.
func Lock(file string, wait time.Duration, busy error) (unlock func(), err error) {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && isAt(f, file) {
			return func() { f.Close() }, nil
		}
		f.Close()
		if err != nil && err != unix.EWOULDBLOCK && err != unix.EINTR {
			return nil, &fs.PathError{Op: "lock", Path: file, Err: err}
		}
		if time.Now().After(end) {
			return nil, busy
		}
	}
}

// isAt reports whether f is the file that the next process would lock.
func isAt(f *os.File, name string) bool {
	a, err := f.Stat()
	b, err2 := os.Stat(name)
	return err == nil && err2 == nil && os.SameFile(a, b)
}

var bootID = "/proc/sys/kernel/random/boot_id"

func boot() string {
	text, _ := os.ReadFile(bootID)
	return strings.TrimSpace(string(text))
}
