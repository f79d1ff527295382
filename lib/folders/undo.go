package folders

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/undo"
)

// Undo holds the options of Folders.Undo.
type Undo struct {
	Purge  bool // remove the two files as well
	Unread bool // keep the query log: it could not be read to its end
}

// Undo gives the folders back. Without Purge the two files stay, owned by root and
// readable as before; so does the journal's cursor: the journal still holds the
// lines that were counted, and a later enable must not count them again. The query
// log is removed: it is ours, and was read to its end.
func (f Folders) Undo(notes []undo.Entry, how Undo) error {
	s := &f.Settings
	var failed []error
	do := func(err error) { failed = append(failed, err) }
	do(f.close(s.LogDir, 0o750, f.IDs.Readers))
	do(f.close(s.StateDir, 0o700, 0))
	do(f.closeEarlier(notes))
	if !how.Unread || how.Purge {
		do(removeMatching(s.LogFolder(), isQueryLog(filepath.Base(s.DNSMasqLog))))
		do(removeEmpty(s.LogFolder()))
		do(undo.Remove(s.StateDir + "/domains.cursor"))
	}
	if how.Purge {
		do(f.purge(s.LogDir))
		do(f.purge(s.StateDir))
	} else {
		do(removeMatching(s.StateDir, isEmpty(s.StateDir)))
	}
	do(removeEmpty(s.LogDir))
	do(removeEmpty(s.StateDir))
	if how.Purge {
		do(f.orphans())
	}
	do(undo.Restore(f.leftOver(notes)))
	return errors.Join(failed...)
}

// close gives a folder, and our files in it, to root: the poller's user ID may
// become another user's.
func (f Folders) close(dir string, mode uint32, group int) error {
	if s, err := undo.Look(dir); err != nil || s.Type != undo.Folder {
		return err
	}
	if !f.ours(dir) {
		return nil
	}
	if text, _ := os.ReadFile(filepath.Join(dir, mark)); f.byName(dir) || string(text) == made {
		if err := undo.Attributes(dir, undo.State{Type: undo.Folder, Mode: mode, GID: max(group, 0)}); err != nil {
			return err
		}
	}
	prefix := ""
	if dir == f.Settings.LogDir {
		prefix = "unique-"
	}
	return each(dir, prefix, func(path string) error { return giveToRoot(path, max(group, 0)) })
}

// closeEarlier closes folders of earlier settings, which an enable before the last
// has made: it gives our files in them to root, and removes the query log.
func (f Folders) closeEarlier(notes []undo.Entry) error {
	var failed []error
	for _, e := range notes {
		dir := e.Name
		if e.Kind == undo.KindFile || dir == f.Settings.LogDir || dir == f.Settings.StateDir || dir == f.Settings.LogFolder() || !f.ours(dir) {
			continue
		}
		failed = append(failed, removeMatching(dir, isQueryLog(filepath.Base(f.Settings.DNSMasqLog))),
			each(dir, "unique-", func(path string) error { return giveToRoot(path, max(f.IDs.Readers, 0)) }))
	}
	return errors.Join(failed...)
}

// ours reports whether a folder is ours: by its name, or by the mark in it.
func (f Folders) ours(dir string) bool { return f.byName(dir) || !absent(filepath.Join(dir, mark)) }

func giveToRoot(path string, group int) error {
	file, _ := open(path)
	if file == nil {
		return nil
	}
	defer file.Close()
	return file.Chown(0, group)
}

// leftOver returns the notes of folders outside their default place: those that
// were there get their owner and mode back, those that were made go if they are
// empty. The mark goes with the last of our files.
func (f Folders) leftOver(notes []undo.Entry) []undo.Entry {
	var list []undo.Entry
	for _, e := range notes {
		dir := e.Name
		if filepath.Base(e.Name) == mark {
			dir = filepath.Dir(e.Name)
			if d, err := os.ReadDir(dir); err != nil || len(d) > 1 {
				continue
			}
		}
		if !f.byName(dir) {
			list = append(list, e)
		}
	}
	return list
}

// purge removes a folder that is ours by its name with all files in it, and refuses
// if something is mounted there. From other folders it removes the files that
// isOurs knows.
func (f Folders) purge(dir string) error {
	if s, err := undo.Look(dir); err != nil || s.Type != undo.Folder {
		return err
	}
	if !f.byName(dir) {
		return removeMatching(dir, isOurs)
	}
	if at := mountBelow(dir); at != "" {
		return fmt.Errorf("%s: something is mounted on %s; umount it, then repeat", dir, at)
	}
	return os.RemoveAll(dir)
}

// orphans removes folders that hold only our mark, for a purge after a disable:
// then no note names them.
func (f Folders) orphans() error {
	var failed []error
	for _, dir := range []string{f.Settings.LogFolder(), f.Settings.LogDir, f.Settings.StateDir} {
		if !f.byName(dir) {
			failed = append(failed, removeIfOnlyMark(dir))
		}
	}
	return errors.Join(failed...)
}

func removeIfOnlyMark(dir string) error {
	if d, err := os.ReadDir(dir); err != nil || len(d) != 1 || d[0].Name() != mark {
		return nil
	}
	text, _ := os.ReadFile(filepath.Join(dir, mark))
	if err := undo.Remove(filepath.Join(dir, mark)); err != nil || string(text) != made {
		return err
	}
	return rmdir(dir)
}

// mountBelow returns a mount point at or below a folder.
func mountBelow(dir string) string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 4 && (fields[4] == dir || strings.HasPrefix(fields[4], dir+"/")) {
			return fields[4]
		}
	}
	return ""
}

// isOurs reports whether a file is ours by its name. Files that a killed commit has
// left are, too.
func isOurs(name string) bool {
	for _, prefix := range []string{"unique-domains.log", "unique-ips.log", "domains.", "ips.", "set.", ".unique-", ".domains.", ".ips.", ".set."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isQueryLog returns a function that reports whether a name is that of the query
// log or of a rotated copy.
func isQueryLog(log string) func(string) bool {
	return func(name string) bool { return name == log || strings.HasPrefix(name, log+".") }
}

func isEmpty(dir string) func(string) bool {
	return func(name string) bool {
		info, err := os.Lstat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular() && info.Size() == 0 && name != mark
	}
}

// removeMatching removes the files of those names in a folder; folders stay.
func removeMatching(dir string, match func(name string) bool) error {
	if s, err := undo.Look(dir); err != nil || s.Type != undo.Folder {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range list {
		if !d.IsDir() && match(d.Name()) {
			failed = append(failed, undo.Remove(filepath.Join(dir, d.Name())))
		}
	}
	return errors.Join(failed...)
}

// removeEmpty removes a folder that is ours by its name, if it is empty. Whether
// other folders are removed depends on the notes.
func removeEmpty(dir string) error {
	if !(Folders{}).byName(dir) {
		return nil
	}
	return rmdir(dir)
}

// rmdir leaves a folder on which something is mounted.
func rmdir(dir string) error {
	if err := undo.RemoveFolder(dir); !errors.Is(err, unix.EBUSY) {
		return err
	}
	return nil
}
