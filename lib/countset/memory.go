package countset

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"egress-monitor/lib/runfile"
	"egress-monitor/lib/setcursor"
)

// A memory holds the facts about the table, in Dir/set.json.
type memory struct {
	ID      string // the table's number
	G       uint64 // the generation that counts; 0: none
	From    time.Time
	Last    uint64       // the highest that there was
	Stopped bool         // it does not count any more
	Unread  []generation // those that have ended, oldest first
	Counted []uint64     // those that can be deleted

	Wanted string   // what was made
	Handle []string // of the table, its sets and rules
	Gen    uint32   // of nf_tables, when the handles were read
	GoodAt time.Time

	Next *next // a change that was begun, and may have been made
}

// A next is the generation that counts after a change, and the time of the change. 0
// is no generation.
type next struct {
	G      uint64
	At     time.Time
	Wanted string
}

// A generation describes a generation that has ended.
type generation struct {
	G        uint64
	From, To time.Time
}

func (g generation) cursor(id string) setcursor.Cursor {
	return setcursor.Cursor{Set: id, G: g.G, From: g.From.UTC().Truncate(time.Second), To: g.To.UTC().Truncate(time.Second)}
}

// arrived reports whether the change that was begun has been made.
func (m *memory) arrived(k *kernel) bool {
	if !k.has(idChain(m.ID)) {
		return false
	}
	if m.Next.G == 0 {
		return !k.has("out")
	}
	return k.has(versions[0].set(m.Next.G)) && k.has("out")
}

// arrive notes that the change has been made.
func (m *memory) arrive(k *kernel) {
	if m.G > 0 && !m.Stopped {
		m.Unread = append(m.Unread, generation{m.G, m.From, m.Next.At})
	}
	m.G, m.From, m.Stopped = m.Next.G, m.Next.At, m.Next.G == 0
	m.Counted = nil // deleted, now or later with the table
	m.Last = max(m.Last, m.G)
	m.Wanted, m.Handle, m.Gen = m.Next.Wanted, k.handles, k.gen
	m.Next = nil
}

func (s *Set) file() string { return filepath.Join(s.Dir, "set.json") }

// load reads the memory. Without a memory, any table that is there is not ours.
func (s *Set) load() *memory {
	m := &memory{}
	if !runfile.Load(s.file(), m) {
		return &memory{}
	}
	return m
}

func (s *Set) save(m *memory) error { return runfile.Save(s.file(), m) }

func (s *Set) removeMemory() error { return runfile.Remove(s.file()) }

// ErrBusy means that another heal or poll is working on the table.
var ErrBusy = errors.New("another program works on the set that counts connections")

// lock keeps other programs from changing the table.
func (s *Set) lock() (unlock func(), err error) {
	if s.Dry {
		return func() {}, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	return runfile.Lock(filepath.Join(s.Dir, "set.lock"), s.Wait, ErrBusy)
}

func (s *Set) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
