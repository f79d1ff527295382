// Package journal reads log entries in the forms in which the kernel's messages
// reach a text file or a pipe. Which one it is it finds out by itself, line by
// line.
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
//	export             NAME=value lines, an empty line after each entry; export.go
//	json               an object a line; json.go
//
// With --no-hostname "vm " is missing. An entry of a process has its number
// ("sshd[94]: "), one of the kernel has none. A message of several lines goes
// on in lines that begin with a space. Not read are short-monotonic (a time
// since some boot) and cat (no time).
//
// rsyslog's kern.log, in its traditional and its present form, repeats the time
// since boot:
//
//	Nov 23 08:05:00 vm kernel: [ 3940.030707] MESSAGE
//	2026-11-23T08:05:00.979955+00:00 vm kernel: [ 3940.030707] MESSAGE
//
// dmesg (util-linux, sys-utils/dmesg.c), and dmesg --time-format iso:
//
//	[ 3940.030707] MESSAGE
//	2026-11-23T08:05:00,030707+00:00 MESSAGE
//
// In the text forms nothing is escaped, and who wrote an entry is only told by
// its identifier: a process cannot be rid of its number there, but root can
// write to /dev/kmsg. export and json say it for certain.
package journal

import (
	"errors"

	"egress-monitor/lib/stamp"
)

// Lines is where the lines come from: a batch.Scanner.
type Lines interface {
	Scan() bool
	Bytes() []byte
	Read([]byte) (int, error) // what follows the line, as it stands
	Skip(why error)           // counts a line that could not be used
}

// A Source is who wrote an entry.
type Source uint8

// Other is anybody, Kernel the kernel itself, Journald systemd-journald.
const (
	Other Source = iota
	Kernel
	Journald
)

// An Entry is one message, good until the next one is read.
type Entry struct {
	Time    int64 // seconds since 1970
	Source  Source
	Message []byte // its first line in the text forms, its first 4 KiB in export
}

// What is wrong with a line that belongs to no entry.
var (
	errForm  = errors.New("not a line of a known log format")
	errStamp = errors.New("time stamp cannot be read")
)

// A Reader reads entries.
type Reader struct {
	Clock stamp.Clock  // for stamps without a year or a zone
	Boot  func() int64 // when the kernel began to count, for dmesg; 0 is not known

	lines   Lines
	entry   Entry
	open    fields // the entry of form export whose lines are being read
	scratch [4096]byte

	// What most lines have in common with the one before: the second, as
	// short-unix has it, and the host and identifier of the kernel.
	second     [11]byte
	secondTime int64
	mark       []byte
}

// NewReader reads the entries of lines.
func NewReader(lines Lines) *Reader {
	return &Reader{lines: lines, Boot: func() int64 { return 0 }}
}

// Next goes to the next entry. It returns false when there are no more lines.
func (r *Reader) Next() bool {
	for r.lines.Scan() {
		if r.line(r.lines.Bytes()) {
			return true
		}
	}
	if r.open.some {
		r.open.clear()
		r.lines.Skip(errEntry)
	}
	return false
}

// line reads a line. It returns true if it is, or ends, an entry.
func (r *Reader) line(line []byte) bool {
	switch {
	case r.open.some || isField(line):
		return r.field(line)
	case len(line) == 0 || line[0] == ' ' || line[0] == '\t':
		return false // a message goes on, or an entry of form export has ended
	case line[0] == '{':
		return r.object(line)
	}
	return r.text(line)
}

// Entry is the current entry.
func (r *Reader) Entry() *Entry { return &r.entry }
