package logfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type step = func(w *world)

func lines(n int) step      { return func(w *world) { w.write(n) } }
func late(back, n int) step { return func(w *world) { w.late(back, n) } }
func gz(n int) step         { return func(w *world) { w.compress(n, ".gz") } }
func zst(n int) step        { return func(w *world) { w.compress(n, ".zst") } }
func xz(n int) step         { return func(w *world) { w.compress(n, ".xz") } }
func half(w *world)         { w.writeHalf() }
func rotate(w *world)       { w.rotate() }
func rename(w *world)       { w.rename() }
func reopen(w *world)       { w.reopen() }
func copyTruncate(w *world) { w.copyTruncate() }

// sameHead makes segments begin with the same kilobyte: n counts from the
// beginning of the program, the first lines of a segment do not.
func sameHead(w *world) {
	w.raw(w.to(0), strings.Repeat("same\n", 400))
	for range 400 {
		w.want = append(w.want, "same")
	}
}

// identical makes all lines alike.
func identical(w *world) { w.line = func(int) string { return "always the same" } }

// dateext names copies -20260201, -20260202, …; never renamed again.
func dateext(format string) step {
	return func(w *world) {
		w.names = func(n int) string {
			s := fmt.Sprintf(format, 20260201+w.date-n)
			if strings.HasSuffix(s, ".log") {
				return strings.TrimSuffix(w.path, ".log") + s
			}
			return w.path + s
		}
	}
}

// rotateDated moves to the next date instead of renaming the older copies.
func rotateDated(w *world) {
	w.date++
	w.check(os.Rename(w.path, w.name(1)))
	w.reopen()
}

func oldDir(dir string) step {
	return func(w *world) {
		dir := filepath.Join(filepath.Dir(w.path), dir)
		if dir == filepath.Dir(w.path) {
			dir = w.t.TempDir()
		}
		w.check(os.MkdirAll(dir, 0o755))
		w.log.OldDirs = []string{dir}
		w.names = func(n int) string { return fmt.Sprintf("%s/q.log.%d", dir, n) }
	}
}

func copySome(w *world) { w.shift(); w.copyTo(700) }
func copyAll(w *world)  { w.copyTo(-1) }
func look(w *world)     { w.poll() }

// copy1 is logrotate's option copy: the live file stays as it is.
func copy1(w *world) { w.shift(); w.copyTo(-1) }

func copyDated(w *world) { w.date++; w.copyTo(-1) }

// renameTmp, copyTmp and dropTmp are the steps of renamecopy.
func renameTmp(w *world) { w.shift(); w.check(os.Rename(w.path, w.path+".tmp")) }
func dropTmp(w *world)   { w.check(os.Remove(w.path + ".tmp")) }

func copyTmp(n int) step {
	return func(w *world) {
		b := w.must(os.ReadFile(w.path + ".tmp"))
		if n < 0 {
			n = len(b)
		}
		w.check(os.WriteFile(w.name(1), b[:min(n, len(b))], 0o640))
	}
}

// backup is a nightly cp -p of all there is, to names of another kind.
func backup(w *world) {
	w.backups++
	names, err := filepath.Glob(w.path + "*")
	w.check(err)
	for i, name := range names {
		if strings.Contains(name, "-2026") {
			continue
		}
		to := fmt.Sprintf("%s-202601%02d%02d%s", w.path, w.backups, i, strings.TrimPrefix(filepath.Ext(name), ".log"))
		if ext := filepath.Ext(name); ext != ".gz" {
			to = strings.TrimSuffix(to, ext)
		}
		w.check(exec.Command("cp", "-p", name, to).Run())
	}
}

func packBackups(w *world) {
	names, err := filepath.Glob(w.path + "-2026*")
	w.check(err)
	for _, name := range names {
		w.check(exec.Command("gzip", name).Run())
	}
}

// hour makes the live file an hour old.
func hour(w *world) {
	when := time.Now().Add(time.Hour)
	w.check(os.Chtimes(w.path, when, when))
}

