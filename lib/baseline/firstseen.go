package baseline

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/union"

	"github.com/google/renameio/v2"
)

// Update adds the state that a good pull has published in the folder of a host to
// its baseline.
func Update(hostDir string, pulled time.Time) error {
	pulled = pulled.UTC().Truncate(time.Second) // as the records have it: the first pull is not later than itself
	if err := sweep(hostDir); err != nil {
		return err
	}
	begin, err := beginning(hostDir, pulled)
	if err != nil {
		return err
	}
	for _, f := range files {
		u := update{hostDir: hostDir, state: f.state, first: f.first, begin: begin, pulled: pulled}
		if err := u.run(); err != nil {
			return fmt.Errorf("%s: %w", f.first, err)
		}
	}
	if err := keepState(hostDir, pulled); err != nil {
		return err
	}
	return thin(filepath.Join(hostDir, statesDir))
}

// update is the update of one first-seen file.
type update struct {
	hostDir, state, first string
	begin, pulled         time.Time
	folded                folded
	domains               bool // rows have four fields

	added, gone int
	absorbed    bool
}

// run reads both files twice: to find the changes, and to make them.
func (u *update) run() error {
	state, err := openRows(filepath.Join(u.hostDir, u.state))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer state.Close()
	old, err := openRows(filepath.Join(u.hostDir, u.first))
	if errors.Is(err, fs.ErrNotExist) {
		old, err = openRows(os.DevNull)
	}
	if err != nil {
		return err
	}
	defer old.Close()
	if err := u.folded.read(state); err != nil {
		return err
	}
	if err := union.Join(old, state, u.look); err != nil {
		return err
	}
	if u.added == 0 && !u.absorbed && u.gone <= maxFirstSeen {
		return nil
	}
	return u.write(old, state)
}

// look counts the new keys, and finds the keys that folded rows have absorbed.
func (u *update) look(old, state *aggregate.Record) error {
	switch {
	case old == nil:
		u.added++
		u.domains = u.domains || state.IPs != nil
	case state == nil:
		if u.folded.absorb(old.Key, entryOf(old)) {
			u.absorbed = true
		} else {
			u.gone++
		}
		fallthrough
	default:
		u.domains = u.domains || old.IPs != nil
	}
	return nil
}

// write writes the new file. Keys that are gone from the state are kept up to the
// limit.
func (u *update) write(old, state *union.File) error {
	excess := u.gone - maxFirstSeen
	return replace(filepath.Join(u.hostDir, u.first), u.domains, func(put func([]byte, entry)) error {
		return union.Join(old, state, func(o, s *aggregate.Record) error {
			switch {
			case s != nil && o != nil:
				put(s.Key, u.folded.earliest(s.Key, entryOf(o)))
			case s != nil:
				put(s.Key, u.folded.earliest(s.Key, u.seen(s)))
			case u.folded.absorb(o.Key, entryOf(o)): // again: that changes nothing
			case excess > 0:
				excess--
			default:
				put(o.Key, entryOf(o))
			}
			return nil
		})
	})
}

// seen returns the entry of a key that the state has and the records have not.
func (u *update) seen(rec *aggregate.Record) entry {
	at := min(string(rec.Last), stamp(u.pulled))
	if u.pulled.After(u.begin) {
		at = max(at, stamp(u.begin.Add(time.Second)))
	}
	return entry{at, rec.Count}
}

func entryOf(rec *aggregate.Record) entry { return entry{string(rec.Last), rec.Count} }

// openRows opens an aggregate. The pull has reported the lines that cannot be used.
func openRows(path string) (*union.File, error) {
	return union.Open(func(batch.Skipped) {}, path)
}

// replace writes a first-seen file beside the one that it takes the place of: the rows
// that rows puts.
func replace(path string, domains bool, rows func(put func(key []byte, e entry)) error) error {
	to, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithTempDir(filepath.Dir(path)))
	if err != nil {
		return err
	}
	defer to.Cleanup() // nothing after a commit
	w, buf, fields := bufio.NewWriterSize(to, 64<<10), []byte(nil), ""
	if domains {
		fields = " -"
	}
	err = rows(func(key []byte, e entry) {
		buf = fmt.Appendf(append(buf[:0], key...), " %d %s%s\n", e.count, e.at, fields)
		w.Write(buf) // a bufio.Writer keeps its first error for Flush
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	return to.CloseAtomicallyReplace()
}

// sweep removes the pending files that a killed writer has left in a folder, which
// it knows by the names that renameio gives them.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, f := range files {
			if strings.HasPrefix(e.Name(), "."+f.first) {
				err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
			}
		}
	}
	return err
}
