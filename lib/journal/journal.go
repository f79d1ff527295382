// Package journal reads log entries from text, in the forms below. It recognises
// the form of each line by itself.
//
// journalctl (systemd, src/shared/logs-show.c; versions 247 to 257), all with
// the time at which journald received the message:
//
//	short-unix         1795421100.980088 vm kernel: MESSAGE
//	short              Nov 23 08:05:00 vm kernel: MESSAGE
//	short-precise      Nov 23 08:05:00.980088 vm kernel: MESSAGE
//	short-iso          2026-11-23T08:05:00+0000 vm kernel: MESSAGE     +00:00 from version 255
//	short-iso-precise  2026-11-23T08:05:00.980088+0000 vm kernel: MESSAGE
//	short-full         Mon 2026-11-23 08:05:00 UTC vm kernel: MESSAGE  with-unit is alike
//	short-monotonic    [ 3940.030707] vm kernel: MESSAGE               short-delta is alike; since some boot
//	export             NAME=value lines, an empty line after each entry; export.go
//	json               an object a line, or spread over several; json.go
//	verbose            a line with the time, and NAME=value lines, indented; verbose.go
//
// With --no-hostname "vm " is missing. An entry of a process has its number
// ("sshd[94]: "), one of the kernel has none. A message of several lines goes
// on in lines that begin with many spaces. Not read is cat, which has no time.
//
// All other lines are those of package carrier: syslog's, dmesg's, containers'.
//
// In the text forms nothing is escaped, and only its identifier tells which program
// wrote an entry. There a process cannot hide its number, but root can write to
// /dev/kmsg. In export, json and verbose the writer is certain.
package journal

import (
	"bytes"

	"egress-monitor/lib/carrier"
	"egress-monitor/lib/stamp"
)

// Lines is the source of the lines: a batch.Scanner.
type Lines interface {
	Scan() bool
	Bytes() []byte
	Read([]byte) (int, error) // reads the bytes after the line
	Skip(why error)           // counts a line that could not be used
	Back()                    // takes the line back: it is the next one again
}

// A Source is the writer of an entry.
type Source uint8

// Kernel is the kernel itself, Journald is systemd-journald, Other anybody else.
const (
	Other Source = iota
	Kernel
	Journald
)

// An Entry is one message. It is valid until the next one is read.
type Entry struct {
	Time    int64 // seconds since 1970
	Source  Source
	Message []byte // its first line in the text forms, its first 4 KiB in export

	// Line holds the rest of the header: always for an Other line of text; for
	// entries in export, json and verbose if the Reader has Details set.
	Line *carrier.Line

	SameHost bool // the host is that of the entry before; for a Line with Again
}

// Times returns how many messages the entry means.
func (e *Entry) Times() uint32 {
	if e.Line == nil {
		return 1
	}
	return e.Line.Times
}

// A Reader reads entries.
type Reader struct {
	Clock *stamp.Clock // for stamps without a year or a zone
	Boot  func() int64 // when the kernel began to count, for dmesg; nil or 0: not known

	// Assumed is called once for each assumption that may be wrong.
	Assumed func(what string)
	// Continued is called for each line that goes on with a message.
	Continued func(line []byte, why error)
	// Strict: only lines of form short-unix are entries.
	Strict  bool
	Details bool // entries say which program wrote them, in all forms

	lines   Lines
	entry   Entry
	open    fields // the entry of form export whose lines are being read
	shown   fields // that of form verbose
	spare   []byte
	pretty  []byte // the lines of an object that were read so far,
	indent  int    // and the columns that its braces are indented
	scratch [4096]byte

	carrier     carrier.Parser
	carrierLine carrier.Line
	host        []byte // of the last entry of text, unless it began with
	marked      bool   // the mark

	// The parts that most lines share with the one before: the second, and the host
	// and identifier of the kernel, with the index of the latter.
	second second
	mark   []byte
	markAt int
}

// NewReader reads the entries of lines.
func NewReader(lines Lines) *Reader {
	return &Reader{Clock: &stamp.Clock{}, lines: lines}
}

// Next goes to the next entry. It returns false when there are no more lines.
func (r *Reader) Next() bool {
	for r.lines.Scan() {
		if r.Take(r.lines.Bytes()) {
			return true
		}
	}
	return r.End()
}

// Take reads the current line of the Lines. It returns true if that is, or
// ends, an entry.
func (r *Reader) Take(line []byte) bool {
	if r.Inside() {
		return r.inside(line)
	}
	if len(line) > 0 && line[0]-'0' <= 9 { // most that are many
		return r.text(line)
	}
	return r.line(line)
}

// Inside reports whether an entry of several lines has begun. The next line may be
// part of it.
func (r *Reader) Inside() bool { return r.open.some || len(r.pretty) > 0 || r.shown.some }

// inside reads a line of an entry that has begun.
func (r *Reader) inside(line []byte) bool {
	switch {
	case r.open.some:
		return r.field(line)
	case len(r.pretty) > 0:
		return r.morePretty(line)
	case len(line) == 0:
		return false
	}
	if is, ok := r.verbose(line); is {
		return ok
	}
	if r.endVerbose() {
		r.lines.Back()
		return true
	}
	return r.line(line)
}

// End ends an entry that has begun, when there are no more lines. It returns true if
// that is an entry.
func (r *Reader) End() bool {
	if r.open.some || len(r.pretty) > 0 {
		r.open.clear()
		r.pretty = r.pretty[:0]
		r.lines.Skip(errEntry)
	}
	return r.endVerbose()
}

// line reads a line that begins something.
func (r *Reader) line(line []byte) bool {
	if len(line) == 0 {
		return false // an entry of form export has ended
	}
	if r.Strict {
		return r.text(line)
	}
	if line[0] == '_' && isField(line) {
		return r.field(line)
	}
	switch line[0] {
	case '{', '}', '[', ']', ' ', '\t', 'd', separator:
		if isBracket(line) {
			return false
		}
		if object, ok := isObject(line); ok {
			return r.object(object)
		}
	}
	if line[len(line)-1] == ']' && bytes.IndexByte(line, '[') > 0 {
		if is, ok := r.verbose(line); is {
			return ok
		}
	}
	return r.text(line)
}

// IsOf reports whether the current entry names this host.
func (r *Reader) IsOf(host string) bool {
	if r.entry.Line != nil {
		return string(r.entry.Line.Host) == host
	}
	return string(r.markHost()) == host
}

// markHost returns the host in the mark.
func (r *Reader) markHost() []byte {
	host, _, _ := bytes.Cut(bytes.TrimPrefix(r.mark, []byte{' '}), []byte{' '})
	return bytes.TrimSuffix(host, []byte("kernel:")) // there was none
}

// Entry returns the current entry.
func (r *Reader) Entry() *Entry { return &r.entry }
