package folders

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"egress-monitor/lib/change"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

func world(t *testing.T) (Folders, *change.Hand, string) {
	t.Helper()
	dir := t.TempDir()
	s := settings.Default()
	s.LogDir, s.StateDir, s.DNSMasqLog = dir+"/log", dir+"/state", dir+"/log/dnsmasq/q.log"
	j, err := undo.Open(filepath.Join(dir, "admin"))
	testtools.Must(t, err)
	// As somebody who may not give files away, all users are us. The folders' owner must be root.
	f := Folders{Settings: s, IDs: IDs{Poller: os.Getuid(), PollerGroup: os.Getgid(), Resolver: os.Getuid(), Readers: os.Getgid()}}
	return f, &change.Hand{Step: "folders", Journal: j, Context: context.Background()}, dir
}

func list(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." && !strings.HasPrefix(rel, "admin") {
			names = append(names, rel)
		}
		return err
	})
	return strings.Join(names, " ")
}

func put(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		testtools.Must(t, os.WriteFile(p, []byte("x\n"), 0o644))
	}
}

func TestMadeAndPurged(t *testing.T) {
	testtools.NeedRoot(t)
	f, h, dir := world(t)
	testtools.Must(t, f.Do(h))
	for path, mode := range map[string]uint32{"log": 0o1775, "log/dnsmasq": 0o2750, "state": 0o750} {
		if s, _ := undo.Look(dir + "/" + path); s.Mode != mode {
			t.Errorf("%s: mode %o", path, s.Mode)
		}
	}
	put(t, dir+"/log/unique-ips.log", dir+"/log/unique-ips.log.rejected", dir+"/log/dnsmasq/q.log", dir+"/log/dnsmasq/q.log.2.gz", dir+"/state/ips.cursor", dir+"/state/domains.cursor")
	notes := h.Journal.Of("folders")
	testtools.Must(t, f.Undo(notes, Undo{Unread: true}))
	if got := list(t, dir); !strings.Contains(got, "log/dnsmasq/q.log log/dnsmasq/q.log.2.gz") || !strings.Contains(got, "state/domains.cursor") {
		t.Errorf("the query log was not read to its end: %s", got)
	}
	testtools.Must(t, f.Undo(notes, Undo{}))
	const kept = "log log/.egress-monitor log/unique-ips.log log/unique-ips.log.rejected state state/.egress-monitor state/ips.cursor"
	if got := list(t, dir); got != kept {
		t.Errorf("after disable: %s", got)
	}
	testtools.Must(t, f.Undo(nil, Undo{Purge: true}))
	if got := list(t, dir); got != "" {
		t.Errorf("after purge: %s", got)
	}
}

// Files of others stay as they were, and so do the folders around them.
func TestOthersStay(t *testing.T) {
	testtools.NeedRoot(t)
	f, h, dir := world(t)
	if err := os.Mkdir(dir+"/log", 0o705); err != nil || os.Chmod(dir+"/log", 0o705) != nil {
		t.Fatal(err)
	}
	testtools.Must(t, f.Do(h))
	put(t, dir+"/log/notes.txt", dir+"/log/unique-ips.log", dir+"/log/dnsmasq/q.log", dir+"/log/dnsmasq/theirs", dir+"/state/mine")
	testtools.Must(t, f.Undo(h.Journal.Of("folders"), Undo{Purge: true}))
	if got := list(t, dir); got != "log log/.egress-monitor log/dnsmasq log/dnsmasq/.egress-monitor log/dnsmasq/theirs log/notes.txt state state/.egress-monitor state/mine" {
		t.Error(got)
	}
	if s, _ := undo.Look(dir + "/log"); s.Mode != 0o705 {
		t.Errorf("mode %o", s.Mode)
	}
}

