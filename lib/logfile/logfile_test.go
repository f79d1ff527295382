package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"

	"golang.org/x/sys/unix"
)

// Memory, where there is a file system in it: a poll waits until its lines are on
// the disk.
func TestMain(m *testing.M) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		os.Setenv("TMPDIR", "/dev/shm")
	}
	m.Run()
}

func put(t testing.TB, path, text string) {
	t.Helper()
	testtools.Must(t, os.WriteFile(path, []byte(text), 0o640))
}

// read is one poll; its gaps are in front of what it printed.
func read(t testing.TB, path, after string) (text, cursor string) {
	t.Helper()
	var b bytes.Buffer
	var gaps string
	l := &Log{Path: path, Gap: func(msg string) { gaps += "gap: " + msg + "\n" }}
	cursor, err := l.Copy(&b, after)
	testtools.Must(t, err)
	return gaps + b.String(), cursor
}

func expect(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// Everything retained is printed oldest first, whatever the copies are called.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/q.log"
	old := time.Unix(1770000000, 0)
	for i, name := range []string{"-20260101", "-20260102.gz", "-20260103", ".11", ".10.gz", ".2.zst", ".1"} {
		text := fmt.Sprintf("%d %s\n", i, name)
		put(t, path+name, string(pack(t, filepath.Ext(strings.TrimSuffix(name, ".1")), []byte(text))))
		if filepath.Ext(name) == "" || !strings.HasSuffix(name, "z") && !strings.HasSuffix(name, "st") {
			put(t, path+name, text)
		}
		when := old.Add(time.Duration(i) * time.Hour)
		testtools.Must(t, os.Chtimes(path+name, when, when))
	}
	put(t, path, "7 live\n")
	got, _ := read(t, path, "")
	expect(t, "all", got, "0 -20260101\n1 -20260102.gz\n2 -20260103\n3 .11\n4 .10.gz\n5 .2.zst\n6 .1\n7 live\n")
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	real := dir + "/a real [folder]*"
	testtools.Must(t, os.MkdirAll(real+"/Archived logs", 0o755))
	put(t, real+"/q ?.log", "live\n")
	put(t, real+"/q ?.log.1", "one\n")
	put(t, real+"/Archived logs/q ?.log.2", "two\n")
	put(t, real+"/q x.log.1", "another log\n")
	for _, link := range [][2]string{{"a real [folder]*/q ?.log", "link"}, {real, "dirlink"}, {dir + "/link", "linklink"}} {
		testtools.Must(t, os.Symlink(link[0], dir+"/"+link[1]))
	}
	t.Chdir(real)
	for _, path := range []string{"q ?.log", "./q ?.log", real + "/q ?.log", dir + "/link", dir + "/linklink", dir + "/dirlink/q ?.log", "../link"} {
		got, _ := read(t, path, "")
		expect(t, path, got, "one\nlive\n")
	}
	testtools.Must(t, os.Remove(real+"/q ?.log"))
	got, _ := read(t, dir+"/link", "")
	expect(t, "between rename and reopen", got, "one\n")
}

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/a.log", "a\n")
	loop := dir + "/loop"
	testtools.Must(t, os.Symlink("loop", loop))
	for path, want := range map[string]string{
		dir + "/b.log":   "open " + dir + "/b.log: file does not exist",
		dir:              "open " + dir + ": not a regular file",
		dir + "/x/b.log": "open " + dir + "/x/: no such file or directory",
		os.DevNull:       "open /dev/null: not a regular file",
		loop:             "too many levels of symbolic links",
	} {
		_, err := (&Log{Path: path}).Copy(io.Discard, "")
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, err := (&Log{Path: dir + "/a.log", OldDirs: []string{dir + "/nowhere"}}).Copy(io.Discard, "")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("olddir: %v", err)
	}
}

func TestUnknownCursor(t *testing.T) {
	path := t.TempDir() + "/q.log"
	put(t, path, "one\ntwo\n")
	got, first := read(t, path, "f1:damaged")
	expect(t, "damaged", got, "gap: not a cursor of this tool, or damaged; printing all that is retained\none\ntwo\n")
	put(t, path, "three\n")
	got, second := read(t, path, first)
	expect(t, "overwritten", got, "gap: the file of the cursor (read to byte 8) is gone or overwritten; printing all that is retained\nthree\n")
	got, third := read(t, path, second)
	expect(t, "afterwards", got, "")
	expect(t, "cursor", third, second)
}

