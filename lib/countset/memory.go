package countset

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"egress-monitor/lib/runfile"
	"egress-monitor/lib/setcursor"

	"golang.org/x/sys/unix"
)

// A memory is what is known of the table, in Dir/set.json.
type memory struct {
	ID      string // the table's number
	G       uint64 // the generation that counts; 0: none
	From    time.Time
	Last    uint64       // the highest that there was
	Stopped bool         // it does not count any more
	Unread  []generation // that have ended, oldest first
	Counted []uint64     // that can be deleted

	Wanted string   // what was made
	Handle []string // of the table, its sets and rules
	Gen    uint32   // of nf_tables, when that was looked at
	GoodAt time.Time

	Next *next // a change that was begun, and may have taken place
}

// A next is the generation that is to count, from a time on; 0 is none.
type next struct {
	G      uint64
	At     time.Time
	Wanted string
}

// A generation is one that has ended.
type generation struct {
	G        uint64
	From, To time.Time
}

func (g generation) cursor(id string) setcursor.Cursor {
	return setcursor.Cursor{Set: id, G: g.G, From: g.From.UTC().Truncate(time.Second), To: g.To.UTC().Truncate(time.Second)}
}

// arrived reports whether the change that was begun has taken place.
func (m *memory) arrived(k *kernel) bool {
	if !k.has(idChain(m.ID)) {
		return false
	}
	if m.Next.G == 0 {
		return !k.has("out")
	}
	return k.has(versions[0].set(m.Next.G)) && k.has("out")
}

// arrive notes that it has.
func (m *memory) arrive(k *kernel) {
	if m.G > 0 && !m.Stopped {
		m.Unread = append(m.Unread, generation{m.G, m.From, m.Next.At})
	}
	m.G, m.From, m.Stopped = m.Next.G, m.Next.At, m.Next.G == 0
	m.Counted = nil // deleted; if not, with the table
	m.Last = max(m.Last, m.G)
	m.Wanted, m.Handle, m.Gen = m.Next.Wanted, k.handles, k.gen
	m.Next = nil
}

func (s *Set) file() string { return filepath.Join(s.Dir, "set.json") }

// load reads the memory. Without one, the table that there may be is not ours.
func (s *Set) load() *memory {
	m := &memory{}
	if !runfile.Load(s.file(), m) {
		return &memory{}
	}
	return m
}

func (s *Set) save(m *memory) error { return runfile.Save(s.file(), m) }

func (s *Set) removeMemory() error { return runfile.Remove(s.file()) }

// ErrBusy is that another heal or poll is at work.
var ErrBusy = errors.New("another program works on the set that counts connections")

// lock keeps others from changing the table meanwhile.
func (s *Set) lock() (unlock func(), err error) {
	if s.Dry {
		return func() {}, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.Dir, "set.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(s.Wait); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		if time.Now().After(end) {
			f.Close()
			return nil, ErrBusy
		}
	}
}

func (s *Set) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
