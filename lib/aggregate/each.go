package aggregate

import (
	"bytes"
	"fmt"
	"io"
)

// A Check sees each record before Merge writes it, and may change it. The
// record may be no more than its key, if nothing else was looked at: Len and
// Whole tell the rest.
type Check func(*Record) error

// Len is about how many bytes the record takes as a line.
func (r *Record) Len() int {
	if r.line != nil {
		return len(r.line)
	}
	return len(r.Key) + len(r.IPs) + len(" 0 2026-02-08T21:30:00Z ")
}

// Whole is the record with all its fields, and its addresses in order.
func (r Record) Whole() (Record, error) {
	if r.line == nil {
		return r, nil
	}
	return Parse(r.line)
}

// WithIPs is the record with other addresses.
func (r Record) WithIPs(list []byte) Record {
	r.IPs, r.line = list, nil
	return r
}

// WithKey is the record under another key.
func (r Record) WithKey(key []byte) Record {
	r.Key, r.line = key, nil
	return r
}

// Each calls do with each record of the union of sorted sources, in order. The
// record is good until do returns.
func Each(sources []*Source, do func(Record) error) error {
	m, err := newMerger(sources)
	if err != nil {
		return err
	}
	for {
		rec, err := m.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		whole, err := rec.Whole()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		if err := do(whole); err != nil {
			return err
		}
	}
}

// EachRow calls do with each row of what we have written ourselves, but for its
// addresses. What do is given is good until it returns.
func EachRow(lines Lines, do func(key []byte, count uint64, last []byte)) error {
	for lines.Scan() {
		line := lines.Bytes()
		k := bytes.IndexByte(line, ' ')
		d := k + 1
		for d < len(line) && line[d]-'0' <= 9 {
			d++
		}
		end := d + 1 + len(TimeLayout)
		if k <= 0 || end > len(line) {
			return fmt.Errorf("%w: %w", ErrChanged, errFields)
		}
		count, err := parseCount(line[k+1 : d])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		do(line[:k:k], count, line[d+1:end])
	}
	return lines.Err()
}