// The older file is known: what is later is printed, and nothing else.
func TestGapAfterKnown(t *testing.T) {
	path := t.TempDir() + "/q.log"
	put(t, path+".2", "one\n")
	put(t, path+".1", "two\n")
	put(t, path, "three\n")
	_, cursor := read(t, path, "")
	put(t, path, "four\n")
	got, _ := read(t, path, cursor)
	expect(t, "after", got, "gap: the file of the cursor (read to byte 6) is gone or overwritten; printing all that is later than "+path+".2\nfour\n")
}

// What gzip leaves beside its original counts once; what is left over from an
// earlier configuration counts, too.
func TestTwice(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/q.log"
	text := strings.Repeat("of one segment\n", 200)
	put(t, path, "live\n")
	put(t, path+".1", text)
	for _, part := range [][]byte{nil, pack(t, ".gz", []byte(text))[:12], pack(t, ".gz", []byte(text)), []byte("garbage, no gzip")} {
		put(t, path+".1.gz", string(part))
		got, _ := read(t, path, "")
		expect(t, fmt.Sprintf("%d bytes of it", len(part)), got, text+"live\n")
	}
	put(t, path+".1.gz", string(pack(t, ".gz", []byte("older\n"))))
	when := time.Unix(1770000000, 0)
	testtools.Must(t, os.Chtimes(path+".1.gz", when, when))
	got, _ := read(t, path, "")
	expect(t, "left over", got, "older\n"+text+"live\n")
}

func TestUnreadable(t *testing.T) {
	path := t.TempDir() + "/q.log"
	put(t, path+".3.lz", "x")
	put(t, path+".2.lz4", "x")
	put(t, path+".1.gz", "no gzip at all")
	put(t, path, "live\n")
	got, cursor := read(t, path, "")
	expect(t, "said", got, "gap: "+path+".1.gz: damaged (gzip: invalid header); what follows its last good byte is lost\n"+
		"gap: "+path+".3.lz and 1 later ones: compressed in a form that cannot be read here; skipped\nlive\n")
	got, again := read(t, path, cursor)
	expect(t, "said once", got, "")
	expect(t, "cursor", again, cursor)
}

// A file that was read to its end before lzip compressed it is no loss.
func TestUnreadableButRead(t *testing.T) {
	path := t.TempDir() + "/q.log"
	move := func(from, to string) {
		t.Helper()
		testtools.Must(t, os.Rename(path+from, path+to))
	}
	// lzip replaces a file by one that holds the same, in its way.
	lz := func(name string) {
		t.Helper()
		put(t, path+name+".tmp", "\xfd7zXZ")
		move(name+".tmp", name+".lz")
		testtools.Must(t, os.Remove(path+name))
	}
	put(t, path+".1", "one\n")
	put(t, path, "two\n")
	_, cursor := read(t, path, "")
	move(".1", ".2")
	lz(".2")
	move("", ".1")
	put(t, path, "three\n")
	got, cursor := read(t, path, cursor)
	expect(t, "delayed", got, "three\n")
	move(".2.lz", ".3.lz")
	move(".1", ".2")
	move("", ".1")
	lz(".1")
	put(t, path, "four\n")
	got, _ = read(t, path, cursor)
	expect(t, "at once", got, "gap: "+path+".1.lz: compressed in a form that cannot be read here; skipped\nfour\n")
}

// asNobody runs f without root's right to read everything.
func asNobody(f func()) {
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with us
		unix.Setfsgid(65534)
		unix.Setfsuid(65534)
		f()
	}()
	<-done
}

func TestDenied(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/q.log"
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		testtools.Must(t, os.Chmod(d, 0o755))
	}
	put(t, path, "one\n")
	_, cursor := read(t, path, "")
	put(t, path+".1", "an older one\n")
	mode := func(name string, mode fs.FileMode) {
		testtools.Must(t, os.Chmod(name, mode))
	}
	mode(path, 0o644)
	mode(path+".1", 0)
	asNobody(func() {
		got, _ := read(t, path, cursor)
		expect(t, "not needed", got, "")
		if _, err := (&Log{Path: path}).Copy(io.Discard, ""); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("needed: %v", err)
		}
	})
	put(t, path, "three\n") // so what came after "one" may be in the copy
	asNobody(func() {
		if _, err := (&Log{Path: path}).Copy(io.Discard, cursor); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("perhaps needed: %v", err)
		}
	})
}

