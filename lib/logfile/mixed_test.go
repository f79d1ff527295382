package logfile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A mixed story is about an administrator who changes olddir now and then, and the
// numbers or dates of the copies, sets the clock back, and puts backups in both
// folders. The rotations are those of logrotate: it shifts the copies of one folder and
// does not know of the other.
type mixed struct {
	*world
	rnd    *rand.Rand
	dirs   [2]string // the log's folder, olddir
	away   int       // which of them the copies go to
	dated  bool
	mode   string // create, copytruncate, copy, renamecopy
	suffix string
	delay  bool
	keep   int // copies, more are deleted
	day    int
	clock  time.Duration // how far it is ahead
	turned bool          // there are lines or a rotation since the last poll
	told   []string      // the story
}

var modes = []string{"create", "create", "copytruncate", "copy", "renamecopy"}

func newMixed(t *testing.T, seed uint64) *mixed {
	m := &mixed{world: newWorld(t), rnd: rand.New(rand.NewPCG(seed, 1))}
	m.dirs = [2]string{filepath.Dir(m.path), t.TempDir()}
	m.log.OldDirs = m.dirs[1:]
	m.away = m.rnd.IntN(2)
	m.dated = m.rnd.IntN(3) == 0
	m.mode = modes[m.rnd.IntN(len(modes))]
	m.suffix = suffixes[m.rnd.IntN(3)]
	m.delay = m.rnd.IntN(2) == 0
	if m.mode != "renamecopy" { // the birth of a copy cannot be set
		m.clock = time.Duration(m.rnd.IntN(4)/3) * time.Hour
	}
	m.keep = 3 + m.rnd.IntN(10)
	return m
}

func (m *mixed) tell(format string, args ...any) {
	m.told = append(m.told, fmt.Sprintf(format, args...))
}

func (m *mixed) step() {
	switch n := m.rnd.IntN(20); {
	case n < 6:
		m.write(1 + m.rnd.IntN(60))
	case n < 11:
		m.tick()
		m.turn()
	case n < 13:
		m.away = 1 - m.away
		m.tell("olddir %d", m.away)
	case n < 15:
		m.tick()
		m.backup()
	case n == 15 && m.clock > 0:
		m.clock = 0
		m.tell("clock set back")
	case n == 15 && m.rnd.IntN(3) == 0:
		m.dated = !m.dated
		m.tell("dated %v", m.dated)
	default:
		m.poll()
	}
}

func (m *mixed) write(n int) {
	m.world.write(n)
	m.stamp(m.path)
	m.turned = true
	m.tell("write to %d", m.lines)
}

func (m *mixed) poll() {
	m.t.Helper()
	m.tick()
	m.world.poll()
	m.tell("poll")
	m.turned = false
}

// stamp gives a file the time of a clock that is ahead.
func (m *mixed) stamp(name string) {
	when := time.Now().Add(m.clock)
	if m.clock > 0 && exists(name) {
		m.check(os.Chtimes(name, when, when))
	}
}

func (m *mixed) maybe() {
	m.t.Helper()
	if m.rnd.IntN(4) == 0 {
		m.poll()
	}
}

// stem is the path of the copies without number and suffix.
func (m *mixed) stem() string { return filepath.Join(m.dirs[m.away], filepath.Base(m.path)) }

// turn is one run of logrotate.
func (m *mixed) turn() {
	m.t.Helper()
	to := m.stem() + ".1"
	if m.dated {
		m.day++
		to = fmt.Sprintf("%s-%d", m.stem(), 20260201+m.day)
	}
	packed := m.suffix != "" && m.mode != "copy"
	if packed && m.delay {
		m.packPrevious()
	}
	ext := ""
	if packed {
		ext = m.suffix
	}
	if m.dated {
		m.deleteDated(ext)
	} else {
		m.shift(ext)
	}
	if exists(to) {
		return // as logrotate does
	}
	m.tell("rotate by %s to %d %s", m.mode, m.away, filepath.Base(to))
	m.move(to)
	if packed && !m.delay {
		m.maybe()
		m.pack(to)
	}
}

// packPrevious compresses the last copy, which delaycompress has left.
func (m *mixed) packPrevious() {
	name := m.stem() + ".1"
	if m.dated {
		names, err := filepath.Glob(m.stem() + "-20260[2-9]??")
		m.check(err)
		if len(names) == 0 {
			return
		}
		name = names[len(names)-1]
	}
	if exists(name) {
		m.pack(name)
	}
}

func (m *mixed) pack(name string) {
	m.t.Helper()
	info, err := os.Stat(name)
	m.check(err)
	text := m.must(os.ReadFile(name))
	b := pack(m.t, m.suffix, text)
	m.check(os.WriteFile(name+m.suffix, b[:len(b)/2], 0o640))
	m.maybe()
	m.check(os.WriteFile(name+m.suffix, b, 0o640))
	m.maybe()
	m.check(os.Chtimes(name+m.suffix, info.ModTime(), info.ModTime()))
	m.maybe()
	m.check(os.Remove(name))
	m.maybe()
}