// newer makes the backups the files that were written to last.
func newer(w *world) {
	names, err := filepath.Glob(w.path + "-2026*")
	w.check(err)
	for _, name := range names {
		w.check(exec.Command("touch", "-d", "+1 hour", name).Run())
	}
}
func truncate(w *world) { w.truncate() }

// gzipAtWork leaves part of a .gz beside its original.
func gzipAtWork(n int) step {
	return func(w *world) {
		b := pack(w.t, ".gz", w.must(os.ReadFile(w.name(n))))
		w.check(os.WriteFile(w.name(n)+".gz", b[:len(b)*2/3], 0o640))
	}
}

var exactScenarios = map[string][]step{
	"growing":                    {lines(3), lines(70), lines(1)},
	"renamed":                    {lines(30), rename, lines(5), reopen, lines(40)},
	"renamed twice":              {lines(30), rotate, lines(5), rotate, lines(40), rotate, lines(1), rotate, lines(2)},
	"renamed and absent":         {lines(30), rename, lines(4), lines(2)},
	"dateext":                    {dateext("-%d"), lines(30), rotateDated, lines(30), rotateDated, lines(3), rotateDated, lines(9)},
	"dateext with seconds":       {dateext("-%d-1770586200"), lines(30), rotateDated, lines(30), rotateDated, lines(3), gz(1), rotateDated},
	"dateext by the hour":        {dateext("-%d21"), lines(30), rotateDated, lines(30), rotateDated, lines(3), zst(2)},
	"dateext in seconds":         {dateext("-17%d"), lines(30), rotateDated, lines(30), rotateDated, lines(3)},
	"dateext with dots":          {dateext(".%d"), lines(30), rotateDated, lines(30), rotateDated, lines(3)},
	"extension kept":             {dateext("-%d.log"), lines(30), rotateDated, lines(30), gz(1), rotateDated, lines(3), rotateDated, lines(9)},
	"gzip at once":               {lines(30), rotate, gz(1), lines(30), rotate, gz(1), lines(3), rotate, gz(1)},
	"gzip at once, short":        {lines(1), rotate, gz(1), lines(1), rotate, gz(1), lines(1), rotate, gz(1)},
	"zstd at once":               {lines(300), rotate, zst(1), lines(30), rotate, zst(1), lines(3)},
	"delaycompress":              {lines(30), rotate, lines(30), gz(1), rotate, lines(30), gz(1), rotate, lines(2), gz(1), rotate},
	"gzip at work":               {lines(300), rotate, lines(30), gzipAtWork(1), late(1, 5), gz(1), lines(3)},
	"gzip killed":                {lines(300), gzipAtWork0, lines(30), rotate, lines(30)},
	"olddir":                     {oldDir("elsewhere"), lines(30), rotate, lines(30), rotate, gz(1), lines(3)},
	"olddir outside":             {oldDir(""), lines(30), rotate, lines(30)},
	"copytruncate":               {lines(30), copyTruncate, lines(10), copyTruncate, lines(90), copyTruncate, lines(1)},
	"copytruncate and gzip":      {lines(30), copyTruncate, gz(1), lines(50), copyTruncate, gz(1), lines(3)},
	"copy":                       {lines(30), copy1, lines(10), copy1, lines(90), copy1, lines(1), copy1},
	"copy and gzip at once":      {lines(30), copy1, gz(1), lines(10), copy1, gz(1), lines(90), copy1, gz(1), lines(1)},
	"copy and gzip later":        {lines(30), copy1, lines(10), copy1, gz(2), lines(90), copy1, gz(2), lines(1)},
	"copy with dates":            {dateext("-%d"), lines(30), copyDated, lines(10), gz(1), copyDated, lines(9), copyDated, lines(3)},
	"renamecopy":                 {lines(30), renameTmp, lines(4), reopen, lines(5), late(1, 1), copyTmp(300), copyTmp(-1), dropTmp, lines(7)},
	"renamecopy and gzip":        {lines(30), renameTmp, reopen, lines(5), copyTmp(-1), dropTmp, gz(1), lines(7), renameTmp, reopen, copyTmp(-1), dropTmp, gz(1)},
	"backups":                    {lines(30), backup, lines(5), rotate, backup, lines(5), gz(1), backup, rotate, lines(3), backup, rotate, lines(2)},
	"a backup that outlives all": {lines(30), rotate, lines(9), backup, rotate, lines(5), look, remove(2), remove(1), rotate, lines(4), rotate, lines(2), newer, rotate, lines(1)},
	"a backup, compressed":       {lines(30), rotate, lines(9), look, backup, packBackups, lines(2), rotate, lines(5)},
	"copytruncate at work":       {lines(60), copySome, copyAll, truncate, lines(90), copySome, copyAll, truncate, lines(2)},
	"late writer":                {lines(30), rotate, lines(5), late(1, 3), lines(5), late(1, 1), rotate, late(1, 2), late(2, 1), lines(4)},
	"late writer, then gzip":     {lines(30), rotate, lines(5), late(1, 3), gz(1), lines(5), rotate, late(1, 3), gz(1), lines(2)},
	"late writer, several back":  {lines(30), rotate, lines(5), rotate, lines(3), late(2, 1), rotate, lines(1), late(3, 2), late(2, 1)},
	"same first kilobyte":        {sameHead, lines(2), rotate, sameHead, lines(2), rotate, sameHead, lines(2), gz(1)},
	"identical":                  {identical, lines(60), rotate, lines(60), rotate, lines(60), rotate, lines(60)},
	"identical and gzip":         {identical, lines(60), rotate, lines(60), rotate, gz(2), lines(60), rotate, gz(2), lines(60)},
	"identical and gzip at once": {identical, lines(60), rotate, lines(30), gz(1), rotate, lines(60), gz(1), rotate, lines(60)},
	"identical, shorter":         {identical, lines(60), rotate, lines(50), rotate, lines(40), late(1, 10), rotate, lines(60)},
	"empty new file":             {rotate, lines(30), rotate, rotate, rotate, lines(2), rotate},
	"empty, then gzip at once":   {rotate, lines(30), rotate, gz(1), rotate, gz(1), lines(3)},
	"empty, copytruncate":        {copyTruncate, lines(30), copyTruncate, lines(2)},
	"half last line":             {lines(3), half, lines(1), half, rotate, lines(3), half, lines(2)},
	"half last line and gzip":    {lines(3), half, rotate, gz(1), half, half, rotate, lines(1), gz(1)},
	"half last line, no newer":   {lines(3), half, rename, lines(2)},
	"half last line ends late":   {lines(3), half, rotate, lines(2), lateLF, lines(1), gz(1)},
	"numbers, then dateext":      {lines(3), rotate, lines(3), rotate, lines(4), dateext("-%d"), rotateDated, lines(2), rotateDated, lines(9)},
	"xz at once":                 {lines(300), rotate, xz(1), lines(30), rotate, xz(1), lines(3)},
	"xz later":                   {lines(300), rotate, lines(9), rotate, xz(2), lines(30), rotate, xz(2), lines(3)},
	"gzip, then zstd at once":    {lines(30), rotate, gz(1), lines(3), rotate, gz(1), lines(9), rotateZstd, lines(5), rotateZstd, lines(4), rotateZstd, lines(2)},
	"gzip, then zstd, an empty":  {lines(30), rotate, gz(1), rotate, gz(1), lines(9), rotateZstd, lines(5), rotateZstd, lines(2)},
	"gzip, then nothing":         {lines(30), rotate, gz(1), lines(3), rotate, gz(1), lines(9), rotatePlain, lines(5), rotatePlain, lines(4), rotatePlain, lines(2)},
	"moved between devices":      {lines(30), rotate, lines(3), reborn(1), lines(2), rotate, reborn(1), reborn(2)},
	"long line":                  {longLine, lines(2), rotate, longLine, gz(1), lines(1)},
}

