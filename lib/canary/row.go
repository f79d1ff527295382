package canary

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"

	"egress-monitor/lib/aggregate"
)

// near is the number of bytes from which on the search reads line by line.
const near = 16 << 10

// find returns the row of a key in an aggregate, by binary search; an empty record
// if there is no such row.
func find(f *os.File, key string) (aggregate.Record, error) {
	info, err := f.Stat()
	if err != nil {
		return aggregate.Record{}, err
	}
	low, high := int64(0), info.Size() // the row, if there is one, begins in [low, high)
	for high-low > near {
		middle := (low + high) / 2
		start, found, err := keyAfter(f, middle, high)
		switch {
		case err != nil:
			return aggregate.Record{}, err
		case start >= high || bytes.Compare(found, []byte(key)) > 0:
			high = middle + 1 // the row that begins there or before: no later one
		default:
			low = start
		}
	}
	return scan(io.NewSectionReader(f, low, info.Size()-low), key)
}

// keyAfter returns where the first line after an offset begins, and its key. If no
// line begins before end, start is end or more.
func keyAfter(f *os.File, offset, end int64) (start int64, key []byte, err error) {
	r := bufio.NewReader(io.NewSectionReader(f, offset, 1<<62))
	for start = offset; ; {
		part, err := r.ReadSlice('\n')
		start += int64(len(part))
		if errors.Is(err, io.EOF) || start >= end {
			return max(start, end), nil, nil
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return 0, nil, err
		}
	}
	key, err = r.ReadSlice(' ')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, nil, err
	}
	return start, bytes.TrimSuffix(key, []byte(" ")), nil
}

// scan reads line by line up to the key or a greater one. It skips lines that are
// no records, and keeps no long ones in memory.
func scan(in io.Reader, key string) (aggregate.Record, error) {
	r := bufio.NewReader(in)
	want := []byte(key + " ")
	for {
		line, err := r.ReadSlice('\n')
		if bytes.HasPrefix(line, want) {
			if r, wrong := aggregate.Parse(bytes.TrimSuffix(line, []byte("\n"))); wrong == nil && err == nil {
				return r, nil
			}
		}
		if bytes.Compare(line, want) > 0 && !bytes.HasPrefix(line, want) || errors.Is(err, io.EOF) {
			return aggregate.Record{}, nil
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return aggregate.Record{}, err
		}
	}
}
