package sighting

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// In a file a row is the length of what follows, the length of its key, the key,
// and what was seen, in numbers of a fixed size and a list of hosts.
const seenSize = 4 + 8 + 8 + 8

var order = binary.LittleEndian

func writeRun(f *os.File, rows []*Row) error {
	w := bufio.NewWriterSize(f, 256<<10)
	var buf []byte
	for _, row := range rows {
		buf = order.AppendUint32(buf[:0], 0)
		buf = order.AppendUint32(buf, uint32(len(row.Key)))
		buf = append(buf, row.Key...)
		for _, s := range row.Seen {
			buf = s.append(buf)
		}
		order.PutUint32(buf, uint32(len(buf)-4))
		w.Write(buf) // a bufio.Writer keeps its first error for Flush
	}
	return w.Flush()
}

func (s Seen) append(dst []byte) []byte {
	dst = order.AppendUint32(dst, s.Hosts)
	dst = order.AppendUint64(dst, s.Count)
	dst = order.AppendUint64(dst, uint64(s.Last))
	dst = order.AppendUint64(dst, uint64(s.Since))
	for _, host := range s.On {
		dst = order.AppendUint32(dst, host)
	}
	return dst
}

// read takes what was seen from the front of b, and returns the rest.
func (s *Seen) read(b []byte) []byte {
	s.Hosts, s.Count = order.Uint32(b), order.Uint64(b[4:])
	s.Last, s.Since = Stamp(order.Uint64(b[12:])), Stamp(order.Uint64(b[20:]))
	b = b[seenSize:]
	if s.Hosts > 0 {
		s.On = make([]uint32, s.Hosts)
	}
	for i := range s.On {
		s.On[i], b = order.Uint32(b), b[4:]
	}
	return b
}

type inFile struct {
	from *bufio.Reader
	buf  []byte
}

func readRun(f *os.File) run {
	return &inFile{from: bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 64<<10)}
}

var errShort = errors.New("what was put aside on disk came back cut short")

func (f *inFile) next() (*Row, error) {
	var size [4]byte
	if _, err := io.ReadFull(f.from, size[:]); err != nil {
		return nil, err // io.EOF at the end
	}
	n := int(order.Uint32(size[:]))
	if cap(f.buf) < n {
		f.buf = make([]byte, n)
	}
	b := f.buf[:n]
	if _, err := io.ReadFull(f.from, b); err != nil {
		return nil, errShort
	}
	key := 4 + int(order.Uint32(b))
	row := &Row{Key: string(b[4:key])}
	for kind, rest := 0, b[key:]; kind < len(row.Seen); kind++ {
		rest = row.Seen[kind].read(rest)
	}
	return row, nil
}
