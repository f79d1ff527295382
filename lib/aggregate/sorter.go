package aggregate

import (
	"bytes"
	"cmp"
	"io"
	"iter"
	"os"
	"slices"

	"egress-monitor/lib/keysort"
)

// runLimit is how many bytes of records a Sorter holds in memory before it
// writes them to a file as a sorted run. Ten million new names in one poll
// are some 30 runs.
const runLimit = 16 << 20

// firstText is what most polls need and no more.
const firstText = 64 << 10

// A Sorter takes records in any order and gives them back as sorted sources,
// in bounded memory.
//
// Most of what it gets is sorted already (a parser prints its table in order),
// and then nothing is sorted again: records are put into an order only where
// they are not in one.
type Sorter struct {
	dir   string // of the runs
	open  func(run io.Reader) Lines
	limit int

	// Runs is how many runs there may be, each in an open file: if there are as
	// many they are merged into one. 0 is no limit.
	Runs int
	// Shorten, if there is one, is given each list of addresses that several
	// records of a key have made.
	Shorten func(list []byte) []byte

	text   []byte // records, with their line feeds
	lines  []line // where they stand in text
	inRow  bool   // lines are in strictly rising order
	inFile []*os.File
}

type line struct {
	head        uint64
	start, size uint32
	key         uint32 // its length
}

// NewSorter returns a Sorter that keeps its runs in dir, in files without a
// name: whatever becomes of the process, nothing of them stays. open makes lines
// of a run.
func NewSorter(dir string, open func(run io.Reader) Lines) *Sorter {
	return &Sorter{dir: dir, open: open, limit: runLimit, inRow: true}
}

// Empty says whether nothing was added.
func (s *Sorter) Empty() bool { return len(s.lines) == 0 && len(s.inFile) == 0 }

// Add takes a record.
func (s *Sorter) Add(r Record) error {
	h := keysort.HeadOf(r.Key).First()
	rises := len(s.lines) == 0 || s.rises(h, r.Key)
	if !rises && s.joinLast(r) {
		return nil
	}
	if s.Full() || s.inRow && !rises && len(s.text) > s.limit/4 {
		if err := s.flush(); err != nil {
			return err
		}
		rises = true
	}
	s.inRow = s.inRow && rises
	s.grow(r.Len())
	start := len(s.text)
	s.text = r.Append(s.text)
	s.lines = append(s.lines, line{h, uint32(start), uint32(len(s.text) - start), uint32(len(r.Key))})
	return nil
}

// grow makes room for n more bytes of text: little at first, for the many small
// polls, and then all there may be. Memory that is not used yet costs nothing,
// and doubling it again and again costs more than half of reading 100,000
// records.
func (s *Sorter) grow(n int) {
	if len(s.text)+n < cap(s.text) {
		return
	}
	most := firstText
	if s.text != nil {
		most = s.limit + firstText
		s.lines = append(make([]line, 0, s.limit/64), s.lines...)
	}
	s.text = append(make([]byte, 0, max(most, len(s.text)+n+1)), s.text...)
}

func (s *Sorter) rises(h uint64, key []byte) bool {
	last := s.lines[len(s.lines)-1]
	return last.head < h || last.head == h && bytes.Compare(s.key(last), key) < 0
}

// Full says whether the next record will find no more room in memory.
func (s *Sorter) Full() bool { return len(s.text)+len(s.lines)*24 >= s.limit }

// Keys are the keys in memory, each once.
func (s *Sorter) Keys() iter.Seq[[]byte] {
	s.sort()
	return func(yield func([]byte) bool) {
		for i, l := range s.lines {
			if i > 0 && bytes.Equal(s.key(l), s.key(s.lines[i-1])) {
				continue
			}
			if !yield(s.key(l)) {
				return
			}
		}
	}
}

// joinLast adds r to the last line, if that has its key: what is folded comes
// with the same key many times on end. It leaves long lists for later.
func (s *Sorter) joinLast(r Record) bool {
	last := &s.lines[len(s.lines)-1]
	atEnd := int(last.start+last.size) == len(s.text) // as long as nothing was sorted
	if !atEnd || last.size > 1<<10 || !bytes.Equal(s.key(*last), r.Key) {
		return false
	}
	both := sum{rec: s.record(*last)}
	both.add(&r, new([]byte))
	text := both.rec.Append(nil) // not in its place yet: both is made of that
	s.text = append(s.text[:last.start], text...)
	last.size = uint32(len(text))
	return true
}

