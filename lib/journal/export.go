package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Form export (systemd.io/JOURNAL_EXPORT_FORMATS; journalctl -o export). An
// entry is fields in any order, and an empty line:
//
//	__REALTIME_TIMESTAMP=1795421100980088
//	_TRANSPORT=kernel
//	SYSLOG_FACILITY=0
//	MESSAGE=EGRESS: IN= OUT=jn0 …
//
// A value with a byte that is not printable is binary: the name, a line feed,
// the length (64 bits, little-endian), the value, a line feed. Such a value can
// hold anything, also lines that look like this form.

const (
	// maxName bounds the name of a field, as journald does.
	maxName = 64
	// maxMessage is how much of a message is kept: a LOG line has at most 1016
	// bytes, and a message of megabytes is not one.
	maxMessage = 4096
)

var (
	errEntry = errors.New("entry cut short")
	errField = errors.New("neither a field nor the end of an entry")
	errTime  = errors.New("entry without a time")
)

// fields holds the fields of an entry that were read so far.
type fields struct {
	some    bool  // the entry has begun
	usec    int64 // 0 until it is known
	message []byte
	has     bool // a message
	origin
	details
}

// origin tells who wrote an entry. journald sets the transport itself, and
// only the kernel has the facility 0 in the transport of the kernel; without
// these fields (--output-fields) the caller of journalctl must have chosen, but for
// entries with a process.
type origin struct {
	foreign    bool // the transport is neither kernel's nor journald's
	driver     bool // the transport is journald's
	transport  bool // there is one
	facility   bool // one that is not the kernel's
	process    bool // a process wrote it
	isJournald bool // the identifier is systemd-journald's
}

func (f *fields) clear() {
	f.details.clear()
	*f = fields{message: f.message[:0], details: f.details}
}

func (o *origin) note(name, value []byte) {
	switch string(name) {
	case "_TRANSPORT":
		o.transport = true
		o.driver = string(value) == "driver"
		o.foreign = o.foreign || !o.driver && string(value) != "kernel"
	case "SYSLOG_FACILITY":
		o.facility = o.facility || string(value) != "0"
	case "_PID":
		o.process = true
	case "SYSLOG_IDENTIFIER":
		o.isJournald = string(value) == "systemd-journald"
	}
}

func (o *origin) source() Source {
	switch {
	case o.foreign:
		return Other
	case o.isJournald && o.transport:
		return Journald
	case o.driver || o.facility || o.process && !o.transport:
		return Other
	}
	return Kernel
}

// field reads a line of form export. It returns true at the end of an entry.
func (r *Reader) field(line []byte) bool {
	f := &r.open
	if len(line) == 0 {
		return r.finish()
	}
	f.some = true
	n := nameLen(line)
	switch {
	case n == 0 || n < len(line) && line[n] != '=':
		f.clear()
		r.lines.Skip(errField)
		return r.line(line) // begins something else
	case n == len(line):
		r.binary(line)
	default:
		r.noteField(f, line[:n], line[n+1:])
	}
	return false
}

// noteField notes a field whose value is text.
func (r *Reader) noteField(f *fields, name, value []byte) {
	switch string(name) {
	case "MESSAGE":
		if !f.has {
			f.has = true
			f.message = append(f.message, value[:min(len(value), maxMessage)]...)
		}
	case "__REALTIME_TIMESTAMP":
		f.usec = number(value)
	default:
		f.origin.note(name, value)
		if r.Details {
			f.details.note(name, value)
		}
	}
}

// binary reads a field whose value is binary. One that is wanted is a message;
// all others that matter are never binary.
func (r *Reader) binary(name []byte) {
	f := &r.open
	isMessage := string(name) == "MESSAGE" && !f.has
	if string(name) == "_TRANSPORT" || string(name) == "SYSLOG_FACILITY" {
		f.foreign = true // of nobody we know
	}
	if !r.read(r.scratch[:8]) {
		return
	}
	rest := binary.LittleEndian.Uint64(r.scratch[:8])
	if isMessage {
		f.has = true
		n := min(rest, maxMessage)
		f.message = append(f.message, make([]byte, n)...)
		if !r.read(f.message) {
			return
		}
		rest -= n
	}
	if r.discard(rest) && r.read(r.scratch[:1]) && r.scratch[0] != '\n' {
		r.lines.Skip(errField)
	}
}

// read fills p. Bytes are missing only at the end of the input.
func (r *Reader) read(p []byte) bool {
	_, err := io.ReadFull(r.lines, p)
	return err == nil
}

func (r *Reader) discard(n uint64) bool {
	for n > 0 {
		k := min(n, uint64(len(r.scratch)))
		if !r.read(r.scratch[:k]) {
			return false
		}
		n -= k
	}
	return true
}

// finish turns the fields into an entry.
func (r *Reader) finish() bool {
	f := &r.open
	defer f.clear()
	return r.make(f, f.message) && f.has
}

// make makes the entry of these fields and a message. It returns false if they have no
// time.
func (r *Reader) make(f *fields, message []byte) bool {
	if f.usec == 0 {
		r.lines.Skip(errTime)
		return false
	}
	r.entry = Entry{Time: f.usec / 1e6, Source: f.source(), Message: message}
	if r.Details {
		r.carrierLine = f.details.line(message)
		r.entry.Line = &r.carrierLine
	}
	return true
}

// isField reports whether an entry of form export begins with line. Such an
// entry begins with one of the journal's own fields (__CURSOR first, in all
// known versions); no other form has a line that begins with "__".
func isField(line []byte) bool {
	return len(line) > 2 && line[0] == '_' && line[1] == '_' && bytes.IndexByte(line[:min(len(line), maxName+1)], '=') == nameLen(line)
}

// nameLen returns how long the name of a field is that b begins with.
func nameLen(b []byte) int {
	for i, c := range b {
		if (c < 'A' || c > 'Z') && c != '_' && c-'0' > 9 {
			return i
		}
		if i == maxName {
			return 0
		}
	}
	return len(b)
}

// number reads a decimal number. It returns 0 for anything else.
func number(b []byte) (n int64) {
	if len(b) > 18 {
		return 0
	}
	for _, c := range b {
		if c-'0' > 9 {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
