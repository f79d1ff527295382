package undo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Kinds of entries that this package undoes.
const (
	KindFile   = "file"   // written, replaced or removed
	KindFolder = "folder" // made
	KindOwner  = "owner"  // owner and mode of something that stays
)

// Digest returns a short name of a state that we made: a sum of the file's text, the
// link, or "absent".
func Digest(s State) string {
	if s.Type == Absent {
		return Absent
	}
	if s.Type == Link {
		return "link " + s.Link
	}
	sum := sha256.Sum256(trimmed(s.Data))
	return hex.EncodeToString(sum[:])
}

// Holds reports whether s is a state that we made.
func (e Entry) Holds(s State) bool {
	return slices.Contains(e.Ours, Digest(s))
}

// Restore undoes the entries of this package's kinds, the last one first. After a
// failure it goes on.
func Restore(entries []Entry) error {
	var failed []error
	for _, e := range slices.Backward(entries) {
		if err := e.Restore(); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Restore restores the state before the change, if our change is still there: a file
// that another program has put in its place since then stays.
func (e Entry) Restore() error {
	if e.Was == nil {
		return nil
	}
	switch e.Kind {
	case KindFile:
		return e.restoreFile()
	case KindFolder:
		return e.restoreFolder()
	case KindOwner:
		return e.restoreOwner()
	}
	return nil
}

func (e Entry) restoreFile() error {
	if err := Remove(e.Name + Suffix); err != nil {
		return err
	}
	now, err := Keep(e.Name)
	if err != nil {
		return err
	}
	switch {
	case now.Type == Absent && e.Was.Type == Absent, now.Type == Folder, now.Type == Other:
		return nil
	case equal(now, *e.Was):
		return nil
	case e.Any, e.Holds(now), now.Type == e.Was.Type && now.Type == File && bytes.Equal(trimmed(now.Data), trimmed(e.Was.Data)):
		return Put(e.Name, *e.Was)
	}
	return nil
}

// equal reports whether two states are the same, with owners and times.
func equal(a, b State) bool {
	return a.Type == b.Type && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.MTime == b.MTime &&
		a.Link == b.Link && string(a.Data) == string(b.Data)
}

// restoreFolder removes a folder that we made, if it is empty.
func (e Entry) restoreFolder() error {
	now, err := Look(e.Name)
	if err != nil || now.Type != Folder || e.Was.Type != Absent {
		return err
	}
	return RemoveFolder(e.Name)
}

// RemoveFolder removes a folder if it is empty.
func RemoveFolder(path string) error {
	if absent(path) {
		return nil
	}
	err := unix.Rmdir(path)
	if err == nil || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return cause(&os.PathError{Op: "rmdir", Path: path, Err: err})
}

func (e Entry) restoreOwner() error {
	now, err := Look(e.Name)
	if err != nil || now.Type != e.Was.Type || now.Type == Link {
		return err
	}
	if now.Mode == e.Was.Mode && now.UID == e.Was.UID && now.GID == e.Was.GID {
		return nil
	}
	s := *e.Was
	s.MTime = 0
	return cause(Attributes(e.Name, s))
}
