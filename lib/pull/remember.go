package pull

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"egress-monitor/lib/baseline"
	"egress-monitor/lib/pulled"
)

// takeOver begins the records of a host with what an older egress-pull, which
// kept none, has left.
func takeOver(dir string, at time.Time) error {
	events, err := baseline.History(dir)
	began := slices.ContainsFunc(events, func(e baseline.Event) bool { return e.Kind == baseline.First })
	if err != nil || began || at.IsZero() {
		return err
	}
	for _, name := range pulled.Files {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return nil // nothing was pulled
		}
	}
	return baseline.Update(dir, at)
}

// pending is a file that is there as long as the records of the fleet may lack
// something of a host's: from before a state is published until they have it.
const pending = ".fleet-pending"

func (f *Folder) pending() string { return filepath.Join(f.Dir, pending) }

// notePending notes that the state of a host will change.
func (f *Folder) notePending() error {
	file, err := os.OpenFile(f.pending(), os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return file.Close()
}

// UpdateFleet adds the new keys of hosts to the records of the fleet: of the hosts that
// are named, or of all if an earlier pull did not come so far. It returns
// how many keys there was no room for.
func (f *Folder) UpdateFleet(changed []string) (left int, err error) {
	if len(changed) == 0 && !f.behind {
		return 0, nil
	}
	if f.behind {
		changed = nil // all
	}
	if left, err = baseline.UpdateFleet(f.Dir, changed); err != nil {
		return 0, err
	}
	return left, os.Remove(f.pending())
}

// isBehind reports whether an earlier pull has left the records of the fleet
// without what its hosts brought.
func (f *Folder) isBehind() (bool, error) {
	_, err := os.Lstat(f.pending())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
