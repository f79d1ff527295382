package gaps

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

var t0 = time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)

func add(t *testing.T, f File, at time.Time, text string) {
	t.Helper()
	testtools.Must(t, f.Add(Gap{at, text}))
}

func all(t *testing.T, f File) []Gap {
	t.Helper()
	list, err := f.All()
	testtools.Must(t, err)
	return list
}

func TestAdd(t *testing.T) {
	f := File(filepath.Join(t.TempDir(), "gaps"))
	if list := all(t, f); list != nil {
		t.Errorf("no file: %v", list)
	}
	add(t, f, t0, "a gap")
	add(t, f, t0.Add(time.Second), "two\nlines \x1b[31m"+strings.Repeat("x", 1000))
	list := all(t, f)
	if len(list) != 2 || list[0] != (Gap{t0, "a gap"}) || !strings.HasPrefix(list[1].Text, "two?lines ?[31mx") || len(list[1].Text) != longest {
		t.Errorf("%q", list)
	}
}

// Many processes write at the same time: each line is there, and the oldest lines go.
func TestBounded(t *testing.T) {
	f := File(filepath.Join(t.TempDir(), "gaps"))
	var text strings.Builder
	for i := range most - 10 {
		fmt.Fprintln(&text, Gap{t0, fmt.Sprint("old ", i)})
	}
	testtools.Must(t, os.WriteFile(string(f), []byte(text.String()), 0o600))
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 5 {
				if err := f.Add(Gap{t0, fmt.Sprint("new ", w, " ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	list := all(t, f)
	fresh := 0
	for _, g := range list {
		if strings.HasPrefix(g.Text, "new ") {
			fresh++
		}
	}
	if add(t, f, t0, "one more"); len(all(t, f)) != len(list)+1 {
		t.Error("a line went although there was room")
	}
	if fresh != 20 || len(list) < keep || len(list) > most {
		t.Errorf("%d new ones in %d lines", fresh, len(list))
	}
}

// A line that was torn, or that somebody else wrote, is not taken for one.
func TestTorn(t *testing.T) {
	f := File(filepath.Join(t.TempDir(), "gaps"))
	testtools.Must(t, os.WriteFile(string(f), []byte("2026-02-08T21:30:00Z whole\nnonsense\n\n2026-02-"), 0o600))
	if list := all(t, f); len(list) != 1 || list[0].Text != "whole" {
		t.Errorf("%q", list)
	}
	add(t, f, t0, "next")
	if list := all(t, f); len(list) != 2 || list[1].Text != "next" {
		t.Errorf("behind a torn line: %q", list)
	}
}

func TestWarns(t *testing.T) {
	for text, want := range map[string]bool{"gap: x": true, Blind + "x": false, Planned + "x": false} {
		if got := (Gap{t0, text}).Warns(); got != want || !Tells(text) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestTells(t *testing.T) {
	for line, want := range map[string]bool{
		"egress-ips: gap: 3 lost":   true,
		"aggmerge: 2 lines skipped": true,
		"gaps none":                 false,
		"healed: firewall rules":    false,
	} {
		if Tells(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}
