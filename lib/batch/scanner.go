package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	// MaxLine is the longest line that is read, in bytes without its line
	// feed, unless the reader sets another. Longer ones are skipped, and
	// counted as such.
	MaxLine = 1 << 20

	// firstBuffer is enough for most polls. With 1 MiB the kernel would clear
	// 256 pages for a poll of ten lines.
	firstBuffer = 64 << 10
)

// The reasons for which a line is skipped without being read.
var (
	ErrLong = errors.New("too long")
	ErrHalf = errors.New("ends without a line feed")
)

// A Scanner reads the lines of a batch, from one input or several, in bounded
// memory. Its use is that of bufio.Scanner.
type Scanner struct {
	// Max is the longest line that is read.
	Max int
	// Buffer is the size of the first buffer.
	Buffer int
	// Plain means that the input has no trailer: all its lines are data.
	Plain bool
	// Through, if it is not nil, wraps each input of Open.
	Through func(io.Reader) io.Reader
	// Rejected, if it is not nil, gets each line that is skipped; of a line that
	// is too long only the part in the buffer.
	Rejected func(line []byte, why error)

	names []string  // inputs not opened yet
	name  string    // the one being read
	in    io.Reader // nil between two of them
	file  *os.File  // the one to be closed

	buf        []byte // buf[start:end] is read and not scanned
	start, end int
	whole      int // the end of the last whole line in buf[start:end]
	searched   int // how many of these bytes are known to have no line feed
	eof        bool

	line    []byte
	number  int
	trailer Trailer
	carried int // bytes of its carry lines
	ended   bool
	reread  bool
	skipped Skipped
	foreign bool // there was a line with a mark that is not ours
	err     error
}

// NewScanner reads from r, which messages call name.
func NewScanner(r io.Reader, name string) *Scanner {
	return &Scanner{Max: MaxLine, Buffer: firstBuffer, in: r, name: name}
}

const standardInput = "standard input"

// Open reads the named files as one stream. The name - is standard input, and so
// is no name at all.
func Open(names []string) *Scanner {
	if len(names) == 0 {
		return NewScanner(os.Stdin, standardInput)
	}
	return &Scanner{Max: MaxLine, Buffer: firstBuffer, names: names}
}

// Use sets the first buffer of the Scanner. The caller may use it again when the
// Scanner is done.
func (s *Scanner) Use(buffer []byte) { s.buf = buffer }

// Scan reads the next line of data. It returns false at the end of the last
// input, or at an error.
func (s *Scanner) Scan() bool {
	for !s.ScanReady() {
		if s.More() {
			continue
		}
		s.half()
		if !s.open() {
			return false
		}
	}
	return true
}

// ScanReady is Scan for lines that are already in the buffer. It returns false
// if the next line needs More.
func (s *Scanner) ScanReady() bool {
	for {
		line, ok := s.cut()
		switch {
		case !ok:
			return false
		case !s.Plain && IsMark(line):
			s.note(line)
		default:
			if s.trailer.Cursor != "" || len(s.trailer.Carry) > 0 || s.ended {
				s.noTrailer()
			}
			s.line = line
			return true
		}
	}
}

// Back takes the line back: the next Scan returns it again.
func (s *Scanner) Back() {
	s.start -= len(s.line) + 1
	s.number--
}

// IsMark reports whether a line belongs to the batch itself ("-- …"), and is not
// data.
func IsMark(line []byte) bool {
	return len(line) >= len(mark) && line[0] == '-' && string(line[:len(mark)]) == mark
}

// Ready returns the whole lines in the buffer after the current one. They are
// valid until More.
func (s *Scanner) Ready() []byte { return s.buf[s.start:max(s.start, s.whole)] }

// Advance skips the first lines of Ready, which are n bytes.
func (s *Scanner) Advance(n, lines int) {
	s.start += n
	s.searched = 0
	s.number += lines
}

