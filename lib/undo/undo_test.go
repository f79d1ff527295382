package undo

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/testtools"
)

func keep(t *testing.T, path string) State {
	t.Helper()
	s, err := Keep(path)
	testtools.Must(t, err)
	return s
}

func note(t *testing.T, j *Journal, entries ...Entry) {
	t.Helper()
	for _, e := range entries {
		testtools.Must(t, j.Note(e))
	}
}

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir)
	testtools.Must(t, err)
	return j
}

// Whatever was at a path comes back with owner, mode and time.
func TestRestore(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"absent": func(string) error { return nil },
		"file": func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("one\ntwo"), 0o600), os.Chmod(path, 0o640|os.ModeSetgid), touch(path, 1234567890123456789))
		},
		"empty file":              func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"link":                    func(path string) error { return os.Symlink("../run/somewhere", path) },
		"link that leads nowhere": func(path string) error { return os.Symlink("nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			testtools.Must(t, make(path))
			was := keep(t, path)
			ours := State{Type: File, Mode: 0o644, UID: os.Getuid(), GID: os.Getgid(), Data: []byte("ours\n")}
			testtools.Must(t, Put(path, ours))
			if now := keep(t, path); string(now.Data) != "ours\n" || now.Mode != 0o644 {
				t.Fatalf("put %+v", now)
			}
			e := Entry{Kind: KindFile, Name: path, Was: &was, Ours: []string{Digest(ours)}}
			for range 2 { // a second time changes nothing
				testtools.Must(t, e.Restore())
				if now := keep(t, path); !reflect.DeepEqual(now, was) {
					t.Errorf("got  %+v\nwant %+v", now, was)
				}
			}
		})
	}
}

// Another program's file in the place of ours stays, unless the name is ours alone.
func TestRestoreLeavesOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	testtools.Write(t, path, "theirs, later\n")
	was := State{Type: Absent}
	e := Entry{Kind: KindFile, Name: path, Was: &was, Ours: []string{Digest(Fresh("ours", 0o644))}}
	testtools.Must(t, e.Restore())
	if got := keep(t, path); string(got.Data) != "theirs, later\n" {
		t.Errorf("%+v", got)
	}
	e.Any = true
	testtools.Must(t, e.Restore())
	if got := keep(t, path); got.Type != Absent {
		t.Errorf("%+v", got)
	}
	testtools.Write(t, path+Suffix, "left by a kill")
	if err := e.Restore(); err != nil || keep(t, path+Suffix).Type != Absent {
		t.Errorf("what a killed change has left stays: %v", err)
	}
}

func TestRestoreFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	absent := &State{Type: Absent}
	e := Entry{Kind: KindFolder, Name: dir, Was: absent}
	if err := e.Restore(); err != nil {
		t.Errorf("never made: %v", err)
	}
	testtools.Must(t, Put(dir, State{Type: Folder, Mode: 0o2750, UID: os.Getuid(), GID: os.Getgid()}))
	testtools.Write(t, dir+"/x", "")
	if err := e.Restore(); err != nil || keep(t, dir).Mode != 0o2750 {
		t.Errorf("not empty: %v, %+v", err, keep(t, dir))
	}
	os.Remove(dir + "/x")
	if err := e.Restore(); err != nil || keep(t, dir).Type != Absent {
		t.Errorf("empty: %v", err)
	}
}

func TestRestoreOwner(t *testing.T) {
	dir := t.TempDir()
	testtools.Must(t, os.Chmod(dir, 0o705))
	was := keep(t, dir)
	testtools.Must(t, os.Chmod(dir, 0o2750))
	if err := (Entry{Kind: KindOwner, Name: dir, Was: &was}).Restore(); err != nil || keep(t, dir).Mode != 0o705 {
		t.Errorf("%v, %o", err, keep(t, dir).Mode)
	}
}

// A journal that was cut anywhere holds the whole entries before the cut, takes
// new ones, and loses none.
func TestTornJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "admin")
	entries := []Entry{
		{Step: "a", Kind: KindFolder, Name: "/x", Was: &State{Type: Absent}},
		{Step: "a", Kind: KindFile, Name: "/x/ä\n\"", Was: &State{Type: File, Mode: 0o644, Data: []byte("\x00\n\xff")}, Ours: []string{"1"}},
		{Step: "b", Kind: "user", Name: "u", Value: "v"},
	}
	note(t, open(t, dir), entries...)
	whole, err := os.ReadFile(dir + "/journal")
	testtools.Must(t, err)
	if mode := keep(t, dir).Mode; mode != 0o700 {
		t.Errorf("mode of the folder: %o", mode)
	}
	for cut := 0; cut <= len(whole); cut += 5 {
		testtools.Write(t, dir+"/journal", string(whole[:cut]))
		j := open(t, dir)
		n := bytes.Count(whole[:cut], []byte("\n"))
		if len(j.Damaged) > 0 || !reflect.DeepEqual(j.entries, entries[:n:n]) && n > 0 {
			t.Fatalf("cut at %d: %+v, %q", cut, j.entries, j.Damaged)
		}
		last := Entry{Step: "c", Kind: "user", Name: "late"}
		note(t, j, last)
		if again := open(t, dir); len(again.Damaged) > 0 || !reflect.DeepEqual(again.entries, append(entries[:n:n], last)) {
			t.Fatalf("cut at %d, then a note: %+v, %q", cut, again.entries, again.Damaged)
		}
	}
}

