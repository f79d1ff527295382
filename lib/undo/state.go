package undo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Types of files.
const (
	Absent = "absent"
	File   = "file"
	Link   = "link"
	Folder = "folder"
	Other  = "other" // a device, a socket …: never kept
)

// maxKept bounds the files whose bytes a State keeps. Those that enable
// replaces have some hundred bytes.
const maxKept = 1 << 20

// A State holds all that is needed to restore a path.
type State struct {
	Type  string `json:"type"`
	Mode  uint32 `json:"mode,omitempty"` // permissions with set-user-ID, set-group-ID and sticky, as chmod(2) takes them
	UID   int    `json:"uid,omitempty"`
	GID   int    `json:"gid,omitempty"`
	MTime int64  `json:"mtime,omitempty"` // nanoseconds since 1970
	Data  []byte `json:"data,omitempty"`  // of a file
	Link  string `json:"link,omitempty"`  // where a link leads to, as it is written
}

// Look returns the state of a path without the file's bytes. It follows no link.
func Look(path string) (State, error) {
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return State{Type: Absent}, nil
	} else if err != nil {
		return State{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	s := State{Type: Other, Mode: st.Mode & 0o7777, UID: int(st.Uid), GID: int(st.Gid), MTime: st.Mtim.Nano()}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		s.Type = File
	case unix.S_IFLNK:
		s.Type = Link
		s.Link, err = os.Readlink(path)
	case unix.S_IFDIR:
		s.Type = Folder
	}
	return s, err
}

// Keep returns the state of a path with the file's bytes.
func Keep(path string) (State, error) {
	s, err := Look(path)
	if err != nil || s.Type != File {
		return s, err
	}
	s.Data, err = readBounded(path)
	return s, err
}

func readBounded(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKept+1))
	if err == nil && len(data) > maxKept {
		err = fmt.Errorf("%s: larger than %d bytes: not kept", path, maxKept)
	}
	return data, err
}

// trimmed returns text without newlines at its end: a write in place that was
// interrupted may have left some.
func trimmed(text []byte) []byte { return bytes.TrimRight(text, "\n") }

// Put gives path the state s, by a rename. If a rename is impossible (a mount on the
// path, no room for a second file), it writes over the file that is there. When Put
// returns, its change has reached the disk. The folder must be root's.
func Put(path string, s State) error {
	switch s.Type {
	case Absent:
		return Remove(path)
	case Folder:
		return putFolder(path, s)
	case File, Link:
	default:
		return fmt.Errorf("%s: cannot be made a %s", path, s.Type)
	}
	tmp := path + Suffix
	err := makeTemp(tmp, s)
	if err == nil {
		if err = os.Rename(tmp, path); err == nil {
			return SyncFolder(filepath.Dir(path))
		}
	}
	os.Remove(tmp)
	if s.Type == File && overwritable(err) {
		if overwrite(path, s) == nil {
			return nil
		}
	}
	return cause(err)
}

// Suffix is the end of the name of a file that is about to be renamed. Left
// behind by a kill, it is removed by the next Put or Undo.
const Suffix = ".egress-monitor"

func makeTemp(tmp string, s State) error {
	if err := os.Remove(tmp); err != nil && !absent(tmp) {
		return err
	}
	if s.Type == Link {
		if err := os.Symlink(s.Link, tmp); err != nil {
			return err
		}
		return Attributes(tmp, s)
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(s.Data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = Attributes(tmp, s)
	}
	return err
}

// Attributes gives path the owner, mode and time of s; of a link, owner and time.
func Attributes(path string, s State) error {
	if err := os.Lchown(path, s.UID, s.GID); err != nil {
		return err
	}
	if s.Type != Link {
		if err := unix.Fchmodat(unix.AT_FDCWD, path, s.Mode, 0); err != nil {
			return &fs.PathError{Op: "chmod", Path: path, Err: err}
		}
	}
	return touch(path, s.MTime)
}

// touch sets the time of the last change; 0 leaves it.
func touch(path string, mtime int64) error {
	if mtime == 0 {
		return nil
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(mtime)}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &fs.PathError{Op: "touch", Path: path, Err: err}
	}
	return nil
}

// overwritable reports whether an error of a rename leaves the file itself writable.
func overwritable(err error) bool {
	return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EXDEV)
}

// overwrite writes s over the file at path: first the bytes, with newlines up to the old
// length, then the length. So a kill between the two leaves the same text. It refuses
// a text that needs more blocks than the file has, if the disk is nearly full.
func overwrite(path string, s State) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return unix.ENOSPC
	}
	if int64(len(s.Data)) > max(st.Blocks*512, st.Size) && !roomFor(path, len(s.Data)) {
		return unix.ENOSPC
	}
	padded := s.Data
	if n := int(st.Size) - len(padded); n > 0 {
		padded = append(bytes.Clone(padded), bytes.Repeat([]byte("\n"), n)...)
	}
	if _, err := f.WriteAt(padded, 0); err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(int64(len(s.Data))), f.Sync()); err != nil {
		return err
	}
	return Attributes(path, s)
}

func roomFor(path string, n int) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Bavail*uint64(fs.Bsize) > uint64(n)+1<<16
}

func putFolder(path string, s State) error {
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if now, err := Look(path); err != nil || now.Type != Folder {
		return errors.Join(err, fmt.Errorf("%s is no folder", path))
	}
	s.MTime = 0
	return Attributes(path, s)
}

// Remove removes a file, a link or an empty folder, and makes that survive a power
// cut. It is no error if there is none.
func Remove(path string) error {
	if absent(path) {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cause(err)
	}
	return SyncFolder(filepath.Dir(path))
}

// absent reports whether there is no file. On a read-only file system the kernel refuses
// a removal before it looks for the name.
func absent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// cause adds a remedy to the errors that an admin can mend.
func cause(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w (is it immutable? lsattr, chattr -i)", err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w (something is mounted on it: findmnt)", err)
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w (mount -o remount,rw)", err)
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w (make room: df)", err)
	}
	return err
}

// SyncFolder writes the names in a folder to the disk.
func SyncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Fresh returns a file of ours that does not exist yet.
func Fresh(text string, mode uint32) State {
	return State{Type: File, Mode: mode, Data: []byte(text)}
}
