package ourdns

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func line(name string) string {
	return fmt.Sprintf("Feb  8 21:30:00 dnsmasq[7]: 1 127.0.0.1/53 query[A] %s from 127.0.0.1\n", name)
}

// Only what comes behind the mark counts, also if the log is renamed or
// truncated meanwhile, or is not there yet.
func TestWait(t *testing.T) {
	for what, change := range map[string]func(log string){
		"appended":  func(log string) {},
		"renamed":   func(log string) { os.Rename(log, log+".1") },
		"truncated": func(log string) { os.Truncate(log, 0) },
		"removed":   func(log string) { os.Remove(log) },
	} {
		log := filepath.Join(t.TempDir(), "log")
		testtools.Append(t, log, line("older.example")+line("old.example"))
		l := mark(log, os.Open)
		defer l.close()
		if what == "renamed" {
			testtools.Append(t, log, line("new.example"))
		}
		change(log)
		if what != "renamed" {
			testtools.Append(t, log, line("new.example"))
		} else {
			testtools.Append(t, log, line("newer.example"))
		}
		if found, err := l.wait(0, "new.example"); err != nil || !found {
			t.Errorf("%s: %v, %v", what, found, err)
		}
		if found, err := l.wait(0, "old.example"); err != nil || found {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
}

func TestNoLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	l := mark(log, os.Open)
	defer l.close()
	if found, err := l.wait(0, "a"); err == nil || found {
		t.Errorf("%v, %v", found, err)
	}
	go func() { time.Sleep(30 * time.Millisecond); os.WriteFile(log, []byte(line("a")), 0o600) }()
	if found, err := l.wait(20*time.Second, "a"); err != nil || !found {
		t.Errorf("%v, %v", found, err)
	}
}
