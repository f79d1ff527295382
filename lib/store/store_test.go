package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
)

func newStore(t *testing.T) *Store {
	dir := t.TempDir()
	return &Store{File: filepath.Join(dir, "ips.log"), Cursor: filepath.Join(dir, "ips.cursor")}
}

func sumOf(text []byte) uint32 { return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)) }

// appending is a Merge that copies the old aggregate and adds a line.
func appending(line string) Merge {
	return func(old, staged *os.File, _ *uint32) (uint32, []byte, error) {
		text, err := io.ReadAll(old)
		if err != nil {
			return 0, nil, err
		}
		text = append(text, line...)
		_, err = staged.Write(text)
		return sumOf(text), nil, err
	}
}

func commit(t *testing.T, s *Store, after, to string, merge Merge) {
	t.Helper()
	testtools.Must(t, s.Commit(after, batch.Trailer{Cursor: to}, merge != nil, merge))
}

func TestCommit(t *testing.T) {
	s := newStore(t)
	commit(t, s, "", "1", appending("a"))
	commit(t, s, "1", "2", appending("b"))
	commit(t, s, "2", "3", nil)            // only the cursor
	commit(t, s, "3", "4", appending("c")) // what was published before the cursor alone moved is still there
	commit(t, s, "3", "4", appending("d")) // committed already
	if err := s.Commit("2", batch.Trailer{Cursor: "5"}, true, appending("e")); !errors.Is(err, ErrMoved) {
		t.Errorf("a batch that begins elsewhere: %v", err)
	}
	broken := errors.New("broken")
	err := s.Commit("4", batch.Trailer{Cursor: "5"}, true, func(*os.File, *os.File, *uint32) (uint32, []byte, error) { return 0, nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("a merge that fails: %v", err)
	}
	if got := testtools.Read(t, s.File); got != "abc" {
		t.Errorf("aggregate %q", got)
	}
	names, _ := readNames(filepath.Dir(s.File))
	if len(names) != 3 { // with the lock
		t.Errorf("left: %q", names)
	}
}

// After a run that was killed, a staged file is published if the cursor file names it, and
// removed otherwise; that of another cursor file is not touched.
func TestRecover(t *testing.T) {
	s := newStore(t)
	commit(t, s, "", "1", appending("a"))
	f, err := batch.ReadFile(s.Cursor)
	testtools.Must(t, err)
	name, _, _ := strings.Cut(f.Staged, " ")
	half := s.stagedPrefix() + s.owner() + "-HALF"
	temporary := filepath.Join(filepath.Dir(s.Cursor), "."+filepath.Base(s.Cursor)+"123")
	testtools.Must(t, os.Rename(s.File, s.beside(name)))
	testtools.Write(t, s.beside(half), "half")
	testtools.Write(t, s.beside(s.stagedPrefix()+noCursor+"-1"), "half")
	testtools.Write(t, temporary, "half")
	testtools.Must(t, s.Recover())
	if names, _ := readNames(filepath.Dir(s.File)); testtools.Read(t, s.File) != "a" || len(names) != 3 {
		t.Errorf("aggregate %q, files %q", testtools.Read(t, s.File), names)
	}
	other := s.beside(s.stagedPrefix() + "00000000-OTHER")
	testtools.Write(t, other, "other's")
	if err := s.Recover(); err == nil || testtools.Read(t, other) != "other's" {
		t.Errorf("a staged file of another cursor file: %v", err)
	}
}

// If the aggregate cannot be replaced, the cursor file is as it was.
func TestUndo(t *testing.T) {
	s := newStore(t)
	inTheWay := func(old, staged *os.File, _ *uint32) (uint32, []byte, error) {
		return 7, nil, os.Mkdir(s.File, 0o700)
	}
	for _, after := range []string{"", "1"} {
		before, _ := os.ReadFile(s.Cursor)
		if err := s.Commit(after, batch.Trailer{Cursor: "2"}, true, inTheWay); err == nil {
			t.Error("no error")
		}
		if now, _ := os.ReadFile(s.Cursor); string(now) != string(before) {
			t.Errorf("the cursor file is %q, and was %q", now, before)
		}
		testtools.Must(t, os.Remove(s.File))
		if after == "" {
			commit(t, s, "", "1", appending("a"))
			testtools.Must(t, os.Remove(s.File))
		}
	}
}

// Rows that are set aside twice, whole or in part, are there once.
func TestSetAside(t *testing.T) {
	s := newStore(t)
	for _, part := range []string{"bad 1\nbad 2\n", "bad 1\nba", ""} {
		testtools.Write(t, s.File+".rejected", "old\n"+part)
		testtools.Must(t, s.setAside(s.File+".rejected", []byte("bad 1\nbad 2\n")))
		if got := testtools.Read(t, s.File+".rejected"); got != "old\nbad 1\nbad 2\n" {
			t.Errorf("after %q: %q", part, got)
		}
	}
}

// A file that only we have written is known as such.
func TestSeal(t *testing.T) {
	s := newStore(t)
	var ours bool
	look := func(old, staged *os.File, seal *uint32) (uint32, []byte, error) {
		ours = seal != nil && *seal == sumOf([]byte(testtools.Read(t, s.File)))
		return appending("x")(old, staged, seal)
	}
	commit(t, s, "", "1", look)
	if ours {
		t.Error("nothing is taken for ours")
	}
	commit(t, s, "1", "2", look)
	if !ours {
		t.Error("ours is not known again")
	}
	commit(t, s, "2", "3", nil)
	commit(t, s, "3", "4", look)
	if !ours {
		t.Error("ours is not known again after the cursor alone has moved")
	}
	testtools.Must(t, os.WriteFile(s.File, []byte("zz"), 0o640))
	commit(t, s, "4", "5", look)
	if ours {
		t.Error("a stranger's is taken for ours")
	}
}

// The mode of the aggregate is kept, and a new one is not the world's.
func TestMode(t *testing.T) {
	s := newStore(t)
	commit(t, s, "", "1", appending("a"))
	mode := func(name string) os.FileMode {
		info, err := os.Stat(name)
		testtools.Must(t, err)
		return info.Mode()
	}
	if m := mode(s.File); m&0o007 != 0 {
		t.Errorf("a new aggregate: %v", m)
	}
	if m := mode(s.Cursor); m != 0o600 {
		t.Errorf("the cursor file: %v", m)
	}
	os.Chmod(s.File, 0o600)
	commit(t, s, "1", "2", appending("b"))
	if m := mode(s.File); m != 0o600 {
		t.Errorf("after a commit: %v", m)
	}
}

// Back-fills and batches at once: none of them is lost.
func TestAtOnce(t *testing.T) {
	s := newStore(t)
	fill := &Store{File: s.File}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := fill.Replace(appending("f")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		after := ""
		for to := range strings.SplitSeq("123456789", "") {
			if err := s.Commit(after, batch.Trailer{Cursor: to}, true, appending("b")); err != nil {
				t.Error(err)
			}
			after = to
		}
	})
	all.Wait()
	if got := testtools.Read(t, s.File); strings.Count(got, "f") != 20 || strings.Count(got, "b") != 9 {
		t.Errorf("aggregate %q", got)
	}
}

