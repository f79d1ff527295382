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

// Digest names what we put at a path: one of a file's text, or "absent".
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

// Holds reports whether s is something that we have put there.
func (e Entry) Holds(s State) bool {
	return slices.Contains(e.Ours, Digest(s))
}

// Restore undoes entries of this package's kinds, the last one first; a failure
// does not stop the rest. Others are left out.
func Restore(entries []Entry) error {
	var failed []error
	for _, e := range slices.Backward(entries) {
		if err := e.Restore(); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Restore makes what e names as it was, if it still is what we have made it:
// what somebody else has put there since is theirs.
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

// equal compares all that is kept.
func equal(a, b State) bool {
	return a.Type == b.Type && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.MTime == b.MTime &&
		a.Link == b.Link && string(a.Data) == string(b.Data)
}

// A folder that was made goes if nothing is left in it.
func (e Entry) restoreFolder() error {
	now, err := Look(e.Name)
	if err != nil || now.Type != Folder || e.Was.Type != Absent {
		return err
	}
	return RemoveFolder(e.Name)
}

// RemoveFolder removes a folder if nothing is left in it.
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
