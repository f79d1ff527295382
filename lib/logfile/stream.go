package logfile

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"egress-monitor/lib/unpack"
)

const (
	chunk = 128 << 10 // size of all buffers, in bytes

	// zstdWindow is the largest window that a zstd file may ask for: that of
	// zstd -22. zstd(1) refuses a larger one by default.
	zstdWindow = 128 << 20
)

// errDamaged is the error for compressed text that is damaged from some byte on.
var errDamaged = errors.New("damaged")

// A stream reads the text of a compressed segment, from its beginning.
type stream struct {
	src  source
	text io.Reader
	stop func()
	buf  []byte
	pos  int64
	head []byte // the first window bytes of the text
	tail []byte // the last window bytes before pos
}

// A source is a file as an io.Reader. It keeps its own error, which must not be
// taken for damaged text.
type source struct {
	file *os.File
	pos  int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.file.ReadAt(p, s.pos)
	s.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	if err != io.EOF {
		s.err = err
	}
	return n, err
}

// newStream returns a stream of an open compressed file.
func newStream(f *os.File, c codec) (*stream, error) {
	s := &stream{src: source{file: f}, stop: func() {}, buf: make([]byte, chunk)}
	in := bufio.NewReaderSize(&s.src, 64<<10)
	var err error
	switch c {
	case gzipped:
		s.text, err = gzip.NewReader(in)
	case bzipped:
		s.text = bzip2.NewReader(in)
	case zstandard:
		var d *zstd.Decoder
		d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
		if err == nil {
			s.text, s.stop = d, d.Close
		}
	case xzipped: // by a program: the Go library takes as much memory as the file's header asks for
		var p *unpack.Program
		p, err = unpack.Start("xz", &s.src)
		if err == nil {
			s.text, s.stop = p, p.Close
		}
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *stream) explain(err error) error {
	if s.src.err != nil {
		return s.src.err
	}
	return fmt.Errorf("%w (%v)", errDamaged, err)
}

// next returns the next bytes of the text, at most limit; io.EOF after them.
func (s *stream) next(limit int64) ([]byte, error) {
	for {
		n, err := s.text.Read(s.buf[:min(limit, chunk)])
		b := s.buf[:n]
		s.pos += int64(n)
		s.head = append(s.head, b[:min(n, window-len(s.head))]...)
		s.tail = append(s.tail, b[max(0, n-window):]...)
		s.tail = append(s.tail[:0], s.tail[max(0, len(s.tail)-window):]...)
		if n > 0 {
			return b, nil
		}
		if err == io.EOF {
			return nil, err
		}
		if err != nil {
			return nil, s.explain(err)
		}
	}
}

// skip reads on to off; it returns io.EOF if the text ends before.
func (s *stream) skip(off int64) error {
	for s.pos < off {
		if _, err := s.next(off - s.pos); err != nil {
			return err
		}
	}
	return nil
}

// mark returns the mark at pos.
func (s *stream) mark(id uint32) mark { return newMark(s.pos, s.head, s.tail, id) }

// begun returns the head; nil for a stream that could not be begun.
func (s *stream) begun() []byte {
	if s == nil {
		return nil
	}
	return s.head
}