// A user who can read the aggregate cannot stop a commit. A lock that is held for too
// long is an error, and nothing is committed.
func TestLock(t *testing.T) {
	s := newStore(t)
	commit(t, s, "", "1", appending("a"))
	for _, name := range []string{s.File, filepath.Dir(s.File), s.Cursor} {
		f, err := os.Open(name)
		testtools.Must(t, err)
		defer f.Close()
		testtools.Must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	}
	commit(t, s, "1", "2", appending("b"))
	info, err := os.Stat(s.File + ".lock")
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	defer func(d time.Duration) { Wait = d }(Wait)
	Wait = 20 * time.Millisecond
	lock, err := s.lock()
	testtools.Must(t, err)
	if err := s.Commit("2", batch.Trailer{Cursor: "3"}, true, appending("c")); !errors.Is(err, ErrBusy) {
		t.Errorf("a lock that another one holds: %v", err)
	}
	if err := s.Replace(appending("c")); !errors.Is(err, ErrBusy) {
		t.Errorf("a lock that another one holds: %v", err)
	}
	lock.Close()
	Wait = time.Minute
	commit(t, s, "2", "3", appending("d"))
	if got := testtools.Read(t, s.File); got != "abd" {
		t.Errorf("aggregate %q", got)
	}
}

// A lock file that others could open is no lock.
func TestLockOfOthers(t *testing.T) {
	s := newStore(t)
	lock := s.File + ".lock"
	for what, make := range map[string]func() error{
		"others than its owner": func() error { return errors.Join(os.WriteFile(lock, nil, 0o600), os.Chmod(lock, 0o666)) },
		"too many levels":       func() error { return os.Symlink("elsewhere", lock) },
		"a named pipe":          func() error { return syscall.Mkfifo(lock, 0o600) },
	} {
		testtools.Must(t, make())
		if err := s.Recover(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
		os.Remove(lock)
	}
}

// Only regular files are replaced.
func TestCheck(t *testing.T) {
	s := newStore(t)
	if err := s.Check(); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	for what, make := range map[string]func(name string) error{
		"a folder":        func(name string) error { return os.Mkdir(name, 0o700) },
		"a symbolic link": func(name string) error { return os.Symlink("nowhere", name) },
		"a named pipe":    func(name string) error { return syscall.Mkfifo(name, 0o600) },
	} {
		for _, name := range []string{s.File, s.Cursor, s.File + ".rejected"} {
			testtools.Must(t, make(name))
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), name+": is "+what) {
				t.Errorf("%s: %v", what, err)
			}
			os.Remove(name)
		}
	}
	if err := (&Store{File: "/dev/null"}).Check(); err == nil || !strings.Contains(err.Error(), "is a device") {
		t.Errorf("a device: %v", err)
	}
}