func gzipAtWork0(w *world) {
	w.check(os.WriteFile(w.path+".1.gz", nil, 0o640))
	w.check(os.Remove(w.path + ".1.gz"))
}

// rotateZstd and rotatePlain shift only the copies with their own suffix.
func rotateZstd(w *world) {
	w.shiftAll(".zst")
	w.check(os.Rename(w.path, w.name(1)))
	w.reopen()
	w.compress(1, ".zst")
}

func rotatePlain(w *world) {
	w.shiftAll("")
	w.check(os.Rename(w.path, w.name(1)))
	w.reopen()
}

// lateLF completes the line that rotation cut in two.
func lateLF(w *world) { w.raw(w.to(1), "\n") }

// reborn gives copy n another identity: restored from a backup, or moved.
func reborn(n int) step {
	return func(w *world) {
		b := w.must(os.ReadFile(w.name(n)))
		w.check(os.WriteFile(w.name(n)+"~", b, 0o640))
		w.check(os.Rename(w.name(n)+"~", w.name(n)))
	}
}

func longLine(w *world) {
	line := w.line
	w.line = func(n int) string { return line(n) + strings.Repeat(" long", 100_000) }
	w.write(1)
	w.line = line
}

// Each scenario is run with a poll at every subset of one and two places, at
// every place, and nowhere but at the end.
func TestExact(t *testing.T) {
	for name, steps := range exactScenarios {
		t.Run(name, func(t *testing.T) { cuts(t, steps, (*world).exact) })
	}
}

