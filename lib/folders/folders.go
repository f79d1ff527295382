// Package folders makes the folders of the two files, of the query log and of the
// pollers' state, keeps owners and modes right, and gives them back.
//
//	/var/log/egress-monitor           1775 root:egress-monitor   the poller may add and replace its own files, but
//	                                                             (sticky) never put something in dnsmasq/'s place
//	/var/log/egress-monitor/*.log     0640 egress-monitor:adm
//	/var/log/egress-monitor/dnsmasq   2750 egress-dns:adm        the query log, written by dnsmasq alone
//	/var/lib/egress-monitor           0750 egress-monitor        cursors and locks
//
// A folder that was there and is not ours is refused, unless it is empty: then Undo
// gives it its owner and mode back. Only files that we make are removed.
package folders

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
)

// mark is a file in a folder that is not in its default place. It marks the folder
// as ours, even after a disable that left the two files in it.
const (
	mark = ".egress-monitor"
	made = "Made by egress-monitor.\n"
	used = "Used by egress-monitor.\n" // the folder was there before, empty
)

// Folders holds the folders that the settings name.
type Folders struct {
	Settings settings.Settings
	IDs      IDs
}

// IDs are the numbers of our users and groups; -1 if there are none yet.
type IDs struct{ Poller, PollerGroup, Resolver, Readers int }

// Text returns the step for people.
func (f Folders) Text() string {
	return "folders " + f.Settings.LogDir + " and " + f.Settings.StateDir
}

func (f Folders) logs() change.Attr {
	return change.Attr{Mode: 0o1775, GID: f.IDs.PollerGroup, Owner: "root:" + layout.Poller}
}
func (f Folders) queries() change.Attr {
	return change.Attr{Mode: 0o2750, UID: f.IDs.Resolver, GID: f.IDs.Readers, Owner: layout.Resolver + ":" + layout.Readers}
}
func (f Folders) state() change.Attr {
	return change.Attr{Mode: 0o750, UID: f.IDs.Poller, GID: f.IDs.PollerGroup, Owner: layout.Poller + ":" + layout.Poller}
}
func (f Folders) queryLog() change.Attr {
	return change.Attr{Mode: 0o640, UID: f.IDs.Resolver, GID: f.IDs.Readers, Owner: layout.Resolver + ":" + layout.Readers}
}

// Is reports whether all folders are there, with their owners and modes. It checks
// a fixed number of names, however many the poller has made. The poller's files are
// checked before each poll (Repair).
func (f Folders) Is() bool {
	s := &f.Settings
	return f.IDs.known() && is(s.LogDir, undo.Folder, f.logs()) && is(s.LogFolder(), undo.Folder, f.queries()) &&
		is(s.StateDir, undo.Folder, f.state()) && (absent(s.DNSMasqLog) || is(s.DNSMasqLog, undo.File, f.queryLog()))
}

func (i IDs) known() bool {
	return i.Poller > 0 && i.PollerGroup > 0 && i.Resolver > 0 && i.Readers > 0
}

func is(path, kind string, a change.Attr) bool {
	s, err := undo.Look(path)
	return err == nil && s.Type == kind && a.Of(s)
}

func absent(path string) bool {
	s, err := undo.Look(path)
	return err == nil && s.Type == undo.Absent
}

// pollers returns the files of the poller that matter, by name.
func (f Folders) pollers() []string {
	s := &f.Settings
	return []string{s.Domains(), s.IPs(), s.Domains() + ".rejected", s.IPs() + ".rejected",
		s.Domains() + ".lock", s.IPs() + ".lock",
		s.StateDir + "/domains.cursor", s.StateDir + "/ips.cursor", s.StateDir + "/set.cursor",
		s.StateDir + "/domains.lock", s.StateDir + "/ips.lock"}
}

// pollersFile returns the owner and the mode of a file of the poller's. A user who
// could open aggmerge's lock, which is beside the two files, could block all polls.
func (f Folders) pollersFile(path string) change.Attr {
	if filepath.Dir(path) == f.Settings.StateDir {
		return change.Attr{Mode: 0o640, UID: f.IDs.Poller, GID: f.IDs.PollerGroup, Owner: layout.Poller + ":" + layout.Poller}
	}
	a := change.Attr{Mode: 0o640, UID: f.IDs.Poller, GID: f.IDs.Readers, Owner: layout.Poller + ":" + layout.Readers}
	if strings.HasSuffix(path, ".lock") {
		a.Mode = lockMode
	}
	return a
}

const lockMode = 0o600

