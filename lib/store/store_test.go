package store

import (
	"errors"
	"io"
	"os"
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

// appending is a Merge that copies the old aggregate and adds a line.
func appending(line string) Merge {
	return func(old, staged *os.File, _ *uint32) (uint32, []byte, error) {
		if _, err := io.Copy(staged, old); err != nil {
			return 0, nil, err
		}
		_, err := staged.WriteString(line)
		return 7, nil, err
	}
}

func (s *Store) text(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(s.File)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
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
	if got := s.text(t); got != "abc" {
		t.Errorf("aggregate %q", got)
	}
	names, _ := readNames(filepath.Dir(s.File))
	if len(names) != 3 { // with the lock
		t.Errorf("left: %q", names)
	}
}

// What was written by us and by nobody since is known as such.
func TestSeal(t *testing.T) {
	s := newStore(t)
	var ours bool
	look := func(old, staged *os.File, seal *uint32) (uint32, []byte, error) {
		ours = seal != nil && *seal == 7
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
	if got := s.text(t); strings.Count(got, "f") != 20 || strings.Count(got, "b") != 9 {
		t.Errorf("aggregate %q", got)
	}
}

// Who can read the aggregate cannot stop a commit, and a lock that is held for
// too long is an error. Nothing is committed then.
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
	unlock, err := s.lock()
	testtools.Must(t, err)
	if err := s.Commit("2", batch.Trailer{Cursor: "3"}, true, appending("c")); !errors.Is(err, ErrBusy) {
		t.Errorf("a lock that another one holds: %v", err)
	}
	if err := s.Replace(appending("c")); !errors.Is(err, ErrBusy) {
		t.Errorf("a lock that another one holds: %v", err)
	}
	unlock()
	Wait = time.Minute
	commit(t, s, "2", "3", appending("d"))
	if got := s.text(t); got != "abd" {
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

// What root makes is of the one who polls: of the owner of the aggregate, or
// before there is one of the folder of the cursor file.
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