func TestDamagedJournal(t *testing.T) {
	dir := t.TempDir()
	testtools.Write(t, dir+"/journal", `{"step":"a","kind":"user","name":"u"}`+"\nrubbish\n{}\n"+`{"step":"b","kind":"user","name":"v"}`+"\n")
	j := open(t, dir)
	if len(j.entries) != 2 || len(j.Damaged) != 2 || !strings.Contains(j.Damaged[0], "line 2") || j.Empty() {
		t.Errorf("%+v %q", j.entries, j.Damaged)
	}
}

// The first state stays, unless a later entry brings one; the place stays too.
func TestNoteAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "admin")
	j := open(t, dir)
	first, second := State{Type: File, Data: []byte("first")}, State{Type: File, Data: []byte("second")}
	note(t, j,
		Entry{Step: "r", Kind: KindFile, Name: "/f", Was: &first, Ours: []string{"1"}},
		Entry{Step: "r", Kind: "restart", Name: "unit"},
		Entry{Step: "r", Kind: KindFile, Name: "/f", Ours: []string{"2"}})
	check := func(want State, ours int) {
		t.Helper()
		for _, j := range []*Journal{j, open(t, dir)} {
			of := j.Of("r")
			if len(of) != 2 || !reflect.DeepEqual(*of[0].Was, want) || len(of[0].Ours) != ours || of[1].Kind != "restart" {
				t.Errorf("%+v", of)
			}
		}
	}
	check(first, 2)
	note(t, j, Entry{Step: "r", Kind: KindFile, Name: "/f", Was: &second, Ours: []string{"3"}})
	check(second, 3)
	for range 200 {
		note(t, j, Entry{Step: "r", Kind: KindFile, Name: "/f", Ours: []string{"4"}})
	}
	check(second, maxOurs)
	if info, err := os.Stat(dir + "/journal"); err != nil || info.Size() > 16<<10 {
		t.Errorf("the journal grows without bound: %d bytes, %v", info.Size(), err)
	}
}

// In place: no name changes, and text of the same, a smaller or a larger size.
func TestOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, test := range []struct{ old, new string }{
		{"a\nb\nc\n", "x\n"}, {"x\n", "a longer text\n"}, {"same\n", "size\n"}, {"gone\n", ""}, {"", "new\n"},
	} {
		testtools.Write(t, path, test.old)
		before, _ := os.Stat(path)
		s := State{Type: File, Mode: 0o604, UID: os.Getuid(), GID: os.Getgid(), MTime: 1e18, Data: []byte(test.new)}
		testtools.Must(t, overwrite(path, s))
		after, _ := os.Stat(path)
		if now := keep(t, path); string(now.Data) != test.new || now.Mode != 0o604 || now.MTime != 1e18 || !os.SameFile(before, after) {
			t.Errorf("%q over %q: %+v", test.new, test.old, now)
		}
	}
	if !overwritable(&os.LinkError{Err: unix.EBUSY}) || overwritable(unix.EPERM) {
		t.Error("overwritable")
	}
}

// What is larger than an undo can restore is refused before it is changed.
func TestTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	testtools.Write(t, path, strings.Repeat("x", maxKept))
	if s := keep(t, path); len(s.Data) != maxKept {
		t.Errorf("%d bytes", len(s.Data))
	}
	testtools.Write(t, path, strings.Repeat("x", maxKept+1))
	if _, err := Keep(path); err == nil {
		t.Error("one byte more is kept")
	}
}

// On a full disk a text that needs more room leaves the file as it was.
func TestOverwriteFullDisk(t *testing.T) {
	testtools.NeedRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=128k"); err != nil {
		testtools.Missing(t, err.Error()) // a container without mounts
	}
	defer unix.Unmount(dir, 0)
	testtools.Write(t, dir+"/f", "before\n")
	os.WriteFile(dir+"/filler", make([]byte, 1<<20), 0o600) // as far as there is room
	if err := overwrite(dir+"/f", Fresh(strings.Repeat("x", 64<<10), 0o644)); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if got := keep(t, dir+"/f"); string(got.Data) != "before\n" {
		t.Errorf("%.20q", got.Data)
	}
}

// Where nothing can be removed, what is not there needs no removing: a disable on
// a read-only file system has nothing to complain of.
func TestRemoveAbsentReadOnly(t *testing.T) {
	testtools.NeedRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_RDONLY, "size=64k"); err != nil {
		testtools.Missing(t, err.Error()) // a container without mounts
	}
	defer unix.Unmount(dir, 0)
	if err := Remove(dir + "/absent"); err != nil {
		t.Error(err)
	}
	if err := Put(dir+"/absent", State{Type: Absent}); err != nil {
		t.Error(err)
	}
}
