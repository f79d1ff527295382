package testtools

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// A witness is a test that only notes how it ends.
type witness struct {
	testing.TB
	end string
}

func (w *witness) Fatal(why ...any) { w.end = "failed: " + fmt.Sprint(why...); runtime.Goexit() }
func (w *witness) Skip(why ...any)  { w.end = "skipped: " + fmt.Sprint(why...); runtime.Goexit() }

// In CI a missing program is a failure: else CI could pass with no test run.
func TestNeed(t *testing.T) {
	for _, test := range []struct {
		ci, program, end string
	}{
		{"", "sh", "runs"},
		{"true", "sh", "runs"},
		{"", "no-such-program", "skipped: no-such-program is missing"},
		{"true", "no-such-program", "failed: no-such-program is missing"},
	} {
		t.Setenv("CI", test.ci)
		w := &witness{TB: t}
		var all sync.WaitGroup
		all.Go(func() {
			Need(w, "sh", test.program)
			w.end = "runs"
		})
		all.Wait()
		if w.end != test.end {
			t.Errorf("CI=%s: %s, want %s", test.ci, w.end, test.end)
		}
	}
}
