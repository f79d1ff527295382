package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/logtoken"
	"egress-monitor/lib/testtools"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cursorcat": main})
}

func TestScripts(t *testing.T) {
	cmds := map[string]func(*testscript.TestScript, bool, []string){"poll": poll, "status": status}
	testtools.Scripts(t, "cursorcat", testscript.Params{Cmds: cmds})
}

// TestLogrotate runs with the real one; its script is skipped without.
func TestLogrotate(t *testing.T) { testtools.Need(t, "logrotate") }

// poll [OPTION...] FILE: runs cursorcat after cursor $C, and sets $C to the new
// cursor, $BEFORE to the old one. The file lines has the output without its last line.
func poll(ts *testscript.TestScript, neg bool, args []string) {
	before := ts.Getenv("C")
	ts.Check(ts.Exec("cursorcat", append([]string{"--show-cursor", "--after-cursor=" + before}, args...)...))
	lines, cursor, found := strings.Cut("\n"+ts.ReadFile("stdout"), "\n-- cursor: ")
	token, ended := strings.CutSuffix(cursor, "\n")
	if !found || !ended || !logtoken.Valid([]byte(token)) {
		ts.Fatalf("cursor line: %q", cursor)
	}
	if lines != "" {
		lines = lines[1:] + "\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs("lines"), []byte(lines), 0o666))
	ts.Setenv("BEFORE", before)
	ts.Setenv("C", token)
}

// status N COMMAND: the shell command must exit with this status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	got := "0"
	if err := ts.Exec("sh", "-c", args[1]); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}

// Whichever system call fails, either all lines and the cursor are printed,
// or the status is 1 and there is no cursor line.
func TestFaults(t *testing.T) {
	testtools.Need(t, "strace")
	for call, errno := range map[string]string{"openat": "EIO", "pread64": "EIO", "splice": "EIO", "fdatasync": "EIO",
		"statx": "EIO", "getdents64": "EIO", "readlinkat": "EIO", "write": "ENOSPC"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			faults(t, call, errno)
		})
	}
}

func faults(t *testing.T, call, errno string) {
	path, want := rotatedLog(t)
	before := cursorAt(t, path)
	testtools.Append(t, path, "new\n")
	want += "new\n"
	failed := 0
	for n := 1; n < 40; n++ {
		trace := filepath.Join(t.TempDir(), "trace")
		for _, after := range []string{"", before} {
			expected := want
			if after != "" {
				expected = "new\n"
			}
			stdout, stderr, err := inject(path, after, fmt.Sprintf("%s:error=%s:when=%d", call, errno, n), trace)
			whole := strings.HasPrefix(stdout, expected+"-- cursor: f2:") && strings.HasSuffix(stdout, "\n")
			cursor := strings.Contains(stdout, "-- cursor: ")
			if err == nil && !whole || err != nil && (cursor || !strings.HasPrefix(expected, stdout) || strings.Count(stderr, "\n") != 1) {
				t.Errorf("%s %d, after %q: %v\nstdout %q\nstderr %s", call, n, after, err, stdout, stderr)
			}
			if err != nil {
				failed++
			}
		}
		// strace counts for each thread, and which thread makes a call is chance:
		// so a number that strikes nothing is the end only if another one did.
		if b, err := os.ReadFile(trace); err == nil && !bytes.Contains(b, []byte("(INJECTED)")) && failed > 0 {
			break
		}
	}
	if failed == 0 {
		t.Error("nothing failed")
	}
}

func inject(path, after, what, trace string) (stdout, stderr string, err error) {
	cmd := exec.Command("strace", "-f", "-o", trace, "-e", "trace="+strings.Split(what, ":")[0], "-e", "inject="+what,
		"cursorcat", "--show-cursor", "--after-cursor="+after, path) // testscript.Main has put it into PATH
	var out, errs bytes.Buffer // exec makes pipes of them
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// rotatedLog is a log with a renamed and a compressed copy.
func rotatedLog(t *testing.T) (path, text string) {
	path = filepath.Join(t.TempDir(), "q.log")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	fmt.Fprintln(w, "packed")
	testtools.Must(t, w.Close())
	for name, text := range map[string]string{"": "live\n", ".1": "one\n", ".2.gz": z.String()} {
		testtools.Must(t, os.WriteFile(path+name, []byte(text), 0o640))
	}
	return path, "packed\none\nlive\n"
}

func cursorAt(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("cursorcat", "--show-cursor", path).Output()
	_, cursor, found := strings.Cut(string(out), "-- cursor: ")
	if err != nil || !found {
		t.Fatal(err, string(out))
	}
	return strings.TrimSpace(cursor)
}
