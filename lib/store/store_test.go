package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"egress-monitor/lib/batch"
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
	if err := s.Commit(after, batch.Trailer{Cursor: to}, merge != nil, merge); err != nil {
		t.Fatal(err)
	}
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
	if len(names) != 2 {
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
	if err := os.WriteFile(s.File, []byte("zz"), 0o640); err != nil {
		t.Fatal(err)
	}
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
		if err != nil {
			t.Fatal(err)
		}
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
		for _, to := range strings.Split("123456789", "") {
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