// A writer writes and a rotator rotates as fast as they can while we poll.
func TestConcurrent(t *testing.T) {
	for name, rotate := range map[string]func(w *world){
		"rename":   func(w *world) { w.rotate() },
		"compress": func(w *world) { w.rotate(); w.compress(2, ".gz") },
		"at once":  func(w *world) { w.rotate(); w.compress(1, ".zst") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			done := make(chan bool)
			go func() {
				defer close(done)
				for range 25 {
					w.write(200)
					rotate(w)
				}
			}()
			for busy := true; busy; {
				select {
				case <-done:
					busy = false
				default:
				}
				var err error
				if w.cursor, err = w.log.Copy(&w.got, w.cursor); err != nil {
					t.Fatal(err)
				}
			}
			w.lastPoll()
			w.exact()
		})
	}
}

// pipe returns a pipe and what comes out of it in the end.
func pipe(t testing.TB) (w *os.File, text func() string) {
	t.Helper()
	r, w, err := os.Pipe()
	testtools.Must(t, err)
	var b bytes.Buffer
	done := make(chan error)
	go func() {
		_, err := io.Copy(&b, r)
		r.Close()
		done <- err
	}()
	return w, func() string {
		w.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		return b.String()
	}
}

// The same comes out of every kind of output.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/q.log"
	var text []string
	for n := range 40_000 {
		text = append(text, fmt.Sprintf("line %d of a log that is longer than a pipe\n", n))
	}
	half := len(text) / 2
	put(t, path+".1.gz", string(pack(t, ".gz", []byte(strings.Join(text[:half/2], "")))))
	put(t, path, strings.Join(text[half/2:half], ""))
	_, cursor := read(t, path, "")
	rest := strings.Join(text[half:], "")
	testtools.Must(t, os.Rename(path, path+".1"))
	testtools.Must(t, os.Remove(path+".1.gz"))
	put(t, path, rest+"half")

	buffer, _ := read(t, path, cursor)
	expect(t, "buffer", buffer, rest)

	log := &Log{Path: path}
	w, got := pipe(t)
	if _, err := log.Copy(w, cursor); err != nil {
		t.Error(err)
	}
	expect(t, "nonblocking pipe", got(), rest)

	w, got = pipe(t)
	w.Fd() // makes it blocking
	if _, err := log.Copy(w, cursor); err != nil {
		t.Error(err)
	}
	expect(t, "pipe", got(), rest)

	w, got = pipe(t)
	if err := unix.SetNonblock(int(w.Fd()), true); err != nil { // behind the back of os.File
		t.Fatal(err)
	}
	if _, err := log.Copy(w, cursor); err != nil {
		t.Error(err)
	}
	expect(t, "pipe made nonblocking", got(), rest)

	f, err := os.Create(dir + "/out")
	testtools.Must(t, err)
	defer f.Close()
	if _, err := log.Copy(f, cursor); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(dir + "/out")
	testtools.Must(t, err)
	expect(t, "file", string(b), rest)
}

func TestOutputFails(t *testing.T) {
	path := t.TempDir() + "/q.log"
	put(t, path, "one\n")
	put(t, path+".1.gz", string(pack(t, ".gz", []byte("zero\n"))))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	testtools.Must(t, err)
	defer full.Close()
	cursor, err := (&Log{Path: path}).Copy(full, "")
	if err == nil || err.Error() != "standard output: no space left on device" || cursor != "" {
		t.Errorf("full: %q, %v", cursor, err)
	}
	r, w, err := os.Pipe()
	testtools.Must(t, err)
	defer w.Close()
	r.Close()
	cursor, err = (&Log{Path: path}).Copy(w, "")
	if !errors.Is(err, unix.EPIPE) || cursor != "" {
		t.Errorf("nobody reads: %q, %v", cursor, err)
	}
}