// note adds a line that begins with mark to the trailer.
func (s *Scanner) note(line []byte) {
	t := &s.trailer
	switch string(line) {
	case endMark:
		s.ended = true
		return
	case rereadMark:
		s.reread = true
	}
	if text, ok := bytes.CutPrefix(line, []byte(carryMark)); ok && t.Cursor == "" && s.carried+len(text) <= maxCarry {
		t.Carry = append(t.Carry, string(text))
		s.carried += len(text)
		return
	}
	if text, ok := bytes.CutPrefix(line, []byte(cursorMark)); ok && t.Cursor == "" && ValidCursor(text) {
		t.Cursor = string(text)
		return
	}
	s.noTrailer()
	s.foreign = true
}

// noTrailer forgets lines that looked like a trailer: another line followed.
func (s *Scanner) noTrailer() {
	s.trailer.Carry, s.trailer.Cursor, s.carried, s.ended = s.trailer.Carry[:0], "", 0, false
}

// cut returns the next line in the buffer. ok is false if no whole line is left.
func (s *Scanner) cut() (line []byte, ok bool) {
	for {
		i := bytes.IndexByte(s.buf[s.start+s.searched:s.end], '\n')
		if i < 0 {
			s.searched = s.end - s.start
			return nil, false
		}
		line = s.buf[s.start : s.start+s.searched+i]
		s.start += len(line) + 1
		s.searched = 0
		s.number++
		if len(line) <= s.Max {
			return line, true
		}
		s.reject(line, ErrLong)
	}
}

// More reads more input after the buffered bytes. It may move them, so slices
// returned earlier become invalid. It returns false at the end of the input, or
// at an error.
func (s *Scanner) More() bool {
	if s.in == nil && !s.open() {
		return false
	}
	if s.end-s.start > s.Max && len(s.Ready()) == 0 {
		s.discardLine()
		return true
	}
	return s.fill()
}

// half skips the bytes after the last line feed of an input.
func (s *Scanner) half() {
	if s.err == nil && s.end > s.start {
		s.number++
		s.reject(s.buf[s.start:s.end], ErrHalf)
		s.start = s.end
	}
	s.searched = 0
}

// discardLine reads to the end of a line that is too long.
func (s *Scanner) discardLine() {
	s.searched = 0
	s.number++
	s.reject(s.buf[s.start:s.end], ErrLong)
	for {
		if i := bytes.IndexByte(s.buf[s.start:s.end], '\n'); i >= 0 {
			s.start += i + 1
			return
		}
		s.start = s.end
		if !s.fill() {
			return
		}
	}
}

// fill reads more of the current input to the end of the buffer.
func (s *Scanner) fill() bool {
	if s.eof {
		return false
	}
	if s.start == s.end {
		s.start, s.end, s.whole = 0, 0, 0
	}
	if s.end == len(s.buf) {
		s.room()
	}
	for range 100 {
		n, err := s.in.Read(s.buf[s.end:])
		if i := bytes.LastIndexByte(s.buf[s.end:s.end+n], '\n'); i >= 0 {
			s.whole = s.end + i + 1
		}
		s.end += n
		if err == io.EOF {
			s.eof = true
		} else if err != nil {
			s.err = fmt.Errorf("%s: %w", s.name, cause(err))
			return false
		}
		if n > 0 || s.eof {
			return n > 0
		}
	}
	s.err = fmt.Errorf("%s: %w", s.name, io.ErrNoProgress)
	return false
}

// room makes place at the end of the buffer. It moves the unread bytes to the
// front, or, if they fill more than half of the buffer, to one of twice the size.
func (s *Scanner) room() {
	to := s.buf
	if rest := s.end - s.start; rest > len(s.buf)/2 || len(s.buf) == 0 {
		to = make([]byte, max(s.Buffer, 2*len(s.buf)))
	}
	s.whole = max(0, s.whole-s.start)
	s.end = copy(to, s.buf[s.start:s.end])
	s.start, s.buf = 0, to
}

