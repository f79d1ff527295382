package logfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"egress-monitor/lib/logtoken"
	"egress-monitor/lib/testtools"
)

// A world is a writer, its log, the rotations of the log, and polls.
type world struct {
	t       *testing.T
	path    string
	log     Log
	held    []*os.File        // what the writer has open, newest last; never closed, so that no inode is used twice
	half    string            // the end of the live file after its last line feed
	cut     map[*os.File]bool // files that end in half a line for good
	lines   int
	names   func(n int) string // of rotated copy n, 1 is the newest; nil: path.n
	date    int
	backups int
	line    func(n int) string
	want    []string
	lost    map[string]bool  // was deleted, or overwritten; and a poll had seen its file?
	seen    map[uint64]int64 // size of each inode at the last poll
	got     bytes.Buffer
	gaps    []string
	cursor  string
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{t: t, path: filepath.Join(dir, "q.log"), lost: map[string]bool{}, cut: map[*os.File]bool{}, seen: map[uint64]int64{}}
	w.log = Log{Path: w.path, Gap: func(msg string) { w.gaps = append(w.gaps, msg) }}
	w.line = func(n int) string { return fmt.Sprintf("line %d of the log", n) }
	w.reopen()
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) must(b []byte, err error) []byte {
	w.t.Helper()
	w.check(err)
	return b
}

// reopen is what the writer does on SIGUSR2.
func (w *world) reopen() {
	w.t.Helper()
	f, err := os.OpenFile(w.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	w.check(err)
	w.t.Cleanup(func() { f.Close() })
	if w.half != "" {
		w.cut[w.to(0)] = true
	}
	w.endHalf()
	w.held = append(w.held, f)
}

// endHalf: the writer will not complete its line, in this file.
func (w *world) endHalf() {
	if w.half != "" {
		w.want, w.half = append(w.want, w.half), ""
	}
}

func (w *world) raw(f *os.File, s string) {
	w.t.Helper()
	_, err := f.WriteString(s)
	w.check(err)
}

// to is the file that the writer opened back times ago.
func (w *world) to(back int) *os.File { return w.held[max(0, len(w.held)-1-back)] }

func (w *world) write(n int) { w.late(0, n) }

// late writes n lines to a file that the writer should have left.
func (w *world) late(back, n int) {
	w.t.Helper()
	if w.cut[w.to(back)] {
		return
	}
	for range n {
		w.lines++
		line := w.line(w.lines)
		w.raw(w.to(back), line+"\n")
		if w.to(back) == w.to(0) && w.half != "" {
			line, w.half = w.half+line, ""
		}
		w.want = append(w.want, line)
	}
}

func (w *world) writeHalf() {
	w.t.Helper()
	w.lines++
	s := w.line(w.lines) + ", half"
	w.raw(w.to(0), s)
	w.half += s
}

func (w *world) name(n int) string {
	if w.names != nil {
		return w.names(n)
	}
	return fmt.Sprintf("%s.%d", w.path, n)
}

var suffixes = []string{"", ".gz", ".zst", ".xz", ".lz"}

// shift makes room for a new copy 1.
func (w *world) shift() { w.shiftAll(suffixes...) }

// shiftAll does so for the copies with these suffixes.
func (w *world) shiftAll(suffixes ...string) {
	for n := 40; n > 0; n-- {
		for _, s := range suffixes {
			os.Rename(w.name(n)+s, w.name(n+1)+s)
		}
	}
}

// rename is the first half of a rotation; reopen is the second.
func (w *world) rename() {
	w.t.Helper()
	w.shift()
	w.check(os.Rename(w.path, w.name(1)))
}

func (w *world) rotate() {
	w.t.Helper()
	w.rename()
	w.reopen()
}

// copyTo copies the first part of the live file (all: -1), as copytruncate does.
func (w *world) copyTo(n int) {
	w.t.Helper()
	b := w.must(os.ReadFile(w.path))
	if n < 0 {
		n = len(b)
	}
	for { // the clock of files ticks some 250 times a second; a log lives longer than that
		w.check(os.WriteFile(w.name(1), b[:min(n, len(b))], 0o640))
		copied, err1 := lookAt(w.name(1))
		live, err2 := lookAt(w.path)
		w.check(errors.Join(err1, err2))
		if copied.birth > live.birth || live.birth == 0 {
			return
		}
		w.check(os.Remove(w.name(1)))
	}
}

func (w *world) truncate() {
	w.t.Helper()
	w.check(w.to(0).Truncate(0))
	w.endHalf()
}

func (w *world) copyTruncate() {
	w.t.Helper()
	w.shift()
	w.copyTo(-1)
	w.truncate()
}

func pack(t testing.TB, suffix string, text []byte) []byte {
	var b bytes.Buffer
	switch suffix {
	case ".gz":
		z := gzip.NewWriter(&b)
		z.Write(text)
		z.Close()
	case ".zst":
		z, err := zstd.NewWriter(&b)
		testtools.Must(t, err)
		z.Write(text)
		z.Close()
	case ".xz":
		testtools.Need(t, "xz")
		cmd := exec.Command("xz", "-c")
		cmd.Stdin, cmd.Stdout = bytes.NewReader(text), &b
		testtools.Must(t, cmd.Run())
	default:
		b.WriteString("LZIP")
	}
	return b.Bytes()
}

// compress replaces copy n.
func (w *world) compress(n int, suffix string) {
	w.t.Helper()
	name := w.name(n)
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return
	}
	w.check(err)
	info, err := os.Stat(name)
	w.check(err)
	w.check(os.WriteFile(name+suffix, pack(w.t, suffix, text), 0o640))
	w.check(os.Chtimes(name+suffix, info.ModTime(), info.ModTime()))
	w.check(os.Remove(name))
}