// record reads a line, which was a record when it was added.
func (s *Sorter) record(l line) Record {
	r, _ := Parse(s.text[l.start : l.start+l.size-1])
	return r
}

func (s *Sorter) key(l line) []byte { return s.text[l.start:][:l.key] }

func (s *Sorter) sort() {
	if s.inRow {
		return
	}
	slices.SortFunc(s.lines, func(x, y line) int {
		if x.head != y.head {
			return cmp.Compare(x.head, y.head)
		}
		return bytes.Compare(s.key(x), s.key(y))
	})
}

// flush writes what is in memory to a file, as a sorted run.
func (s *Sorter) flush() error {
	if s.Runs > 0 && len(s.inFile) >= s.Runs {
		if err := s.mergeRuns(); err != nil {
			return err
		}
	}
	f, err := UnnamedFile(s.dir)
	if err != nil {
		return err
	}
	s.inFile = append(s.inFile, f)
	s.sort()
	if err := copyLines(f, s.memory()); err != nil {
		return err
	}
	s.text, s.lines, s.inRow = s.text[:0], s.lines[:0], true
	return nil
}

// mergeRuns makes one run of all.
func (s *Sorter) mergeRuns() error {
	runs, err := s.runs()
	if err != nil {
		return err
	}
	f, err := UnnamedFile(s.dir)
	if err != nil {
		return err
	}
	err = MergeChecked(f, runs, s.shorten, nil)
	s.Close()
	s.inFile = append(s.inFile[:0], f)
	return err
}

func (s *Sorter) shorten(r *Record) error {
	if s.Shorten == nil || r.line != nil {
		return nil // is of one run
	}
	r.IPs = s.Shorten(r.IPs)
	return nil
}

// runs are the runs in files.
func (s *Sorter) runs() (all []*Source, err error) {
	for _, f := range s.inFile {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		all = append(all, NewSealed(s.open(f)))
	}
	return all, nil
}

// Sources returns what was added, as sorted sources, of which only the last
// that were asked for are good. Nothing can be added any more.
func (s *Sorter) Sources() ([]*Source, error) {
	if len(s.inFile) > 0 && len(s.lines) > 0 { // what is last needs no more memory than the rest
		if err := s.flush(); err != nil {
			return nil, err
		}
		s.text, s.lines = nil, nil
	}
	all, err := s.runs()
	if err != nil {
		return nil, err
	}
	s.sort()
	return append(all, NewSealed(s.memory())), nil
}

// Close gives back what the runs take.
func (s *Sorter) Close() {
	for _, f := range s.inFile {
		f.Close() // has no name: nothing is left of it
	}
}

// memory is the sorted lines in memory, one for each key.
func (s *Sorter) memory() *memoryRun { return &memoryRun{s: s, rest: s.lines} }

type memoryRun struct {
	s    *Sorter
	rest []line
	now  []byte
	buf  []byte
}

func (m *memoryRun) Scan() bool {
	if len(m.rest) == 0 {
		return false
	}
	n := 1
	for !m.s.inRow && n < len(m.rest) && m.rest[n].head == m.rest[0].head && bytes.Equal(m.s.key(m.rest[n]), m.s.key(m.rest[0])) {
		n++
	}
	m.now = m.merge(m.rest[:n])
	m.rest = m.rest[n:]
	return true
}

// merge makes one line of those of one key.
func (m *memoryRun) merge(lines []line) []byte {
	if len(lines) == 1 {
		return m.text(lines[0])
	}
	sum := m.s.sum(lines)
	if m.s.Shorten != nil {
		sum.IPs = m.s.Shorten(sum.IPs)
	}
	m.buf = sum.Append(m.buf[:0])
	return bytes.TrimSuffix(m.buf, []byte{'\n'})
}

// sum merges the records of one key.
func (s *Sorter) sum(lines []line) *Record {
	all := sum{rec: s.record(lines[0])}
	for _, l := range lines[1:] {
		r := s.record(l)
		all.addLater(&r)
	}
	return all.record()
}

func (m *memoryRun) text(l line) []byte { return m.s.text[l.start : l.start+l.size-1] }
func (m *memoryRun) Bytes() []byte      { return m.now }
func (m *memoryRun) Err() error         { return nil }
