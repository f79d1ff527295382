package merge

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"iter"
	"os"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/keysort"
	"egress-monitor/lib/unnamed"
)

// runLimit is how many bytes of records a Sorter holds in memory before it
// writes them to a file as a sorted run. Ten million new names in one poll
// make about 30 runs.
const runLimit = 16 << 20

// firstText is the size of the first buffer, in bytes: enough for most polls.
const firstText = 64 << 10

// A Sorter takes records in any order and returns them as sorted sources, in
// bounded memory.
//
// Most records are in order already, because a parser prints its table in order:
// then the Sorter does not sort.
type Sorter struct {
	dir   string // for the runs
	open  func(run io.Reader) Lines
	limit int

	// Runs is the largest number of runs, each of which is an open file. If
	// there are as many, they are merged into one. 0 is no limit.
	Runs int
	// Shorten, if not nil, shortens each list of addresses that was united from
	// several records.
	Shorten func(list []byte) []byte

	text   []byte // records, with their line feeds
	lines  []line // the place of each record in text
	rising bool   // the keys of lines rise strictly
	inFile []*os.File
}

type line struct {
	head        uint64 // the first 8 bytes of the key
	start, size uint32
	key         uint32 // length of the key
}

// NewSorter returns a Sorter that keeps its runs in dir, in files without a
// name: nothing of them stays even if the process is killed. open returns the
// lines of a run.
func NewSorter(dir string, open func(run io.Reader) Lines) *Sorter {
	return &Sorter{dir: dir, open: open, limit: runLimit, rising: true}
}

// Empty reports whether nothing was added.
func (s *Sorter) Empty() bool { return len(s.lines) == 0 && len(s.inFile) == 0 }

// Add takes a record.
func (s *Sorter) Add(r aggregate.Record) error {
	h := keysort.HeadOf(r.Key).First()
	rises := len(s.lines) == 0 || s.rises(h, r.Key)
	if !rises && s.joinLast(r) {
		return nil
	}
	if s.Full() || s.rising && !rises && len(s.text) > s.limit/4 {
		if err := s.flush(); err != nil {
			return err
		}
		rises = true
	}
	s.rising = s.rising && rises
	s.grow(r.Len())
	start := len(s.text)
	s.text = r.Append(s.text)
	s.lines = append(s.lines, line{h, uint32(start), uint32(len(s.text) - start), uint32(len(r.Key))})
	return nil
}

// grow makes room for n more bytes of text: a small buffer at first, since most
// polls are small, and then one of the largest size. Memory costs nothing before
// it is used, while doubling a buffer repeatedly costs more than half of reading
// 100,000 records.
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

// Full reports whether there is no room in memory for another record.
func (s *Sorter) Full() bool { return len(s.text)+len(s.lines)*24 >= s.limit }

// Keys returns the keys in memory, each once.
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

// joinLast adds r to the last line, if both have the same key, and reports
// whether it did: folded rows arrive many times in a row with the same key. Lines
// with a long list are left to the merge.
func (s *Sorter) joinLast(r aggregate.Record) bool {
	last := &s.lines[len(s.lines)-1]
	atEnd := int(last.start+last.size) == len(s.text) // as long as nothing was sorted
	if !atEnd || last.size > 1<<10 || !bytes.Equal(s.key(*last), r.Key) {
		return false
	}
	both := total{rec: s.record(*last)}
	both.add(&r, new([]byte))
	text := both.rec.Append(nil) // in a new slice: both still refers to s.text
	s.text = append(s.text[:last.start], text...)
	last.size = uint32(len(text))
	return true
}

// record reads a line, which Add has printed.
func (s *Sorter) record(l line) aggregate.Record {
	r, _ := aggregate.Parse(s.text[l.start : l.start+l.size-1])
	return r
}

func (s *Sorter) key(l line) []byte { return s.text[l.start:][:l.key] }

func (s *Sorter) sort() {
	if s.rising {
		return
	}
	slices.SortFunc(s.lines, func(x, y line) int {
		if x.head != y.head {
			return cmp.Compare(x.head, y.head)
		}
		return bytes.Compare(s.key(x), s.key(y))
	})
}

// flush writes the records in memory to a file, as a sorted run.
func (s *Sorter) flush() error {
	if s.Runs > 0 && len(s.inFile) >= s.Runs {
		if err := s.mergeRuns(); err != nil {
			return err
		}
	}
	f, err := unnamed.File(s.dir)
	if err != nil {
		return err
	}
	s.inFile = append(s.inFile, f)
	s.sort()
	if err := copyLines(f, s.memory()); err != nil {
		return err
	}
	s.text, s.lines, s.rising = s.text[:0], s.lines[:0], true
	return nil
}

// mergeRuns merges all runs into one.
func (s *Sorter) mergeRuns() error {
	runs, err := s.runs()
	if err != nil {
		return err
	}
	f, err := unnamed.File(s.dir)
	if err != nil {
		return err
	}
	err = Write(f, runs, s.shorten, nil)
	s.Close()
	s.inFile = append(s.inFile[:0], f)
	return err
}

func (s *Sorter) shorten(r *Row) error {
	if s.Shorten == nil || r.line != nil {
		return nil // the row is of one run
	}
	rec := r.rec
	rec.IPs = s.Shorten(rec.IPs)
	r.Set(rec)
	return nil
}

// runs returns the runs in files.
func (s *Sorter) runs() (all []*Source, err error) {
	for _, f := range s.inFile {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		all = append(all, NewSealed(s.open(f)))
	}
	return all, nil
}

// Sources returns sorted sources of all that was added. Calling it again rewinds
// the runs and invalidates the sources returned before. Nothing can be added any
// more.
func (s *Sorter) Sources() ([]*Source, error) {
	if len(s.inFile) > 0 && len(s.lines) > 0 { // frees the memory of the last run, too
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

// Close frees the runs.
func (s *Sorter) Close() {
	for _, f := range s.inFile {
		f.Close() // has no name: nothing stays of it
	}
}

// memory returns the sorted lines in memory, one for each key.
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
	for !m.s.rising && n < len(m.rest) && m.rest[n].head == m.rest[0].head && bytes.Equal(m.s.key(m.rest[n]), m.s.key(m.rest[0])) {
		n++
	}
	m.now = m.merge(m.rest[:n])
	m.rest = m.rest[n:]
	return true
}

// merge returns one line for the lines of one key.
func (m *memoryRun) merge(lines []line) []byte {
	if len(lines) == 1 {
		return m.text(lines[0])
	}
	sum := m.s.total(lines)
	if m.s.Shorten != nil {
		sum.IPs = m.s.Shorten(sum.IPs)
	}
	m.buf = sum.Append(m.buf[:0])
	return bytes.TrimSuffix(m.buf, []byte{'\n'})
}

// total adds the records of one key.
func (s *Sorter) total(lines []line) aggregate.Record {
	all := total{rec: s.record(lines[0])}
	for _, l := range lines[1:] {
		r := s.record(l)
		all.addLater(&r)
	}
	return all.record()
}

func (m *memoryRun) text(l line) []byte { return m.s.text[l.start : l.start+l.size-1] }
func (m *memoryRun) Bytes() []byte      { return m.now }
func (m *memoryRun) Err() error         { return nil }

// copyLines writes lines to f.
func copyLines(f *os.File, lines Lines) error {
	buf := make([]byte, 0, 64<<10)
	for lines.Scan() {
		if len(buf) > cap(buf)-1<<10 {
			if _, err := f.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		buf = append(append(buf, lines.Bytes()...), '\n')
	}
	_, err := f.Write(buf)
	return errors.Join(err, lines.Err())
}