// Memory grows neither with the log nor with a line.
func TestMemory(t *testing.T) {
	path := t.TempDir() + "/q.log"
	long := []byte(strings.Repeat("x", 24<<20) + "\n")
	put(t, path+".2", string(long))
	put(t, path+".1.gz", string(pack(t, ".gz", long)))
	put(t, path+".3.zst", string(pack(t, ".zst", long)))
	put(t, path, string(long)+strings.Repeat("y", 10<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var n counter
	if _, err := (&Log{Path: path}).Copy(&n, ""); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got, want := int64(n), 4*int64(len(long)); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 20<<20 {
		t.Errorf("%d MB allocated", used>>20)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// logOf makes a log of n lines and some retained copies.
func logOf(b *testing.B, n int) (path string, size int64) {
	path = b.TempDir() + "/q.log"
	line := "Feb  8 21:30:00 dnsmasq[4711]: 17 192.0.2.7/40000 query[A] www.example.org from 192.0.2.7\n"
	for i := range 7 {
		put(b, fmt.Sprintf("%s.%d.gz", path, i+2), string(pack(b, ".gz", fmt.Append(nil, line, i))))
	}
	put(b, path+".1", strings.Repeat(line, 10))
	text := strings.Repeat(line, n)
	put(b, path, text)
	return path, int64(len(text))
}

func BenchmarkIdle(b *testing.B) {
	path, _ := logOf(b, 10_000)
	log := &Log{Path: path}
	cursor, err := log.Copy(io.Discard, "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if again, err := log.Copy(io.Discard, cursor); err != nil || again != cursor {
			b.Fatal(again, err)
		}
	}
}

func BenchmarkPipe(b *testing.B) {
	path, size := logOf(b, 500_000)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan bool)
		go func() { drain(r, null); close(done) }()
		if _, err := (&Log{Path: path}).Copy(w, ""); err != nil {
			b.Fatal(err)
		}
		w.Close()
		<-done
	}
}

// drain empties a pipe at no cost.
func drain(r, null *os.File) {
	defer r.Close()
	for {
		n, err := unix.Splice(int(r.Fd()), nil, int(null.Fd()), nil, 1<<20, 0)
		if n <= 0 && err != unix.EINTR {
			return
		}
	}
}

func BenchmarkGzip(b *testing.B) {
	path := b.TempDir() + "/q.log"
	var text []byte
	for n := range 200_000 {
		text = fmt.Appendf(text, "Feb  8 21:30:00 dnsmasq[4711]: %d 192.0.2.7/40000 query[A] www%d.example.org from 192.0.2.7\n", n, n*7919%10007)
	}
	put(b, path+".1.gz", string(pack(b, ".gz", text)))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (&Log{Path: path}).Copy(io.Discard, ""); err != nil {
			b.Fatal(err)
		}
	}
}

// After Begin all of a file is new, also what was written to it before, and nothing was lost.
func TestBegin(t *testing.T) {
	var gap string
	l := Log{Path: t.TempDir() + "/q.log", Reread: true, Gap: func(msg string) { gap = msg }}
	for _, text := range []string{"", "a\nb\n"} {
		testtools.Must(t, os.WriteFile(l.Path, []byte(text), 0o600))
		token, err := Begin(l.Path)
		testtools.Must(t, err)
		testtools.Append(t, l.Path, "c\n")
		var out strings.Builder
		if _, err := l.Copy(&out, token); err != nil || out.String() != text+"c\n" || gap != "" {
			t.Errorf("%q, %v, %q", out.String(), err, gap)
		}
	}
}

