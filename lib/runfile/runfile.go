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

var bootID = "/proc/sys/kernel/random/boot_id"

func boot() string {
	text, _ := os.ReadFile(bootID)
	return strings.TrimSpace(string(text))
}
