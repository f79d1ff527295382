package heal

import (
	"fmt"
	"os"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// A line is reported once an hour, whatever the clock does, and however many others
// there are.
func TestReported(t *testing.T) {
	r, now := reported{}, time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		text  string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", time.Minute, false}, {"b", time.Minute, true}, {"a", time.Hour, false},
		{"a", time.Hour + time.Second, true}, {"a", -time.Hour, true}, // the clock was set back
	} {
		if got := r.add(test.text, now.Add(test.after)); got != test.want {
			t.Errorf("%s after %v: %v", test.text, test.after, got)
		}
	}
	for i := range 2 * mostReported {
		if !r.add(fmt.Sprint(i), now) {
			t.Errorf("%d is not reported", i)
		}
	}
	if len(r) > mostReported {
		t.Errorf("%d lines are remembered", len(r))
	}
}

// A file that is written, replaced or removed has another mark; so has a link whose
// target changes.
func TestMark(t *testing.T) {
	dir := t.TempDir()
	file, link := dir+"/file", dir+"/link"
	testtools.Must(t, os.Symlink(file, link))
	seen := map[string]bool{}
	for what, change := range []func() error{
		func() error { return os.WriteFile(file, []byte("a"), 0o600) },
		func() error { return os.WriteFile(file, []byte("abc"), 0o600) },
		func() error { return os.Chtimes(file, time.Time{}, time.Unix(7, 0)) },
		func() error { os.WriteFile(dir+"/new", []byte("abc"), 0o600); return os.Rename(dir+"/new", file) },
	} {
		before, beforeLink := mark(file), mark(link)
		testtools.Must(t, change())
		if mark(file) == before || mark(link) == beforeLink {
			t.Errorf("change %d: the same mark %q, %q", what, before, beforeLink)
		}
		if m := mark(link); seen[m] || m != mark(link) {
			t.Errorf("change %d: %q", what, m)
		}
	}
	if mark(dir+"/none") != "" {
		t.Error("a mark of a missing file")
	}
}