// What xz(1) has written is read; what is damaged or cannot be read
// is one gap, and not the end.
func TestXZ(t *testing.T) {
	testtools.Need(t, "xz")
	one, two := string(pack(t, ".xz", []byte("one\n"))), string(pack(t, ".xz", []byte("two\n")))
	big := string(pack(t, ".xz", []byte(strings.Repeat("all of these lines\n", 100_000))))
	const missing = "gap: LOG.1.xz: damaged (compressed by xz, and that cannot be run); what follows its last good byte is lost\n"
	for _, c := range []struct{ name, text, want string }{
		{"one stream", one, "one\n"},
		{"two streams", one + two, "one\ntwo\n"},
		{"padding", one + "\x00\x00\x00\x00" + two + "\x00\x00\x00\x00\x00\x00\x00\x00", "one\ntwo\n"},
		{"cut", one + two[:len(two)-5], "gap: LOG.1.xz: damaged (xz: (stdin): Unexpected end of input); what follows its last good byte is lost\none\ntwo\n"},
		{"another form", "LZIP", "gap: LOG.1.xz: damaged (xz: (stdin): File format not recognized); what follows its last good byte is lost\n"},
		{"empty", "", "gap: LOG.1.xz: damaged (xz: (stdin): File format not recognized); what follows its last good byte is lost\n"},
		{"no program", one, missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := t.TempDir() + "/q.log"
			if c.name == "no program" {
				t.Setenv("PATH", "/nonexistent")
			}
			put(t, path+".1.xz", c.text)
			put(t, path, "live\n")
			got, cursor := read(t, path, "")
			got = strings.ReplaceAll(got, path, "LOG")
			expect(t, "all", got, c.want+"live\n")
			again, _ := read(t, path, cursor)
			expect(t, "again", again, "")
		})
	}
	// A position within a large file is found again.
	path := t.TempDir() + "/q.log"
	put(t, path, strings.Repeat("all of these lines\n", 50_000))
	_, cursor := read(t, path, "")
	testtools.Must(t, os.Remove(path))
	put(t, path+".1.xz", big)
	got, _ := read(t, path, cursor)
	expect(t, "the second half", got, strings.Repeat("all of these lines\n", 50_000))
}

// No cursor is ahead of its files: those with new lines are synced, and no others. If that
// fails there is no cursor.
func TestSync(t *testing.T) {
	defer func() { fdatasync = unix.Fdatasync }()
	synced, fail := 0, error(nil)
	fdatasync = func(int) error { synced++; return fail }
	path := t.TempDir() + "/q.log"
	put(t, path+".2", "one\n")
	put(t, path+".1", "two\n")
	put(t, path, "three\n")
	cursor := ""
	for i, want := range []int{3, 0, 1} {
		synced = 0
		_, cursor = read(t, path, cursor)
		if synced != want {
			t.Errorf("poll %d: %d files synced, want %d", i, synced, want)
		}
		if i == 1 {
			put(t, path, "three\nfour\n")
		}
	}
	put(t, path, "three\nfour\nfive\n")
	for err, works := range map[error]bool{unix.EIO: false, unix.EROFS: true} {
		fail = err
		if got, err := (&Log{Path: path}).Copy(io.Discard, cursor); (err == nil) != works || (got != "") != works {
			t.Errorf("%v: cursor %q, %v", fail, got, err)
		}
	}
}

// A file that is truncated and written anew while it is read is an error, also if it is as
// long as before.
func TestOverwritten(t *testing.T) {
	for _, text := range []string{"three\nfour and five\n", "one\n"} {
		path := t.TempDir() + "/q.log"
		put(t, path, "one\nand two\n")
		_, err := (&Log{Path: path}).Copy(writer(func() { put(t, path, text) }), "")
		if err == nil || err.Error() != path+": truncated while it was read" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A writer calls a function instead of writing.
type writer func()

func (w writer) Write(p []byte) (int, error) { w(); return len(p), nil }

// A compressed file that was read while it was being copied is read on when it is whole.
func TestHalfCopied(t *testing.T) {
	path := t.TempDir() + "/q.log"
	want := numbersFrom(10_000, 60_000)
	packed := string(pack(t, ".gz", []byte(want)))
	put(t, path, "")
	put(t, path+".1.gz", packed[:len(packed)/2])
	first, cursor := read(t, path, "")
	gap, first, _ := strings.Cut(first, "\n")
	if !strings.HasPrefix(gap, "gap: ") || len(first) < 1000 {
		t.Errorf("half: %q, %d bytes", gap, len(first))
	}
	put(t, path+".1.gz", packed)
	rest, _ := read(t, path, cursor)
	join := func(s string) string { return strings.ReplaceAll(s, "\n", "") } // half a line was ended
	if join(first+rest) != join(want) {
		t.Errorf("%d and %d bytes, want %d", len(first), len(rest), len(want))
	}
}
