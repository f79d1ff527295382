package aggregate

import "bytes"

// blocks are lines that are at hand many at a time, as batch.Scanner has them.
type blocks interface {
	Ready() []byte
	Advance(n, lines int)
}

// ahead is the lines at hand that follow the record just returned and come
// before all other keys, if they are of a sealed source.
//
// Five hundred new lines for a million rows leave 2,000 rows between two of them:
// so most of the rows are never looked at one by one.
func (m *merger) ahead() []byte {
	if !m.pending || m.h[0].blocks == nil {
		return nil
	}
	lines := m.h[0].blocks.Ready()
	if other := m.second(); other != nil && len(lines) > 0 {
		m.limit = append(append(m.limit[:0], other.rec.Key...), ' ')
		lines = lines[:lower(lines, m.limit)]
	}
	return lines
}

// goPast goes past lines of those.
func (m *merger) goPast(lines []byte) {
	if len(lines) > 0 {
		m.h[0].blocks.Advance(len(lines), bytes.Count(lines, []byte{'\n'}))
	}
}

// second is the source with the smallest key but for the front.
func (m *merger) second() *Source {
	switch {
	case len(m.h) < 2:
		return nil
	case len(m.h) > 2 && m.h[2].less(m.h[1]):
		return m.h[2].Source
	}
	return m.h[1].Source
}

// lower is how many bytes of sorted lines come before a key, behind which a space
// stands: it is smaller than every byte of a key, and so the order of lines is
// that of their keys.
func lower(lines, key []byte) int {
	if bytes.Compare(lines[:min(len(lines), len(key))], key) >= 0 {
		return 0
	}
	from, to := 0, len(lines) // the line that the key comes before begins in it, or at to
	for from < to {
		at := from + bytes.LastIndexByte(lines[from:(from+to)/2], '\n') + 1
		if rest := lines[at:]; bytes.Compare(rest[:min(len(rest), len(key))], key) >= 0 {
			to = at
		} else {
			from = at + bytes.IndexByte(rest, '\n') + 1
		}
	}
	return from
}