// Do makes the folders, from the outside in: a folder is root's, closed to the
// poller, until what root puts inside is in place.
func (f Folders) Do(h *change.Hand) error {
	if err := f.Check(h.Journal, h.Step); err != nil {
		return err
	}
	s := &f.Settings
	closed := change.Attr{Mode: 0o700}
	steps := []func() error{
		func() error { return h.Folder(s.LogDir, change.Root755) },
		func() error { return f.marked(h, s.LogDir) },
		func() error { return h.Folder(s.LogFolder(), closed) },
		func() error { return f.marked(h, s.LogFolder()) },
		func() error { return f.adoptQueries(h) },
		func() error { return h.Folder(s.LogFolder(), f.queries()) },
		func() error { return f.adopt(h, s.LogDir, "unique-") },
		func() error { return h.Folder(s.LogDir, f.logs()) },
		func() error { return h.Folder(s.StateDir, closed) },
		func() error { return f.marked(h, s.StateDir) },
		func() error { return f.adopt(h, s.StateDir, "") },
		func() error { return h.Folder(s.StateDir, f.state()) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f Folders) marked(h *change.Hand, dir string) error {
	if f.byName(dir) || h.Dry() || !absent(filepath.Join(dir, mark)) {
		return nil
	}
	text := used
	if h.Noted(undo.KindFolder, dir) {
		text = made
	}
	return h.Write(filepath.Join(dir, mark), text, change.Root644)
}

// byName reports whether a folder is ours by its name.
func (f Folders) byName(dir string) bool {
	d := settings.Default()
	return dir == d.LogDir || dir == d.StateDir || dir == d.LogFolder()
}

// resolve returns where a folder is, or would be made: symbolic links on the way to it
// are followed, but not the last one, if the folder itself is a link.
func resolve(dir string) string {
	parent, name := filepath.Split(filepath.Clean(dir))
	parent = filepath.Clean(parent)
	if real, err := filepath.EvalSymlinks(parent); err == nil {
		return filepath.Join(real, name)
	}
	if parent == dir { // the root
		return dir
	}
	return filepath.Join(resolve(parent), name)
}

// Check refuses a folder that is there and is not ours, by the name of its setting.
func (f Folders) Check(j *undo.Journal, step string) error {
	s := &f.Settings
	for _, x := range []struct{ setting, dir string }{
		{"EGRESS_LOG_DIR", s.LogDir}, {"EGRESS_DNSMASQ_LOG", s.LogFolder()}, {"EGRESS_STATE_DIR", s.StateDir},
	} {
		if real := resolve(x.dir); !f.byName(x.dir) && real != x.dir && settings.Shared(real) {
			return fmt.Errorf("%s: %s is really %s, a folder that is not for egress-monitor alone", x.setting, x.dir, real)
		}
		now, err := undo.Look(x.dir)
		switch {
		case err != nil:
			return err
		case now.Type == undo.Absent:
			continue
		case now.Type == undo.Link:
			return fmt.Errorf("%s: %s is a symbolic link; remove it", x.setting, x.dir)
		case now.Type != undo.Folder:
			return fmt.Errorf("%s: %s is no folder", x.setting, x.dir)
		}
		_, made := j.Entry(step, undo.KindFolder, x.dir)
		_, taken := j.Entry(step, undo.KindOwner, x.dir)
		if made || taken || f.byName(x.dir) || !absent(filepath.Join(x.dir, mark)) || f.empty(x.dir) {
			continue
		}
		return fmt.Errorf("%s: the folder %s is there, and is not egress-monitor's: name one that is not there, or is empty", x.setting, x.dir)
	}
	return nil
}

// empty reports whether a folder holds nothing, but for what a new file system
// does and our own folder of another use.
func (f Folders) empty(dir string) bool {
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	names, _ := d.Readdirnames(8)
	for _, n := range names {
		if path := filepath.Join(dir, n); n != "lost+found" && path != f.Settings.LogFolder() {
			return false
		}
	}
	return true
}

// adoptQueries gives dnsmasq its log, unless that is a link.
func (f Folders) adoptQueries(h *change.Hand) error {
	log := f.Settings.DNSMasqLog
	if s, err := undo.Look(log); err == nil && s.Type == undo.Link && !h.Dry() {
		if err := os.Remove(log); err != nil {
			return err
		}
	}
	return each(filepath.Dir(log), filepath.Base(log), func(path string) error {
		return adopt(h, path, f.queryLog())
	})
}

// adopt gives the poller the files in a folder that are, or were, its own: first
// those that matter, which the others must not crowd out.
func (f Folders) adopt(h *change.Hand, dir, prefix string) error {
	for _, path := range f.pollers() {
		if filepath.Dir(path) == dir {
			if err := adopt(h, path, f.pollersFile(path)); err != nil {
				return err
			}
		}
	}
	return each(dir, prefix, func(path string) error {
		if filepath.Base(path) == mark {
			return nil
		}
		return adopt(h, path, f.pollersFile(path))
	})
}

// maxNames is how many names are read in a folder that another user may have filled.
const maxNames = 4096

func each(dir, prefix string, do func(path string) error) error {
	d, err := os.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer d.Close()
	names, _ := d.Readdirnames(maxNames)
	for _, n := range names {
		if strings.HasPrefix(n, prefix) {
			if err := do(filepath.Join(dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt gives a plain file another owner.
func adopt(h *change.Hand, path string, a change.Attr) error {
	file, st := open(path)
	if file == nil {
		return nil
	}
	defer file.Close()
	if int(st.Uid) == a.UID && int(st.Gid) == a.GID && st.Mode&0o7777 == a.Mode {
		return nil
	}
	if h.Dry() {
		return h.Do(fmt.Sprintf("chown %s %s; chmod %o %s", a.Owner, path, a.Mode, path), nil)
	}
	return give(file, a)
}

func give(file *os.File, a change.Attr) error {
	if err := file.Chown(a.UID, a.GID); err != nil {
		return err
	}
	return file.Chmod(os.FileMode(a.Mode))
}

// open opens a plain file with one name, so that the file that was checked is the one
// whose owner is changed. It returns nil for all else: a second name may be another
// user's.
func open(path string) (file *os.File, st unix.Stat_t) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, st
	}
	if err := unix.Fstat(int(file.Fd()), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1 {
		file.Close()
		return nil, st
	}
	return file, st
}
