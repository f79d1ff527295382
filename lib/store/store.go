// Package store replaces an aggregate and the cursor that tells how far it has
// counted, so that both change or neither does, whatever happens.
//
// Two files that are each replaced atomically are not one commit: a run that is
// killed between the two counts a batch twice, or never. So
//
//  1. stage: the new aggregate is written beside the old one, under a name of
//     its own, and reaches the disk;
//  2. commit: the cursor file is replaced by one that holds the new cursor and
//     the name of the staged file. This rename is the commit;
//  3. publish: the staged file is renamed over the aggregate.
//
// Every run begins with recovery: a staged file that the cursor file names was
// committed, and is published; any other staged file was not, and is removed.
//
// If a step after the commit fails (making it durable, or publishing), a second
// commit restores the cursor file as it was. So a run that reports an error has
// changed nothing, unless this undoing rename fails too; then the next run
// publishes the batch.
//
// There is no fsync after publishing. The next commit makes that rename
// durable before it forgets the name of the staged file (see commit), and
// until then recovery would do it again.
//
// A cursor file is a batch.File, with the staged file as
//
//	unique-ips.log.staged-1f0c9a44-EUVCIDPV4SX2Y 9983216 257 1795436981213239916 9c1d02ab 17
//
// The numbers are the inode, the size, and the time of the last change in
// nanoseconds of the staged file, its checksum (CRC-32C), and its generation. While
// the aggregate has the same numbers it is the file that we have written, and its
// rows need not be checked one by one (see Merge). A staged file that does not exist
// any more was published; so folders can be moved, and an aggregate can be copied
// together with its cursor file. The generation tells an older copy of the cursor
// file alone (see outdated).
//
// One run works at a time; the others wait for a lock (see lock).
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/batch"

	"github.com/google/renameio/v2"
)

// A Store is an aggregate, and the cursor file it is bound to.
type Store struct {
	File   string // the aggregate
	Cursor string // its cursor file; "" if the aggregate has none, or it is not advanced now

	// ReplaceDamaged treats a damaged cursor file as an empty one: the next
	// commit replaces it, whatever the batch begins after. It is for batches
	// that were read by time, not by the position in that file.
	ReplaceDamaged bool

	// Missing, if it is not nil, is called after a commit to an aggregate that cannot
	// hold all that was committed before: it was removed, or an older copy restored.
	Missing func(why string)
}

// ErrMoved means that the cursor file holds neither the cursor after which the
// batch begins nor the one at which it ends: another run has counted these lines,
// or some of them.
var ErrMoved = errors.New("its cursor is not the one this batch begins after; nothing was committed")

// Recover publishes the staged file that a killed run has committed, and removes
// the others.
func (s *Store) Recover() error {
	_, lock, err := s.enter()
	if err == nil {
		lock.Close()
	}
	return err
}

// enter takes the lock and recovers. It returns the state in the cursor file.
func (s *Store) enter() (st state, lock *os.File, err error) {
	if lock, err = s.lock(); err != nil {
		return state{}, nil, err
	}
	if st, err = s.recover(); err != nil {
		lock.Close()
		return state{}, nil, err
	}
	return st, lock, nil
}

func (s *Store) recover() (st state, err error) {
	if st, err = s.load(); err != nil {
		return st, err
	}
	if err = s.publish(st.staged.name); err != nil {
		return st, err
	}
	return st, s.sweep()
}

// publish renames the staged file to the aggregate, if it is still there.
func (s *Store) publish(name string) error {
	if name == "" {
		return nil
	}
	if !isName(name) {
		return fmt.Errorf("%s: %q is not a staged file of %s", s.Cursor, name, s.File)
	}
	if _, err := os.Lstat(s.beside(name)); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if !strings.HasPrefix(name, s.stagedPrefix()) {
		return fmt.Errorf("%s: %q is not a staged file of %s", s.Cursor, name, s.File)
	}
	return os.Rename(s.beside(name), s.File)
}

