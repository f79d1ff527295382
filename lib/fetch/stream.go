package fetch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"egress-monitor/lib/pulled"
)

// The lines after the two files of a stream.
const (
	endDomains = "-- end: " + pulled.Domains + "\n"
	endIPs     = "-- end: " + pulled.IPs + "\n"
)

var (
	errSize = errors.New("too many bytes")
	errCut  = errors.New("cut short")
)

// A stream writes the data to the two files, as it comes. The second file ends with an
// end mark, the last line of all. The same line before that is data, which no check of
// the file accepts.
type stream struct {
	dir string
	max int64

	file   *os.File // the one that is written
	second bool     // it is the second one
	size   int64    // of it
	held   []byte   // the beginning of a line, as long as it may be an end mark
	inside bool     // a line has begun that is no end mark
	last   bool     // the line before was endIPs
	err    error
}

func (s *stream) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && s.err == nil {
		piece := p
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			piece = p[:i+1]
		}
		p = p[len(piece):]
		s.take(piece)
	}
	return n, s.err
}

// take takes a line, or a piece of one.
func (s *stream) take(piece []byte) {
	ends := piece[len(piece)-1] == '\n'
	if s.inside {
		s.put(piece)
		s.inside = !ends
		return
	}
	s.held = append(s.held, piece...)
	if ends || !bytes.HasPrefix([]byte(endDomains), s.held) && !bytes.HasPrefix([]byte(endIPs), s.held) {
		s.line(s.held)
		s.held, s.inside = s.held[:0], !ends
	}
}

// line takes a line that may be an end mark, or the beginning of another line.
func (s *stream) line(line []byte) {
	if s.last {
		s.last = false
		s.put([]byte(endIPs)) // so it was not the end
	}
	switch {
	case string(line) == endDomains && !s.second:
		s.next()
	case string(line) == endIPs:
		s.last = true
	default:
		s.put(line)
	}
}

func (s *stream) put(b []byte) {
	if s.file == nil && s.err == nil {
		s.create(pulled.Domains)
	}
	if s.err != nil {
		return
	}
	if s.size += int64(len(b)); s.size > s.max {
		s.err = errSize
		return
	}
	_, s.err = s.file.Write(b)
}

// next goes to the second file.
func (s *stream) next() {
	s.put(nil) // the first one is there, if empty
	if s.err == nil {
		s.err = s.file.Close()
	}
	s.size, s.second = 0, true
	s.create(pulled.IPs)
}

func (s *stream) create(name string) {
	if s.err == nil {
		s.file, s.err = os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
}

// close ends the stream, and returns an error unless all of it came.
func (s *stream) close() error {
	if s.err == nil && s.last && !s.second {
		s.put([]byte(endIPs)) // of one file: let the reader of its rows say so
	}
	if s.err == nil && !s.last {
		s.err = errCut
	}
	if s.file != nil {
		s.err = errors.Join(s.err, s.file.Close())
	}
	return s.err
}
