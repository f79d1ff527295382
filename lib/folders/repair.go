package folders

import (
	"bytes"
	"errors"
	"os"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
)

// Repair gives files back to the poller that somebody else owns: an aggregate that was
// restored from a backup with cp is root's, and no poll could replace it, since its
// folder is sticky.
func (f Folders) Repair(say func(format string, args ...any)) {
	if !f.IDs.known() {
		return // the pipeline cannot be started either, which is reported
	}
	for _, path := range f.pollers() {
		switch healed, err := giveBack(path, f.pollersFile(path)); {
		case err != nil:
			say("cannot heal: %s: %v", path, err)
		case healed:
			say("healed: %s is %s's again", path, layout.Poller)
		}
	}
}

var errHard = errors.New("it belongs to somebody else, and this kernel lets anybody link to any file (sysctl fs.protected_hardlinks=1): chown it by hand")

// giveBack changes the owner of a plain file with one name if somebody else owns it,
// and closes a lock that others can open. It refuses where the kernel lets users
// link to files of others: the poller could have linked any file there.
func giveBack(path string, a change.Attr) (healed bool, err error) {
	file, st := open(path)
	if file == nil {
		return false, nil
	}
	defer file.Close()
	switch {
	case int(st.Uid) == a.UID && a.Mode == lockMode && st.Mode&0o777&^lockMode != 0:
		return true, file.Chmod(lockMode)
	case int(st.Uid) == a.UID:
		return false, nil
	}
	if hard, err := os.ReadFile("/proc/sys/fs/protected_hardlinks"); err != nil || !bytes.HasPrefix(hard, []byte("1")) {
		return false, errHard
	}
	return true, give(file, a)
}