func cuts(t *testing.T, steps []step, verdict func(*world)) {
	run := func(pollAfter func(i int) bool) {
		w := newWorld(t)
		var polls []int
		for i, s := range steps {
			s(w)
			if pollAfter(i) {
				polls = append(polls, i)
				w.poll()
			}
		}
		w.lastPoll()
		if verdict(w); t.Failed() {
			t.Fatalf("polls after steps %v", polls)
		}
	}
	run(func(int) bool { return true })
	for a := -1; a < len(steps); a++ {
		for b := a; b < len(steps); b++ {
			run(func(i int) bool { return i == a || i == b })
		}
	}
}

func remove(n int) step { return func(w *world) { w.remove(w.name(n)) } }
func lz(n int) step {
	return func(w *world) {
		w.lose(w.name(n), 0)
		w.compress(n, ".lz")
	}
}

func truncateInPlace(w *world) {
	w.lose(w.path, 1)
	w.truncate()
}

func damage(n int) step {
	return func(w *world) {
		w.compress(n, ".gz")
		name := w.name(n) + ".gz"
		b := w.must(os.ReadFile(name))
		w.check(os.WriteFile(name, b[:len(b)-9], 0o640))
		for _, l := range w.want {
			w.lost[l] = true
		}
	}
}

var lossyScenarios = map[string][]step{
	"deleted unread":           {lines(30), rotate, lines(3), remove(1), lines(2), rotate, lines(4), remove(1), rotate, lines(3)},
	"live deleted":             {lines(30), rotate, lines(3), removeLive, lines(5)},
	"empty live, then deleted": {lines(30), rotate, remove(1), lines(3), rotate, lines(4), hour, remove(1), rotate},
	"truncated in place":       {lines(30), truncateInPlace, lines(5), truncateInPlace, lines(90)},
	"truncated beside a copy":  {lines(30), rotate, lines(3), truncateInPlace, lines(5), rotate, lines(2)},
	"not readable":             {lines(30), rotate, lines(3), lz(1), rotate, lines(3), lz(1), lines(5)},
	"damaged":                  {lines(300), rotate, lines(3), damage(1), lines(2), rotate, lines(1)},
}

func removeLive(w *world) { w.remove(w.path); w.reopen() }

func TestRetained(t *testing.T) {
	for name, steps := range lossyScenarios {
		t.Run(name, func(t *testing.T) { cuts(t, steps, (*world).retained) })
	}
}

// Both rotations come between two polls. Then the first copy has a line that is later
// than the birth of the second one, which is still empty at the next poll; the writer
// has not opened its new file yet.
func TestEmptyCopyIsWritten(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.log.OldDirs = []string{dir}
	w.write(20)
	w.poll()
	w.check(os.Rename(w.path, w.path+"-20260201"))
	w.reopen()
	w.tick()
	w.late(1, 1)
	w.check(os.Rename(w.path, dir+"/q.log-20260202"))
	w.poll()
	w.tick()
	w.write(2)
	w.reopen()
	w.write(1)
	w.poll()
	w.exact()
}