// Commit replaces the aggregate by the output of merge, and the cursor file by the
// trailer. The batch begins after the cursor after; it is committed only if the
// cursor file holds that cursor. If it holds the trailer's already, nothing is
// done. changed is false if the batch has no records: then only the cursor moves,
// and if the cursor is the same too, nothing is written.
func (s *Store) Commit(after string, t batch.Trailer, changed bool, merge Merge) error {
	st, lock, err := s.enter()
	if err != nil {
		return err
	}
	defer lock.Close()
	if st.trailer.Cursor == t.Cursor && (changed || st.trailer.Equal(t)) {
		return nil // committed already
	}
	if st.trailer.Cursor != after && !st.damaged {
		return fmt.Errorf("%s: %w", s.Cursor, ErrMoved)
	}
	others, noted := s.notes(lock)
	if old, err := s.outdated(st.staged, noted); err != nil {
		return err
	} else if old {
		return s.refuse(noted - st.staged.generation)
	}
	// Keep the old seal: if only the cursor moves, the aggregate is still the
	// file that the seal describes.
	next := state{staged: st.staged, trailer: t}
	if !changed {
		return s.save(next)
	}
	missing := st.staged.missing(s.File)
	if next.staged, err = s.stage(st.staged, merge); err != nil {
		return err
	}
	next.staged.generation = 1 + max(noted, st.staged.generation)
	if err := s.commit(st, next); err != nil {
		s.unstage(next.staged.name)
		return err
	}
	s.note(lock, next.staged.generation, others)
	if missing != "" && s.Missing != nil {
		s.Missing(missing)
	}
	return nil
}

// Replace replaces the aggregate by the output of merge, and leaves the cursor
// file as it is.
func (s *Store) Replace(merge Merge) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := s.sweep(); err != nil {
		return err
	}
	staged, err := s.stage(seal{}, merge)
	if err != nil {
		return err
	}
	if err := os.Rename(s.beside(staged.name), s.File); err != nil {
		s.unstage(staged.name)
		return err
	}
	return syncDir(filepath.Dir(s.File))
}

// commit replaces the cursor file, and publishes the staged file that it names.
func (s *Store) commit(old, next state) error {
	// Two things must be on the disk before the cursor file changes: the name
	// of the file that is staged now, and the rename that published the last
	// one, whose name the cursor file is about to forget.
	if err := syncDir(filepath.Dir(s.File)); err != nil {
		return err
	}
	if err := s.save(next); err != nil {
		return err
	}
	err := syncDir(filepath.Dir(s.Cursor))
	if err == nil {
		err = os.Rename(s.beside(next.staged.name), s.File)
	}
	if err != nil {
		return s.undo(old, err)
	}
	return nil
}

// undo takes back a commit that could not be made durable or published.
func (s *Store) undo(old state, why error) error {
	var err error
	if old.exists {
		err = s.save(old)
	} else {
		err = os.Remove(s.Cursor)
	}
	if err != nil {
		return fmt.Errorf("%w; the batch is committed, and the next run will publish it (taking it back failed: %w)",
			why, err)
	}
	return why
}

// state is the content of a cursor file.
type state struct {
	exists  bool
	damaged bool // the other fields are not valid
	staged  seal
	trailer batch.Trailer
}

func (s *Store) load() (state, error) {
	text, err := os.ReadFile(s.Cursor)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(text) == 0 {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	f, err := batch.ParseFile(text)
	if err != nil && s.ReplaceDamaged {
		return state{exists: true, damaged: true}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("%s: %w; if it is removed, everything that is retained is counted anew", s.Cursor, err)
	}
	return state{exists: true, staged: parseSeal(f.Staged), trailer: f.Trailer}, nil
}

func (s *Store) save(st state) error {
	f, err := renameio.NewPendingFile(s.Cursor, renameio.WithTempDir(filepath.Dir(s.Cursor)),
		renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup() // does nothing once it has replaced the cursor file
	text := batch.File{Trailer: st.trailer}
	if st.staged.name != "" {
		text.Staged = st.staged.String()
	}
	if _, err := f.Write(text.Append(nil)); err != nil {
		return err
	}
	if err := s.own(f.File, s.Cursor); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
