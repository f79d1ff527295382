// Package runfile keeps what is known of the kernel's state, in a file of /run:
// neither outlives the boot. Where /run is kept all the same, as in a container
// that is started anew, a file of another boot is taken for none.
package runfile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// form is the file: JSON.
type form struct {
	Boot  string // the kernel's boot_id
	Value json.RawMessage
}

// Load reads what Save wrote in this boot. It reports whether there was such a
// file, whole; if not, v may hold anything.
func Load(file string, v any) bool {
	text, err := os.ReadFile(file)
	var f form
	return err == nil && json.Unmarshal(text, &f) == nil && f.Boot == boot() && json.Unmarshal(f.Value, v) == nil
}

// Save replaces the file, which only its owner can read. There is nothing to
// sync in /run.
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

// Remove removes it, if it is there.
func Remove(file string) error {
	err := os.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

var bootID = "/proc/sys/kernel/random/boot_id"

func boot() string {
	text, _ := os.ReadFile(bootID)
	return strings.TrimSpace(string(text))
}