// Files that root makes get the poller as their owner: the owner of the aggregate, or,
// before there is one, of the folder of the cursor file.
func TestOwner(t *testing.T) {
	testtools.NeedRoot(t)
	const poller = 4711
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	testtools.Must(t, errors.Join(os.Mkdir(state, 0o700), os.Chown(state, poller, poller)))
	s := &Store{File: filepath.Join(dir, "ips.log"), Cursor: filepath.Join(state, "ips.cursor")}
	commit(t, s, "", "1", appending("a"))
	s.Commit("1", batch.Trailer{Cursor: "2"}, true, func(old, staged *os.File, seal *uint32) (uint32, []byte, error) {
		return 7, []byte("rejected\n"), nil
	})
	fill := &Store{File: s.File}
	testtools.Must(t, fill.Replace(appending("b")))
	for _, name := range []string{s.File, s.Cursor, s.File + ".lock", s.File + ".rejected"} {
		info, err := os.Stat(name)
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != poller {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// An aggregate that was removed, or replaced by an older copy, is told once. One that was
// changed later is not: it may be a back-fill.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(file string, saved time.Time) error
		told int
	}{
		{"nothing", func(string, time.Time) error { return nil }, 0},
		{"removed", func(file string, _ time.Time) error { return os.Remove(file) }, 1},
		{"older", func(file string, saved time.Time) error { return os.Chtimes(file, saved, saved) }, 1},
		{"changed", func(file string, saved time.Time) error { return os.WriteFile(file, []byte("z"), 0o600) }, 0},
		{"copied", func(file string, saved time.Time) error {
			return errors.Join(os.Rename(file, file+"~"), os.WriteFile(file, []byte("a"), 0o600))
		}, 0},
	} {
		s, told := newStore(t), 0
		s.Missing = func(string) { told++ }
		commit(t, s, "", "1", appending("a"))
		testtools.Must(t, c.do(s.File, time.Now().Add(-time.Hour)))
		commit(t, s, "1", "2", nil) // only the cursor
		for i, to := range []string{"3", "4"} {
			commit(t, s, string(rune('2'+i)), to, appending("b"))
		}
		if told != c.told {
			t.Errorf("%s: told %d times, want %d", c.name, told, c.told)
		}
	}
}

// An older copy of the cursor file, beside an aggregate that has later batches, is refused
// once, and moved away if the next batch will be selected by time. It is none if the
// aggregate is as old, or is gone, or if only the aggregate was changed.
func TestOutdated(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s *Store, older *Store) error
		old  bool
	}{
		{"nothing", func(s, older *Store) error { return nil }, false},
		{"cursor", func(s, older *Store) error { return os.Rename(older.Cursor, s.Cursor) }, true},
		{"cursor beside an aggregate that was edited", func(s, older *Store) error {
			return errors.Join(os.Rename(older.Cursor, s.Cursor), os.WriteFile(s.File, []byte("zz"), 0o600))
		}, true},
		{"pair", func(s, older *Store) error {
			return errors.Join(os.Rename(older.Cursor, s.Cursor), os.Rename(older.File, s.File))
		}, false},
		{"pair, copied in place", func(s, older *Store) error {
			text, err := os.ReadFile(older.File)
			return errors.Join(err, os.Rename(older.Cursor, s.Cursor), os.WriteFile(s.File, text, 0o600))
		}, false},
		{"cursor, and no aggregate", func(s, older *Store) error {
			return errors.Join(os.Rename(older.Cursor, s.Cursor), os.Remove(s.File))
		}, false},
		{"aggregate", func(s, older *Store) error { return os.Rename(older.File, s.File) }, false},
		{"aggregate edited", func(s, older *Store) error { return os.WriteFile(s.File, []byte("zz"), 0o600) }, false},
		{"aggregate moved away", func(s, older *Store) error { return os.Rename(s.File, s.File+".1") }, false},
		{"cursor beside a folder that was copied without the lock", func(s, older *Store) error {
			return errors.Join(os.Rename(older.Cursor, s.Cursor), os.Remove(s.File+".lock"))
		}, false},
		{"back-fill", func(s, older *Store) error { return (&Store{File: s.File}).Replace(appending("x")) }, false},
		{"another cursor file of the same name", func(s, older *Store) error {
			twin := *s
			twin.Cursor = filepath.Join(filepath.Dir(s.File), "twin", filepath.Base(s.Cursor))
			testtools.Must(t, os.Mkdir(filepath.Dir(twin.Cursor), 0o700))
			for i, to := range []string{"1", "2", "3", "4", "5", "6", "7"} {
				commit(t, &twin, []string{"", "1", "2", "3", "4", "5", "6"}[i], to, appending("w"))
			}
			return nil
		}, false},
		{"killed before its note", func(s, older *Store) error { return os.WriteFile(s.File+".lock", []byte("0\n"), 0o600) }, false},
	} {
		for _, byTime := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, by time %v", c.name, byTime), func(t *testing.T) {
				s := newStore(t)
				s.ReplaceDamaged = byTime
				older := &Store{File: s.File + "~", Cursor: s.Cursor + "~"}
				commit(t, s, "", "1", appending("a"))
				commit(t, s, "1", "2", appending("b"))
				commit(t, s, "2", "3", nil)
				testtools.Must(t, exec.Command("cp", "-p", s.File, older.File).Run())
				testtools.Must(t, exec.Command("cp", "-p", s.Cursor, older.Cursor).Run())
				commit(t, s, "3", "4", appending("c"))
				commit(t, s, "4", "5", appending("d"))
				testtools.Must(t, c.do(s, older))
				f, err := batch.ReadFile(s.Cursor)
				testtools.Must(t, err)
				was := testtools.Read(t, s.File)
				err = s.Commit(f.Trailer.Cursor, batch.Trailer{Cursor: "8"}, true, appending("e"))
				if old := err != nil; old != c.old {
					t.Fatalf("%v", err)
				}
				if !c.old {
					commit(t, s, "8", "9", appending("f"))
					return
				}
				if want := "2 later batches"; !strings.Contains(err.Error(), want) || testtools.Read(t, s.File) != was {
					t.Errorf("%v; the aggregate is %q", err, testtools.Read(t, s.File))
				}
				_, gone := os.Stat(s.Cursor)
				_, kept := os.Stat(s.Cursor + ".old")
				if byTime != (gone != nil) || byTime != (kept == nil) {
					t.Fatalf("by time %v: cursor file: %v, moved away: %v", byTime, gone, kept)
				}
				if byTime {
					commit(t, s, "", "8", appending("e"))
					commit(t, s, "8", "9", appending("f"))
					testtools.Must(t, os.Rename(s.Cursor+".old", s.Cursor))
					if err = s.Commit("3", batch.Trailer{Cursor: "10"}, true, appending("g")); err == nil {
						t.Error("the same older copy is taken the second time")
					}
				}
			})
		}
	}
}

// Lines of FILE.lock that are not notes do no harm, and each cursor file has its own.
func TestNotes(t *testing.T) {
	s := newStore(t)
	other := &Store{File: s.File, Cursor: filepath.Join(t.TempDir(), "other")}
	for _, text := range []string{"", "\x00\x00\x00\x00", "x", "9\n\n1 2 3\n", s.pathKey(), s.pathKey() + " -1\n",
		strings.Repeat("0000000a 7\n", 1000)} {
		testtools.Must(t, os.WriteFile(s.File+".lock", []byte(text), 0o600))
		lock, err := s.lock()
		testtools.Must(t, err)
		noted := func(s *Store) uint64 {
			_, n := s.notes(lock)
			return n
		}
		if n := noted(s); n != 0 {
			t.Errorf("%.40q: generation %d", text, n)
		}
		for n := range uint64(12) {
			others, _ := s.notes(lock)
			s.note(lock, n, others)
			others, _ = other.notes(lock)
			other.note(lock, 100+n, others)
			if a, b := noted(s), noted(other); a != n || b != 100+n {
				t.Errorf("%.40q: generations %d, %d, want %d", text, a, b, n)
			}
		}
		lock.Close()
	}
}
