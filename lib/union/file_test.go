package union

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
)

const rest = " 1 2026-02-08T21:30:00Z\n"

func openFiles(t *testing.T, names ...string) *File {
	t.Helper()
	f, err := Open(func(s batch.Skipped) { t.Log(s) }, names...)
	testtools.Must(t, err)
	t.Cleanup(f.Close)
	return f
}

func joined(a, b *File) (text string, err error) {
	err = Join(a, b, func(x, y *aggregate.Record) error {
		text += key(x) + "/" + key(y) + " "
		return nil
	})
	return text, err
}

func key(r *aggregate.Record) string {
	if r == nil {
		return ""
	}
	return string(r.Key)
}

// TestJoin: each key once, in order, also of what is not in order, and twice.
func TestJoin(t *testing.T) {
	a := openFiles(t, testtools.File(t, "a"+rest+"c"+rest+"d"+rest))
	b := openFiles(t, testtools.File(t, "e"+rest+"b"+rest+"c"+rest+"b"+rest))
	for range 2 {
		if got, err := joined(a, b); got != "a/ /b c/c d/ /e " || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	both := openFiles(t, testtools.File(t, "a"+rest+"d"+rest), testtools.File(t, "b"+rest))
	if got, err := joined(both, openFiles(t, testtools.File(t, ""))); got != "a/ b/ d/ " || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestReplaced: a file that another takes the place of stays what it was; one
// that is written to is noticed if its order shows it.
func TestReplaced(t *testing.T) {
	name := testtools.File(t, "a"+rest+"b"+rest)
	f, empty := openFiles(t, name), openFiles(t, testtools.File(t, ""))
	testtools.Must(t, os.Rename(testtools.File(t, "z"+rest), name))
	if got, err := joined(f, empty); got != "a/ b/ " || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	name = testtools.File(t, "a"+rest+"b"+rest)
	f = openFiles(t, name)
	testtools.Must(t, os.WriteFile(name, []byte("b"+rest+"a"+rest), 0o600))
	if _, err := joined(f, empty); err == nil || !strings.Contains(err.Error(), `changed while it was read: "a" after "b"`) {
		t.Error(err)
	}
}

// TestWarnsOnce: bad rows are told once, however often a file is read.
func TestWarnsOnce(t *testing.T) {
	var warnings []string
	f, err := Open(func(s batch.Skipped) { warnings = append(warnings, fmt.Sprint(s)) }, testtools.File(t, "a"+rest+"bad\nb"+rest))
	testtools.Must(t, err)
	defer f.Close()
	for range 3 {
		for r := f.Rows(); r.Next(); {
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "line 2: ") {
		t.Errorf("%q", warnings)
	}
}
