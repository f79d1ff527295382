package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A staged file is called FILE.staged-OWNER-RANDOM, where FILE is the name of the
// aggregate and OWNER a hash of the cursor file's name, without its folder, since
// folders may be moved. A run must not touch a staged file of another owner: it
// cannot know whether that file was committed.
const noCursor = "backfill"

func (s *Store) stagedPrefix() string {
	return filepath.Base(s.File) + ".staged-"
}

// owner returns OWNER of the staged files of this cursor file.
func (s *Store) owner() string {
	if s.Cursor == "" {
		return noCursor
	}
	return hashOf(filepath.Base(s.Cursor))
}

func hashOf(path string) string {
	h := fnv.New32a()
	h.Write([]byte(path))
	return fmt.Sprintf("%08x", h.Sum32())
}

// isOurs reports whether a staged file belongs to this cursor file, or to none.
// The first versions took the hash of the whole path.
func (s *Store) isOurs(name string) bool {
	owner, _, _ := strings.Cut(strings.TrimPrefix(name, s.stagedPrefix()), "-")
	if owner == s.owner() || owner == noCursor {
		return true
	}
	path, err := filepath.Abs(s.Cursor)
	return err == nil && s.Cursor != "" && owner == hashOf(path)
}

// isName reports whether name is a file name without a folder.
func isName(name string) bool {
	return name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

func (s *Store) beside(name string) string {
	return filepath.Join(filepath.Dir(s.File), name)
}

// A Merge writes the new aggregate to staged, and returns its checksum. seal is
// the checksum that old had when it was written; nil if it may have changed
// since. rejected are the lines of old that are not records: the Store appends
// them to FILE.rejected.
type Merge func(old, staged *os.File, seal *uint32) (sum uint32, rejected []byte, err error)

// stage writes the new aggregate to a staged file, and returns its seal. last is
// the seal of the aggregate that is there.
func (s *Store) stage(last seal, merge Merge) (staged seal, err error) {
	old, err := os.Open(s.File)
	if errors.Is(err, os.ErrNotExist) {
		old, err = os.Open(os.DevNull)
	}
	if err != nil {
		return seal{}, err
	}
	defer old.Close()
	name := s.stagedPrefix() + s.owner() + "-" + strconv.FormatUint(rand.Uint64(), 36)
	f, err := os.OpenFile(s.beside(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return seal{}, err
	}
	err = errors.Join(s.own(f, s.File), keepMode(f, s.File))
	var sum uint32
	if err == nil {
		sum, err = s.fill(old, f, last, merge)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		staged, err = sealOf(name, f, sum)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		s.unstage(name)
		return seal{}, err
	}
	return staged, nil
}

func (s *Store) fill(old, staged *os.File, last seal, merge Merge) (uint32, error) {
	seal, err := last.fits(old)
	if err != nil {
		return 0, err
	}
	sum, rejected, err := merge(old, staged, seal)
	if err != nil || len(rejected) == 0 {
		return sum, err
	}
	return sum, s.setAside(s.File+".rejected", rejected)
}

// setAside appends rows to a file, and makes them durable. If a run is killed
// between this and its commit, the next run rejects the same rows again: rows that
// are already at the end of the file, whole or in part, are not repeated.
func (s *Store) setAside(name string, rows []byte) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return err
	}
	err = appendMissing(f, rows)
	if err == nil {
		err = errors.Join(s.own(f, s.File), f.Sync())
	}
	return errors.Join(err, f.Close())
}

func appendMissing(f *os.File, rows []byte) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tail := make([]byte, min(size, int64(len(rows))))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	for !bytes.HasPrefix(rows, tail) {
		tail = tail[1:]
	}
	_, err = f.Write(rows[len(tail):])
	return err
}

// unstage removes a staged file that will not be published. If that fails, the
// sweep of the next run removes it.
func (s *Store) unstage(name string) {
	if name == "" {
		return
	}
	st, err := s.load()
	if err == nil && st.staged.name != name { // else it was committed after all
		os.Remove(s.beside(name))
	}
}

// sweep removes the files that killed runs have left: staged files that were
// never committed, and half-written cursor files. The staged file that the cursor
// file names has been published by now.
func (s *Store) sweep() error {
	names, err := readNames(filepath.Dir(s.File))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, s.stagedPrefix()) {
			continue
		}
		if !s.isOurs(name) {
			return fmt.Errorf("%s: left by a run with another cursor file, which must run first "+
				"(or remove it, if that is not used any more)", s.beside(name))
		}
		if err := os.Remove(s.beside(name)); err != nil {
			return err
		}
	}
	return s.sweepCursors()
}

// sweepCursors removes the temporary files of renameio: "." + name + digits.
func (s *Store) sweepCursors() error {
	if s.Cursor == "" {
		return nil
	}
	names, err := readNames(filepath.Dir(s.Cursor))
	if err != nil {
		return err
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, "."+filepath.Base(s.Cursor))
		if ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			if err := os.Remove(filepath.Join(filepath.Dir(s.Cursor), name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// keepMode gives f the mode of the file it will replace.
func keepMode(f *os.File, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Chmod(info.Mode().Perm())
}

// own changes the owner of f, if root has made it, to that of the file it will
// replace, or else of the aggregate, of the cursor file's folder, or of its own
// folder: a poll that root starts by hand must not lock out cron's poller.
func (s *Store) own(f *os.File, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	models := []string{path, s.File, filepath.Dir(path)}
	if s.Cursor != "" {
		models = slices.Insert(models, 2, filepath.Dir(s.Cursor))
	}
	for _, name := range models {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		return f.Chown(int(st.Uid), int(st.Gid))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
