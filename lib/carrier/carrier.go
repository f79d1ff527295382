package carrier

import (
	"bytes"
	"errors"

	"egress-monitor/lib/stamp"
)

// A Line is a log line taken apart. Its slices are parts of the line, and valid
// until the next one is parsed.
type Line struct {
	Unix     int64  // seconds since 1970
	Host     []byte // "" if the line names none
	Tag      []byte // the program; "" if the line names none
	PID      uint32 // 0 if the line names none
	Process  bool   // the tag has a process number, or something in its place
	Facility Facility
	Bare     bool   // the kernel's own form: the message follows the stamp
	Foreign  bool   // the envelope of the line, such as an object of JSON, names another writer than the kernel
	Relayed  bool   // the header is the second one, behind that of a relay, or in the log of a container (also docker logs -t)
	Times    uint32 // how many messages the line means
	Again    uint32 // how many repetitions of the message before it, of the same host: see ByDaemon
	Message  []byte // what follows the tag, or the header if there is no tag
	Text     []byte // what follows the host: the tag and the message
	Rest     []byte // what follows the stamp

	uptime  bool // the message began with the time since boot
	busybox bool // a header of busybox syslogd: no year, a host, a facility
}

// Facility is the part of the system that logged a message, as the line names it.
type Facility uint8

// Unsaid: the line names none. Daemon: a daemon, or any other.
const (
	Unsaid Facility = iota
	Kern
	User
	Daemon
)

// Errors of Parse.
var (
	ErrForm = errors.New("not a line of a known log format")
	// ErrContinued means that the line continues the message before it: nothing is
	// wrong with the line.
	ErrContinued = errors.New("part of the message before it: indented")

	ErrDate   = errors.New("a date that cannot be read (LC_ALL=C prints it in English, journalctl -o short-iso in digits)")
	ErrNoTime = errors.New("a line without a time (docker logs -t, journalctl -o short-iso, dmesg -T print it)")
	ErrBoot   = errors.New("seconds since a boot, and of another boot or machine: print it with its time (dmesg -T, journalctl -o short-iso)")
)

// A Parser reads lines.
type Parser struct {
	Clock *stamp.Clock
	Boot  func() int64 // the time of the boot, in seconds since 1970; 0 is not known

	// Assumed, if set, is called once for each assumption that may be wrong.
	Assumed func(what string)

	known   known
	line    []byte // the line that is read
	assumed uint8
	depth   int // headers within headers
	boot    int64
	scratch []byte
}

// maxIndent is how many columns a line may be indented. The shortest header of
// journalctl, that of short-monotonic, has 16 columns and the tag.
const maxIndent = 12

// Parse reads a line into l. If ok is false and err is nil, the line is empty or a
// heading.
func (p *Parser) Parse(line []byte, l *Line) (ok bool, err error) {
	if p.isKnown(line, l) {
		return true, nil
	}
	*l = Line{Times: 1}
	b := p.clean(line)
	p.line = line
	if len(b) == 0 || isHeading(b) {
		return false, nil
	}
	if isContinuation(b) {
		return false, ErrContinued
	}
	indented := b[0] == ' ' || b[0] == '\t'
	b = skipBlanks(b)
	err = p.unwrapped(l, b)
	switch {
	case err == stamp.ErrNone && indented:
		return false, ErrContinued
	case err == stamp.ErrNone:
		return false, unknown(b)
	case err == nil && len(l.Rest) == 0:
		return false, ErrForm // a stamp alone
	case err != nil:
		return false, err
	}
	l.repeat()
	return true, nil
}

// unwrapped takes wrappers off a line, and reads it.
func (p *Parser) unwrapped(l *Line, b []byte) error {
	contained := false
	for range 5 {
		err := p.record(l, b)
		l.Relayed = l.Relayed || contained
		if err != stamp.ErrNone {
			return err
		}
		rest, in, wrapped := unwrap(b)
		if !wrapped {
			break
		}
		*l = Line{Times: 1}
		b, contained = rest, contained || in
	}
	return stamp.ErrNone
}

// unknown returns the error for a line of none of the forms.
func unknown(b []byte) error {
	switch {
	case !isOfInterest(b):
		return ErrForm
	case hasClock(b):
		return ErrDate
	}
	return ErrNoTime
}

// Inner returns the message, and the process, of a program whose output docker's
// log drivers for syslog and the journal carry: "dnsmasq[1]: MESSAGE", also
// behind the stamp of dnsmasq's own file. If there is none, these are the line's.
func (l *Line) Inner(program string) (message []byte, pid uint32) {
	b := l.Message
	if len(b) > stamp.Len && b[3] == ' ' && b[9] == ':' && b[12] == ':' {
		b = bytes.TrimLeft(b[stamp.Len:], " ")
	}
	if !bytes.HasPrefix(b, []byte(program)) {
		return l.Message, l.PID
	}
	tag, digits, _, message, ok := tagOf(b)
	if !ok || string(tag) != program {
		return l.Message, l.PID
	}
	var inner Line
	inner.setPID(digits)
	return message, inner.PID
}

// isOfInterest reports whether a line looks like one that the parsers count. Only for
// these an error tells why they have no time.
func isOfInterest(b []byte) bool {
	for _, word := range [...]string{"query[", " DST=", " dnsmasq["} {
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	tag, _, _, _, ok := tagOf(new(Line).facilityWord(b))
	return ok && (string(tag) == kernel || bytes.HasPrefix(tag, []byte("dnsmasq")))
}

const kernel = "kernel"

// Kernel reports whether the kernel wrote the line, as far as its carrier tells.
func (l *Line) Kernel() bool {
	switch {
	case l.Relayed || l.Foreign || l.Facility == Daemon:
		return false
	case l.Bare:
		return l.Facility != User
	case string(l.Tag) != kernel || l.Process:
		return false
	case l.Facility == User:
		// busybox klogd has this facility with glibc, whose syslog(3) gives nobody
		// the kernel's. logger -t kernel has it as well, but by itself not the time
		// since boot. No other program writes the kernel's messages so.
		return l.uptime && l.busybox
	}
	return true
}

// Journald reports whether systemd-journald wrote the line.
func (l *Line) Journald() bool {
	return string(l.Tag) == "systemd-journald" && l.Process && !l.Relayed
}
