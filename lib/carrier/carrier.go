// Package carrier takes a log line off its carrier: what syslog daemons,
// journalctl, dmesg, containers and grep put in front of a message. It says
// when, on which host, by which program and with which number of a process a
// message was logged, as far as the line says so.
//
// A line is, with everything but the message optional:
//
//	wrapper PRI stamp facility host facility tag "[" pid "]: " message
//
// The forms, and what prints them:
//
//	<4>Nov 23 08:05:00 gw kernel: MESSAGE                     RFC 3164 §4; with PRI over the network only
//	<4>1 2026-11-23T08:05:00Z gw kernel - - [a@1 b="c"] MSG   RFC 5424 §6; RFC 6587 §3.4.1 puts its length in front
//	2026-11-23T08:05:00.979955+00:00 gw kernel: MESSAGE       rsyslog's RSYSLOG_FileFormat (tools/syslogd.c)
//	Nov 23 08:05:00 gw kern.warn kernel: MESSAGE              busybox syslogd (sysklogd/syslogd.c, timestamp_and_log)
//	Mon Nov 23 08:05:00 2026 kern.warn kernel: MESSAGE        OpenWrt logread (ubox log/logread.c, log_notify)
//	Nov 23 08:05:00 <kern.warn> gw kernel: MESSAGE            FreeBSD syslogd -v
//	Mon 2026-11-23 08:05:00 UTC gw dnsmasq.service[9]: MSG    journalctl -o with-unit (systemd, src/shared/logs-show.c)
//	[ 3940.030707] MESSAGE                                    dmesg (util-linux, sys-utils/dmesg.c), busybox dmesg
//	[ 3940.030707] [   T12] MESSAGE                           of a kernel with CONFIG_PRINTK_CALLER
//	[Mon Nov 23 08:05:00 2026] MESSAGE                        dmesg -T; with -d also "<    0.000123>" in the brackets
//	<4>[ 3940.030707] MESSAGE                                 dmesg -r
//	kern  :warn  : [ 3940.030707] MESSAGE                     dmesg -x
//	2026-11-23T08:05:00,030707+00:00 MESSAGE                  dmesg --time-format iso
//	4,1234,3940030707,-;MESSAGE                               /dev/kmsg (Documentation/ABI/testing/dev-kmsg), netconsole
//	[ 3940.030707] gw kernel: MESSAGE                         journalctl -o short-monotonic, short-delta
//	2026-11-23T08:05:00.123456789Z LINE                       docker logs -t, kubectl logs --timestamps
//	2026-11-23T08:05:00.123456789+00:00 stdout F LINE         the log files of containerd and cri-o
//	dnsmasq-1  | LINE, [pod/a/b] LINE                         docker compose logs, kubectl logs --prefix
//	kern.log:12:LINE, 12:LINE, 12<tab>LINE, > LINE            grep -Hn, cat -n, mail
//
// A message is what follows "tag: "; of the kernel's, the time since boot that
// syslog daemons leave in it, "<4>" of old klogds, and the caller are taken off.
// Two of rsyslog's and syslogd's own stand for others: see repeat.go.
//
// A line that is indented by more than a few columns goes on with the message
// before it, whatever it says: journalctl indents by the width of the header.
package carrier

import (
	"bytes"
	"errors"

	"egress-monitor/lib/stamp"
)

// A Line is a line without its carrier. Its slices are parts of it.
type Line struct {
	Unix     int64  // seconds since 1970
	Host     []byte // "" if it is not said
	Tag      []byte // the program; "" if it is not said
	PID      uint32 // 0 if it is not said
	Process  bool   // there was a number of a process, or what passes for one
	Facility Facility
	Bare     bool   // the kernel's own form: the message follows the stamp
	Relayed  bool   // the header is the second one, behind that of a relay, or in the log of a container
	Times    uint32 // how many messages it stands for
	Again    uint32 // as many as the message before it, of the same host
	Message  []byte // what follows the tag, or the header if there is no tag
	Text     []byte // what follows the host: the tag and the message
	Rest     []byte // what follows the stamp

	uptime  bool // the message began with the time since boot
	logread bool // a header of OpenWrt's logread
}

// Facility is who is said to have logged a message.
type Facility uint8

// Nobody is said to; the kernel; a user; a daemon, or another one.
const (
	Unsaid Facility = iota
	Kern
	User
	Daemon
)

// What is wrong with a line.
var (
	ErrForm = errors.New("not a line of a known log format")
	// ErrContinued is none: the line goes on with the message before it.
	ErrContinued = errors.New("part of the message before it: indented")

	// ErrPacked is compressed data behind lines, as of cat LOG LOG.1.gz.
	ErrPacked = errors.New("compressed data from here on: give the files as arguments, or what zcat -f FILES prints")
	ErrDate   = errors.New("a date that cannot be read (LC_ALL=C prints it in English, journalctl -o short-iso in digits)")
	ErrNoTime = errors.New("a line without a time (docker logs -t, journalctl -o short-iso, dmesg -T print it)")
	ErrBoot   = errors.New("seconds since a boot, and of another boot or machine: print it with its time (dmesg -T, journalctl -o short-iso)")
)

// A Parser reads lines.
type Parser struct {
	Clock *stamp.Clock
	Boot  func() int64 // when the kernel began to count seconds; 0 is not known

	// Assumed, if there is one, is told once of each thing that is taken for
	// granted and may be wrong.
	Assumed func(what string)

	assumed uint8
	depth   int // headers within headers
	boot    int64
	scratch []byte
}

// maxIndent is how far a line may be indented. The header of journalctl that is
// shortest is that of short-monotonic: 16 columns and the tag.
const maxIndent = 12

// Parse reads a line. If there is no error and ok is false, the line says
// nothing: it is empty, or a heading.
func (p *Parser) Parse(line []byte, l *Line) (ok bool, err error) {
	*l = Line{Times: 1}
	b := p.clean(line)
	if len(b) == 0 || isHeading(b) {
		return false, nil
	}
	if isContinuation(b) {
		return false, ErrContinued
	}
	indented := b[0] == ' ' || b[0] == '\t'
	b = bytes.TrimLeft(b, " \t")
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

// unwrapped reads a line, after taking off what was put in front of it.
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

// unknown is what is wrong with a line of none of the forms.
func unknown(b []byte) error {
	switch {
	case IsPacked(b):
		return ErrPacked
	case !isOfInterest(b):
		return ErrForm
	case hasClock(b):
		return ErrDate
	}
	return ErrNoTime
}

// IsPacked reports whether a line begins as a file of gzip, zstd or xz does.
func IsPacked(line []byte) bool {
	for _, magic := range [...]string{"\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\xfd7zXZ\x00"} {
		if bytes.HasPrefix(line, []byte(magic)) {
			return true
		}
	}
	return false
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

// isOfInterest reports whether a line looks like what the parsers count. Only of
// these does a message say why they have no time.
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

// Kernel says whether the line is the kernel's, as far as its carrier can tell.
func (l *Line) Kernel() bool {
	switch {
	case l.Relayed || l.Facility == Daemon:
		return false
	case l.Bare:
		return l.Facility != User
	case string(l.Tag) != kernel || l.Process:
		return false
	case l.Facility == User:
		// busybox klogd has this facility, since syslog(3) gives nobody the
		// kernel's. logger -t kernel has it as well, but not the time since boot.
		return l.uptime && !l.logread
	}
	return true
}

// Journald says whether the line is that of systemd-journald.
func (l *Line) Journald() bool {
	return string(l.Tag) == "systemd-journald" && l.Process && !l.Relayed
}
