package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/change"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

// A world is a machine of three steps, each a file; the third is the resolver.
type world struct {
	*Setup
	t      *testing.T
	dir    string
	fail   string // the step, or "undo" and the step, that fails
	warned strings.Builder
	out    strings.Builder
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	w.open()
	return w
}

// open is what the next process finds.
func (w *world) open() {
	w.t.Helper()
	j, err := undo.Open(filepath.Join(w.dir, "admin"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.Setup = &Setup{Journal: j, Out: &w.out, Warn: func(f string, a ...any) { fmt.Fprintf(&w.warned, f+"\n", a...) }}
}

func (w *world) steps() []Step {
	var list []Step
	for _, id := range []string{"base", "other", "resolver"} {
		path := filepath.Join(w.dir, id)
		list = append(list, Step{
			ID: id, Text: id, Base: id == "base", Keeps: id == "resolver",
			Is: func() bool { _, err := os.Stat(path); return err == nil },
			Do: plain(func(h *change.Hand) error {
				if err := h.Write(path, "x\n", change.Attr{Mode: 0o644, UID: os.Getuid(), GID: os.Getgid()}); err != nil {
					return err
				}
				return w.failing(id)
			}),
			Undo: func(notes []undo.Entry) error { return errors.Join(w.failing("undo "+id), undo.Restore(notes)) },
		})
	}
	return list
}

func (w *world) failing(id string) error {
	if w.fail == id {
		return errors.New("no")
	}
	return nil
}

// there lists the steps that are done.
func (w *world) there() string {
	var names []string
	for _, step := range w.steps() {
		if step.Is() {
			names = append(names, step.ID)
		}
	}
	return strings.Join(names, " ")
}

// Wherever an enable ends, another process can undo what it did, twice.
func TestUndoAfterAnyStep(t *testing.T) {
	for fail, made := range map[string]string{"": "base other resolver", "base": "base", "other": "base other", "resolver": "base other resolver"} {
		w := newWorld(t)
		w.fail = fail
		if _, err := w.do(context.Background(), w.steps(), nil); (err != nil) != (fail != "") {
			t.Fatal(err)
		}
		if w.there() != made {
			t.Errorf("failed at %q: made %s", fail, w.there())
		}
		for range 2 {
			w.open()
			if left := w.undoSteps(w.steps()); left != 0 || w.there() != "" {
				t.Errorf("failed at %q: left %d: %s", fail, left, w.there())
			}
		}
	}
}

// While the resolver cannot be given back, what names need stays; the rest goes.
// Repeated, all goes.
func TestNamesFirst(t *testing.T) {
	w := newWorld(t)
	if _, err := w.do(context.Background(), w.steps(), nil); err != nil {
		t.Fatal(err)
	}
	w.fail = "undo resolver"
	if left := w.undoSteps(w.steps()); left != 1 || w.there() != "base" || !strings.Contains(w.warned.String(), "cannot undo: resolver: no\n") {
		t.Errorf("left %d: %s; %s", left, w.there(), w.warned.String())
	}
	w.fail = ""
	if left := w.undoSteps(w.steps()); left != 0 || w.there() != "" {
		t.Errorf("left %d: %s", left, w.there())
	}
}

// A step that is done is not done again; an interrupt ends the run between two steps.
func TestDo(t *testing.T) {
	w := newWorld(t)
	for _, want := range []string{"  do     base\n  do     other\n  do     resolver\n", "  ok     base\n  ok     other\n  ok     resolver\n"} {
		w.out.Reset()
		if _, err := w.do(context.Background(), w.steps(), nil); err != nil || w.out.String() != want {
			t.Errorf("%v: %q", err, w.out.String())
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.do(ctx, w.steps(), nil); err == nil || err.Error() != "interrupted" {
		t.Error(err)
	}
}

// Steps of another version: files come back, and of the rest the admin hears.
func TestUnknownSteps(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.dir, "later")
	h := &change.Hand{Step: "of a later version", Journal: w.Journal, Context: context.Background()}
	testtools.Must(t, h.Write(path, "x", change.Attr{Mode: 0o644, UID: os.Getuid(), GID: os.Getgid()}))
	if left := w.undoSteps(w.steps()); left != 0 {
		t.Errorf("left %d: %s", left, w.warned.String())
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("not undone")
	}
	testtools.Must(t, h.Note("gadget", "g", ""))
	if left := w.undoSteps(w.steps()); left != 1 || !strings.Contains(w.warned.String(), "another version of egress-monitor has noted gadget g") {
		t.Errorf("left %d: %s", left, w.warned.String())
	}
}

// A damaged journal is never taken for nothing to undo.
func TestDamagedJournal(t *testing.T) {
	w := newWorld(t)
	if _, err := w.do(context.Background(), w.steps()[:1], nil); err != nil {
		t.Fatal(err)
	}
	testtools.Append(t, filepath.Join(w.dir, "admin", "journal"), "rubbish\n")
	w.open()
	if left := w.undoSteps(w.steps()); left != 1 || w.there() != "" || !strings.Contains(w.warned.String(), "line 2") {
		t.Errorf("left %d: %s; %s", left, w.there(), w.warned.String())
	}
}

func TestHolder(t *testing.T) {
	lines := []string{
		"udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:((\"systemd-resolve\",pid=31,fd=13))",
		"tcp LISTEN 0 1 0.0.0.0:53 0.0.0.0:* users:((\"nc\",pid=7,fd=3))",
	}
	if who, all := holder(lines, "127.0.0.55"); who != " by nc (pid 7)" || !all {
		t.Errorf("%q %v", who, all)
	}
	if who, all := holder(lines[:1], "127.0.0.55"); who != "" || all {
		t.Errorf("%q %v", who, all)
	}
}