// A folder that holds other files is refused, by the name of its setting.
func TestRefused(t *testing.T) {
	f, h, dir := world(t)
	testtools.Must(t, os.Mkdir(dir+"/state", 0o755))
	put(t, dir+"/state/theirs")
	if err := f.Check(h.Journal, "folders"); err == nil || !strings.HasPrefix(err.Error(), "EGRESS_STATE_DIR: ") {
		t.Error(err)
	}
	os.Remove(dir + "/state/theirs")
	if err := f.Check(h.Journal, "folders"); err != nil {
		t.Error(err)
	}
	put(t, dir+"/state/"+mark, dir+"/state/ips.cursor")
	if err := f.Check(h.Journal, "folders"); err != nil {
		t.Errorf("one that is ours: %v", err)
	}
	os.Symlink(dir+"/state", dir+"/log")
	if err := f.Check(h.Journal, "folders"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Error(err)
	}
}

// Links, and files with a second name, keep their owner.
func TestAdopt(t *testing.T) {
	testtools.NeedRoot(t)
	f, h, dir := world(t)
	f.IDs.Poller = 12345
	put(t, dir+"/target", dir+"/unique-a", dir+"/unique-twice", dir+"/unique-a.lock")
	os.Symlink(dir+"/target", dir+"/unique-link")
	os.Link(dir+"/unique-twice", dir+"/other-name")
	testtools.Must(t, f.adopt(h, dir, "unique-"))
	if s, _ := undo.Look(dir + "/unique-a.lock"); s.Mode != 0o600 {
		t.Errorf("others can open a lock: %o", s.Mode)
	}
	for name, uid := range map[string]int{"target": 0, "unique-a": 12345, "unique-twice": 0} {
		if s, _ := undo.Look(dir + "/" + name); s.UID != uid {
			t.Errorf("%s belongs to %d", name, s.UID)
		}
	}
}

// What is mounted below our own folders is not purged with them.
func TestMountBelow(t *testing.T) {
	for dir, want := range map[string]string{"/proc": "/proc", "/pro": "", "/proc/self": ""} {
		if got := mountBelow(dir); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

// A link on the way must not lead to a folder that could not be named.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	testtools.Must(t, os.Symlink("/", filepath.Join(dir, "slash")))
	for name, want := range map[string]string{
		"/":                     "/",
		dir + "/slash":          dir + "/slash",
		dir + "/slash/etc":      "/etc",
		dir + "/slash/etc/no/x": "/etc/no/x",
		dir + "/no/x":           dir + "/no/x",
	} {
		if got := resolve(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Files that root has put there are given to the owner of the folder; files that may be
// somebody else's are not, and no link is followed.
func TestGiveBack(t *testing.T) {
	testtools.NeedRoot(t)
	dir := t.TempDir()
	file, other, link := filepath.Join(dir, "file"), filepath.Join(dir, "other"), filepath.Join(dir, "link")
	a, lock := change.Attr{Mode: 0o640, UID: 65534, GID: 65533}, change.Attr{Mode: 0o600, UID: 65534, GID: 65533}
	owner := func(name string) string {
		info, err := os.Stat(name)
		testtools.Must(t, err)
		st := info.Sys().(*syscall.Stat_t)
		return fmt.Sprintf("%d:%d %o", st.Uid, st.Gid, info.Mode().Perm())
	}
	for _, name := range []string{file, other} {
		testtools.Must(t, os.WriteFile(name, nil, 0o600))
	}
	healed, err := giveBack(file, a)
	if errors.Is(err, errHard) {
		testtools.Missing(t, "fs.protected_hardlinks is off here")
	}
	if err != nil || !healed || owner(file) != "65534:65533 640" {
		t.Errorf("%v, %v, %s", healed, err, owner(file))
	}
	if healed, err := giveBack(file, a); err != nil || healed {
		t.Errorf("again: %v, %v", healed, err)
	}
	if healed, err := giveBack(file, lock); err != nil || !healed || owner(file) != "65534:65533 600" {
		t.Errorf("a lock that others can open: %v, %v, %s", healed, err, owner(file))
	}
	testtools.Must(t, errors.Join(os.Symlink(other, link), os.Link(other, filepath.Join(dir, "second"))))
	for _, name := range []string{link, other, dir, filepath.Join(dir, "none")} {
		if healed, err := giveBack(name, a); err != nil || healed {
			t.Errorf("%s: %v, %v", name, healed, err)
		}
	}
	if got := owner(other); got != "0:0 600" {
		t.Errorf("another's file: %s", got)
	}
}
