package merge

import (
	"bytes"
	"fmt"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/keysort"
)

// Rounds is the union of many sorted files, as lines in order.
//
// Merging row by row reads from another file at nearly every row, so with a
// thousand files each access misses the CPU cache. A round takes all rows up to
// a key from one file after the other, sums them in a table, and sorts the keys
// of the table: a thousand hosts of which most rows have the same keys merge in a
// fifth of the time. A round ends at the largest key up to which the rows of all
// files are in memory.
//
// Memory: the buffers of the files, and 200 bytes for each key of a round. The
// text of a round stays in those buffers until the next round begins.
type Rounds struct {
	inputs    []*input
	low, high []byte // the round has the keys after low, up to high
	final     bool   // the last round: it has all keys after low

	table table
	order []keysort.Key // the entries of the table
	next  int           // index of the next one in order

	line []byte
	buf  []byte
	err  error
}

// NewRounds merges files. Lines that are not records are skipped.
func NewRounds(files []*batch.Scanner) *Rounds {
	m := &Rounds{table: newTable()}
	for _, f := range files {
		m.inputs = append(m.inputs, &input{in: f})
	}
	return m
}

// Scan goes to the next line. It returns false at the end or at an error, which
// is ErrOrder if a file is not sorted.
func (m *Rounds) Scan() bool {
	for m.next == len(m.order) {
		if m.final || m.err != nil {
			return false
		}
		if m.err = m.round(); m.err != nil {
			return false
		}
	}
	e := &m.table.all[m.order[m.next].ID]
	m.next++
	if m.line = e.line; m.line == nil {
		m.buf = e.record().Append(m.buf[:0])
		m.line = m.buf[:len(m.buf)-1]
	}
	return true
}

// Bytes returns the line, without its line feed. It is valid until the next Scan.
func (m *Rounds) Bytes() []byte { return m.line }

// Err returns the error that ended the lines, or nil.
func (m *Rounds) Err() error { return m.err }

func (m *Rounds) round() error {
	m.table.reset()
	if err := m.bounds(); err != nil {
		return err
	}
	for _, f := range m.inputs {
		if err := m.take(f); err != nil {
			return err
		}
	}
	m.sort()
	return nil
}

func (m *Rounds) sort() {
	m.order, m.next = slices.Grow(m.order[:0], len(m.table.all)), 0
	for i := range m.table.all {
		m.order = append(m.order, keysort.Key{Head: keysort.HeadOf(m.table.key(uint32(i))), ID: uint32(i)})
	}
	keysort.Sort(m.order, m.table.key)
}

// bounds reads on, and sets the bounds of the next round.
func (m *Rounds) bounds() error {
	m.low, m.high, m.final = append(m.low[:0], m.high...), m.high[:0], true
	for _, f := range m.inputs {
		if err := f.fill(m.low); err != nil {
			return err
		}
		if !f.ended && (m.final || bytes.Compare(f.last, m.high) < 0) {
			m.high, m.final = append(m.high[:0], f.last...), false
		}
	}
	return nil
}

// beyond reports whether a key belongs to a later round.
func (m *Rounds) beyond(key []byte) bool { return !m.final && bytes.Compare(key, m.high) > 0 }

// take takes the rows of the round from one file.
func (m *Rounds) take(f *input) error {
	if f.next != nil && m.beyond(f.next) {
		return nil
	}
	f.next = nil
	for {
		m.takeKnown(f)
		if !f.scan() {
			return nil
		}
		if err := m.takeLine(f); err != nil || f.next != nil {
			return err
		}
	}
}

// takeLine takes one line of any kind. If its key belongs to a later round,
// takeLine puts the line back and sets f.next.
func (m *Rounds) takeLine(f *input) error {
	line := f.in.Bytes()
	r, err := aggregate.Parse(line)
	switch {
	case err != nil:
		f.in.Skip(err)
		return nil
	case m.beyond(r.Key):
		f.next = r.Key
		f.in.Back()
		return nil
	case bytes.Compare(r.Key, f.prev) <= 0:
		return fmt.Errorf("%s: %q: %w", f.in.Name(), r.Key, ErrOrder)
	}
	f.prev = r.Key
	hash := m.table.hash(r.Key)
	if e := m.table.find(r.Key, hash); e != nil {
		m.table.add(e, &r)
	} else {
		m.table.insert(r, line, hash)
	}
	return nil
}

// takeKnown adds rows whose keys and addresses are already in the table. Bytes
// that are equal to validated ones need no validation, and comparing them also
// finds the end of the line. Most rows of a fleet are such: without this, merging
// a thousand hosts takes up to 1.6 times as long.
func (m *Rounds) takeKnown(f *input) {
	ready := f.in.Ready()
	rest, rows := ready, 0
	for {
		k := bytes.IndexByte(rest, ' ')
		if k <= 0 {
			break
		}
		key := rest[:k:k]
		e := m.table.find(key, m.table.hash(key))
		if e == nil || bytes.Compare(key, f.prev) <= 0 {
			break
		}
		n := e.addKnown(rest[k+1:])
		if n == 0 {
			break
		}
		f.prev, rest = key, rest[k+1+n:]
		rows++
	}
	f.in.Advance(len(ready)-len(rest), rows)
}

// An input is one of the files.
type input struct {
	in    *batch.Scanner
	ended bool   // all of it is in memory
	last  []byte // the key of the last record in memory
	next  []byte // the next key, if it belongs to a later round
	prev  []byte // the previous key
	kept  []byte // memory for prev when its text goes
}

// fill reads on, if little is in memory, until there is a record for the next
// round.
func (f *input) fill(low []byte) error {
	if f.ended || len(f.in.Ready()) > f.in.Buffer*3/8 && bytes.Compare(f.last, low) > 0 {
		return nil
	}
	f.kept = append(f.kept[:0], f.prev...)
	f.prev, f.next = f.kept, nil
	for f.in.More() {
		if f.last = lastKey(f.in.Ready()); f.last != nil {
			return nil
		}
		f.skipReady()
	}
	f.ended = true
	return f.in.Err()
}

// skipReady skips the lines in memory, none of which is a record.
func (f *input) skipReady() {
	for f.in.ScanReady() {
		_, err := aggregate.Parse(f.in.Bytes())
		f.in.Skip(err)
	}
}

// scan goes to the next line in memory. Only at the end of the file it reads on,
// since reading replaces the text of the round.
func (f *input) scan() bool {
	if f.ended {
		return f.in.Scan() // reports half a line at the end, too
	}
	return f.in.ScanReady()
}

// lastKey returns the key of the last record among lines, or nil.
func lastKey(lines []byte) []byte {
	for len(lines) > 0 {
		i := bytes.LastIndexByte(lines[:len(lines)-1], '\n') + 1
		line := lines[i : len(lines)-1]
		if r, err := aggregate.Parse(line); err == nil && !batch.IsMark(line) {
			return r.Key
		}
		lines = lines[:i]
	}
	return nil
}
