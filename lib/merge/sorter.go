package merge

import (
	"bytes"
	"cmp"
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
	dir     string // for the runs
	most    int    // the largest number of runs, each of which is an open file
	shorten Check
	limit   int

	text   []byte // records, with their line feeds
	lines  []line // the place of each record in text
	rising bool   // the keys of lines rise strictly
	last   keySum // the last line and others of its key, which are not in text yet; or no key
	runs   []*os.File
}

type line struct {
	head        uint64 // the first 8 bytes of the key
	start, size uint32
	key         uint32 // length of the key
}

// NewSorter returns a Sorter that keeps its runs in dir, in files without a
// name: nothing of them stays even if the process is killed. If there are more
// than most runs, they are merged into one. shorten may shorten the addresses of
// a row that was united from several records.
func NewSorter(dir string, most int, shorten Check) *Sorter {
	return &Sorter{dir: dir, most: most, shorten: shorten, limit: runLimit, rising: true}
}

// Empty reports whether nothing was added.
func (s *Sorter) Empty() bool { return len(s.lines) == 0 && len(s.runs) == 0 }

// Add takes a record.
func (s *Sorter) Add(r aggregate.Record) error {
	h := keysort.HeadOf(r.Key).First()
	rises := len(s.lines) == 0 || s.rises(h, r.Key)
	if !rises && s.repeats(&r) {
		return nil
	}
	s.settle()
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
// it is used, while doubling a buffer repeatedly makes reading 100,000 records take
// 1.2 to 1.4 times as long.
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

// repeats adds r to the sum of the last line, if both have the same key, and
// reports whether it did: folded rows arrive many times in a row with the same
// key (8 % of folding a million names, 24 % of a flood of one domain). Lines with
// a long list are left to the merge.
func (s *Sorter) repeats(r *aggregate.Record) bool {
	last := s.lines[len(s.lines)-1]
	atEnd := int(last.start+last.size) == len(s.text) // as long as nothing was sorted
	if !atEnd || !bytes.Equal(s.key(last), r.Key) || max(int(last.size), len(s.last.rec.IPs)) > longList {
		return false
	}
	if s.last.rec.Key == nil {
		first := s.record(last)
		s.last.start(first.Key)
		s.last.add(&first)
	}
	s.last.add(r)
	return true
}

// settle replaces the last line by the sum of all lines of its key.
func (s *Sorter) settle() {
	if s.last.rec.Key == nil {
		return
	}
	last := &s.lines[len(s.lines)-1]
	s.text = s.last.rec.Append(s.text[:last.start])
	last.size = uint32(len(s.text)) - last.start
	s.last.rec = aggregate.Record{}
}

// record reads a line, which Add has printed.
func (s *Sorter) record(l line) aggregate.Record {
	r, _ := aggregate.Parse(s.bytes(l))
	return r
}

func (s *Sorter) bytes(l line) []byte { return s.text[l.start : l.start+l.size-1] }

func (s *Sorter) key(l line) []byte { return s.text[l.start:][:l.key] }

func (s *Sorter) sort() {
	s.settle()
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
	s.sort()
	err := s.addRun(func(run io.Writer) error {
		out := output{w: run, buf: make([]byte, 0, 80<<10)}
		lines := s.memory()
		for lines.Scan() {
			out.buf = append(append(out.buf, lines.Bytes()...), '\n')
			if err := out.flushFull(); err != nil {
				return err
			}
		}
		return cmp.Or(lines.Err(), out.flush())
	})
	s.text, s.lines, s.rising = s.text[:0], s.lines[:0], true
	return err
}

// AddSorted takes the union of sorted sources, as a run. check may add records to
// the Sorter instead of the rows that it drops.
func (s *Sorter) AddSorted(sources []*Source, check Check) error {
	return s.addRun(func(run io.Writer) error { return Write(run, sources, check, nil) })
}

// addRun adds a run. write may add others.
func (s *Sorter) addRun(write func(run io.Writer) error) error {
	if len(s.runs) >= s.most {
		if err := s.mergeRuns(); err != nil {
			return err
		}
	}
	f, err := unnamed.File(s.dir)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close() // has no name
		return err
	}
	s.runs = append(s.runs, f)
	return nil
}

// mergeRuns merges all runs into one.
func (s *Sorter) mergeRuns() error {
	old := Sorter{runs: s.runs}
	defer old.Close()
	s.runs = nil
	return s.AddSorted(old.sources(), s.shorten)
}

// sources returns the runs in files.
func (s *Sorter) sources() (all []*Source) {
	for _, f := range s.runs {
		all = append(all, NewRun(f))
	}
	return all
}

// Sources returns sorted sources of all that was added. The sources returned
// before are not valid any more.
func (s *Sorter) Sources() ([]*Source, error) {
	if len(s.runs) > 0 && len(s.lines) > 0 { // frees the memory of the last run, too
		if err := s.flush(); err != nil {
			return nil, err
		}
		s.text, s.lines = nil, nil
	}
	s.sort()
	return append(s.sources(), NewSealed(s.memory())), nil
}

// Close frees the runs.
func (s *Sorter) Close() {
	for _, f := range s.runs {
		f.Close() // has no name: nothing stays of it
	}
}

// memory returns the sorted lines in memory, one for each key.
func (s *Sorter) memory() *memoryRun { return &memoryRun{s: s, rest: s.lines} }

type memoryRun struct {
	s    *Sorter
	rest []line
	now  []byte
	row  Row // of several lines
	buf  []byte
	err  error
}

func (m *memoryRun) Scan() bool {
	if len(m.rest) == 0 || m.err != nil {
		return false
	}
	n := 1
	for !m.s.rising && n < len(m.rest) && m.rest[n].head == m.rest[0].head && bytes.Equal(m.s.key(m.rest[n]), m.s.key(m.rest[0])) {
		n++
	}
	if n == 1 {
		m.now = m.s.bytes(m.rest[0])
	} else {
		m.now = m.merge(m.rest[:n])
	}
	m.rest = m.rest[n:]
	return m.err == nil
}

// merge returns one line for the lines of one key.
func (m *memoryRun) merge(lines []line) []byte {
	sum := total{rec: m.s.record(lines[0])}
	for _, l := range lines[1:] {
		r := m.s.record(l)
		sum.addLater(&r)
	}
	m.row.Set(sum.record())
	m.err = m.s.shorten(&m.row)
	m.buf = m.row.append(m.buf[:0])
	return bytes.TrimSuffix(m.buf, []byte{'\n'})
}

func (m *memoryRun) Bytes() []byte { return m.now }
func (m *memoryRun) Err() error    { return m.err }