// remove deletes a file. Its lines are lost, unless they were read; the loss must be
// noticed if a poll had seen the file.
func (w *world) remove(name string) {
	w.t.Helper()
	w.lose(name, 0)
	w.check(os.Remove(name))
}

// lose notes what is about to be lost. An emptied file is noticed only if it
// held something when it was seen.
func (w *world) lose(name string, min int64) {
	w.t.Helper()
	s, err := lookAt(name)
	w.check(err)
	size, seen := w.seen[s.ino]
	for l := range strings.Lines(string(w.must(os.ReadFile(name)))) {
		w.lost[strings.TrimSuffix(l, "\n")] = seen && size >= min
	}
	delete(w.seen, s.ino)
}

// see notes which files a poll saw.
func (w *world) see() {
	w.t.Helper()
	all, err := w.log.scan()
	w.check(err)
	for _, s := range all {
		w.seen[s.ino] = s.size
	}
}

func (w *world) poll() {
	w.t.Helper()
	cursor, err := w.log.Copy(&w.got, w.cursor)
	w.check(err)
	if !logtoken.Valid([]byte(cursor)) || len(cursor) > 2400 {
		w.t.Fatalf("cursor %q", cursor)
	}
	w.cursor = cursor
	w.see()
	n := w.got.Len()
	again, err := w.log.Copy(&w.got, w.cursor)
	w.check(err)
	if again != cursor || w.got.Len() != n {
		w.t.Fatalf("idle poll: %q printed, cursor %s, was %s", w.got.Bytes()[n:], again, cursor)
	}
}

func (w *world) lastPoll() {
	w.t.Helper()
	if w.half != "" {
		w.raw(w.to(0), "\n")
		w.endHalf()
	}
	w.poll()
}

// exact demands that each line was printed once and no gap was reported. Lines that
// came late may be printed later than newer ones, so order does not count.
func (w *world) exact() {
	w.t.Helper()
	if len(w.gaps) > 0 {
		w.t.Errorf("gaps: %q", w.gaps)
	}
	w.compare(w.want)
}

// retained is exact, but for the lines that were deleted before they were read: a gap
// must be reported, and only then may lines be printed again.
func (w *world) retained() {
	w.t.Helper()
	got := map[string]bool{}
	for l := range strings.Lines(w.got.String()) {
		got[strings.TrimSuffix(l, "\n")] = true
	}
	for _, l := range w.want {
		known, lost := w.lost[l]
		if !got[l] && (!lost || known && len(w.gaps) == 0) {
			w.t.Errorf("not printed: %q; deleted: %v; gaps: %q", l, lost, w.gaps)
		}
	}
	if len(w.gaps) == 0 && strings.Count(w.got.String(), "\n") > len(w.want) {
		w.t.Errorf("lines printed twice, and no gap reported")
	}
}

func (w *world) compare(want []string) {
	w.t.Helper()
	got := strings.Split(strings.TrimSuffix(w.got.String(), "\n"), "\n")
	if w.got.Len() == 0 {
		got = nil
	}
	want = slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	w.t.Errorf("printed %d lines, written %d", len(got), len(want))
	count := map[string]int{}
	for _, l := range want {
		count[l]--
	}
	for _, l := range got {
		count[l]++
	}
	shown := 0
	for l, n := range count {
		if n != 0 && shown < 10 {
			shown++
			w.t.Logf("%+d %.80q", n, l)
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// tick waits until the clock of the file system has another time.
func (w *world) tick() {
	w.t.Helper()
	name := w.path + "~tick"
	var before time.Time
	for {
		w.check(os.WriteFile(name, nil, 0o600))
		info, err := os.Stat(name)
		w.check(err)
		if !before.IsZero() && info.ModTime().After(before.Add(time.Microsecond)) {
			w.check(os.Remove(name))
			return
		}
		before = cmp.Or(before, info.ModTime())
		time.Sleep(time.Millisecond)
	}
}