// open opens the next input. It returns false if all were read, or at an error.
func (s *Scanner) open() bool {
	if s.err != nil {
		return false
	}
	s.Close()
	if len(s.names) == 0 {
		return false
	}
	s.name, s.names = s.names[0], s.names[1:]
	s.number, s.eof, s.start, s.end, s.whole = 0, false, 0, 0, 0
	f := os.Stdin
	if s.name == "-" {
		s.name = standardInput
	} else if f, s.err = os.Open(s.name); s.err != nil {
		return false
	} else {
		s.file = f
	}
	if s.in = f; s.Through != nil {
		s.in = s.Through(f)
	}
	return true
}

// Close closes the current input, for callers that do not read it to its end.
func (s *Scanner) Close() {
	if s.file != nil {
		s.file.Close() // was only read
	}
	s.in, s.file = nil, nil
}

// cause strips "open NAME:" from an error: the message already names the input.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Read reads the bytes after the current line from the current input, for formats
// that are not made of lines alone. It invalidates Bytes.
func (s *Scanner) Read(p []byte) (int, error) {
	if s.start == s.end && !s.fill() {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := copy(p, s.buf[s.start:s.end])
	s.start += n
	return n, nil
}

// Place returns the name of the input and the number of the current line, for
// messages.
func (s *Scanner) Place() string { return fmt.Sprintf("%s: line %d", s.name, s.number) }

// Seen reports whether there was any line of data, usable or not, or a line such as
// journalctl's "-- No entries --".
func (s *Scanner) Seen() bool { return s.line != nil || s.skipped.Lines > 0 || s.foreign }

// Name returns the name of the current input, for messages.
func (s *Scanner) Name() string { return s.name }

// Bytes returns the line, without its line feed. It is valid until the next Scan.
func (s *Scanner) Bytes() []byte { return s.line }

// Err returns the first error of an input, or nil.
func (s *Scanner) Err() error { return s.err }

// Trailer returns the end of the batch, once Scan has returned false. Without
// an error and with no cursor the stream was cut short, or never had one.
func (s *Scanner) Trailer() Trailer {
	if s.err != nil || s.trailer.Cursor == "" {
		return Trailer{}
	}
	return s.trailer
}

// Ended reports whether "-- end" was among the last lines of the input, with only
// a trailer beside it, and no error came.
func (s *Scanner) Ended() bool { return s.ended && s.err == nil }

// Reread reports whether the current line may be one of earlier batches.
func (s *Scanner) Reread() bool { return s.reread }

// Buffered reports whether another line can be read without waiting for input.
func (s *Scanner) Buffered() bool { return len(s.Ready()) > 0 }

// Skip counts the current line as one that could not be used, for the reason why.
func (s *Scanner) Skip(why error) { s.reject(s.line, why) }

func (s *Scanner) reject(line []byte, why error) {
	if why == ErrLong || why == ErrHalf {
		s.noTrailer() // it is not the last line
	}
	if s.Rejected != nil {
		s.Rejected(line, why)
	}
	if s.skipped.Lines == 0 {
		s.skipped.First = fmt.Errorf("%s: line %d: %w", s.name, s.number, why)
	}
	s.skipped.Lines++
}

// Skipped returns the lines that could not be used so far.
func (s *Scanner) Skipped() Skipped { return s.skipped }

// Skipped counts lines that could not be used.
type Skipped struct {
	Lines int
	First error // the place and the cause of the first one
}

func (k Skipped) String() string {
	switch k.Lines {
	case 0:
		return "nothing skipped"
	case 1:
		return k.First.Error() + "; skipped"
	case 2:
		return k.First.Error() + "; skipped, and 1 more line"
	}
	return fmt.Sprintf("%v; skipped, and %d more lines", k.First, k.Lines-1)
}