// shift renames the copies of a folder, and deletes the last.
func (m *mixed) shift(ext string) {
	for n := m.keep; n > 0; n-- {
		from, to := fmt.Sprintf("%s.%d%s", m.stem(), n, ext), fmt.Sprintf("%s.%d%s", m.stem(), n+1, ext)
		if !exists(from) {
			continue
		}
		if n == m.keep {
			m.delete(from)
			continue
		}
		m.check(os.Rename(from, to))
	}
	m.maybe()
}

func (m *mixed) deleteDated(ext string) {
	names, err := filepath.Glob(m.stem() + "-20260[2-9]??" + ext)
	m.check(err)
	for _, name := range names[:max(0, len(names)-m.keep)] {
		m.delete(name)
	}
}

// delete deletes a copy; after a poll, if something has changed, so that nothing is
// lost.
func (m *mixed) delete(name string) {
	if m.turned {
		m.poll()
	}
	m.check(os.Remove(name))
	m.tell("delete %s", name)
}

// move makes the live file the copy to.
func (m *mixed) move(to string) {
	m.turned = true
	switch m.mode {
	case "create":
		m.check(os.Rename(m.path, to))
		m.maybe()
		m.late(0, m.rnd.IntN(3))
		m.maybe()
		m.reopen()
		m.late(m.rnd.IntN(2), 1)
	case "renamecopy":
		m.check(os.Rename(m.path, m.path+".tmp"))
		m.maybe()
		m.reopen()
		m.maybe()
		m.copyFile(m.path+".tmp", to)
		m.check(os.Remove(m.path + ".tmp"))
	default:
		m.copyFile(m.path, to)
		if m.mode == "copytruncate" {
			m.truncate()
		}
	}
	m.maybe()
}

func (m *mixed) copyFile(from, to string) {
	b := m.must(os.ReadFile(from))
	m.check(os.WriteFile(to, b[:len(b)/2], 0o640))
	m.maybe()
	m.check(os.WriteFile(to, b, 0o640))
	m.stamp(to)
	m.tick()
	m.maybe()
}

// backup copies one of the files, with or without its time, or links it, to a name of
// its own kind or of another, in either folder.
func (m *mixed) backup() {
	var names []string
	for _, dir := range m.dirs {
		found, err := filepath.Glob(filepath.Join(dir, filepath.Base(m.path)+"*"))
		m.check(err)
		names = append(names, found...)
	}
	from := names[m.rnd.IntN(len(names))]
	if m.oneLine(from) {
		return // a copy of it is not known as one
	}
	ext := filepath.Ext(from)
	if !slices.Contains(suffixes, ext) {
		ext = ""
	}
	m.backups++
	base := filepath.Base(from)
	switch m.rnd.IntN(4) {
	case 0:
		base = fmt.Sprintf("%s-202601%02d%s", filepath.Base(m.path), m.backups, ext)
	case 1:
		base = fmt.Sprintf("%s.%d%s", filepath.Base(m.path), 50+m.backups, ext)
	}
	to := filepath.Join(m.dirs[m.rnd.IntN(2)], base)
	if exists(to) {
		return
	}
	if m.rnd.IntN(4) == 0 {
		m.check(os.Link(from, to))
		m.tell("link of %s as %s", from, to)
		return
	}
	info, err := os.Stat(from)
	m.check(err)
	m.check(os.WriteFile(to, m.must(os.ReadFile(from)), 0o640))
	times := m.rnd.IntN(2) == 0
	if times {
		m.check(os.Chtimes(to, info.ModTime(), info.ModTime()))
	}
	m.tell("backup of %s as %s, its time %v", from, to, times)
}

// oneLine reports whether a file has only one line.
func (m *mixed) oneLine(name string) bool {
	s := segment{path: name}
	s.rotation, _ = parseName(filepath.Base(m.path), filepath.Base(name))
	var err error
	s.stat, err = lookAt(name)
	m.check(err)
	head := m.must(s.begin())
	s.close()
	return bytes.Count(head, []byte("\n")) == 1
}

func TestMixed(t *testing.T) {
	runs := uint64(200)
	if testing.Short() {
		runs = 20
	}
	for seed := range runs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newMixed(t, seed)
			for range 30 {
				m.step()
			}
			m.write(1)
			m.lastPoll()
			if m.exact(); t.Failed() {
				t.Logf("%s, dated %v, suffix %q, delay %v, keep %d\n%s", m.mode, m.dated, m.suffix, m.delay, m.keep, strings.Join(m.told, "\n"))
			}
		})
	}
}
