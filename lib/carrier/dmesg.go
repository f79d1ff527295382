package carrier

import (
	"bytes"
	"fmt"
	"time"

	"egress-monitor/lib/stamp"
)

// KernelMessage takes <4>, the time since boot and the caller off a message of the
// kernel. uptime reports whether the time was there.
func KernelMessage(msg []byte) (rest []byte, uptime bool) {
	for len(msg) > 0 {
		switch {
		case msg[0] == ' ':
			msg = msg[1:]
		case msg[0] == '<' && len(msg) > 2 && msg[1]-'0' <= 7 && msg[2] == '>':
			msg = msg[3:]
		case msg[0] == '[' && !uptime:
			_, n := uptimeLen(msg)
			if n == 0 {
				return msg, false
			}
			msg, uptime = msg[n:], true
		case msg[0] == '[':
			n := callerLen(msg)
			if n == 0 {
				return msg, true
			}
			return bytes.TrimLeft(msg[n:], " "), true
		default:
			return msg, uptime
		}
	}
	return msg, uptime
}

// uptimeOf reads [ 3940.030707], also with the difference to the line before in
// it: [ 3940.030707 <    0.000123>].
func uptimeOf(b []byte) (seconds int64, n int, ok bool) {
	from, n := uptimeLen(b)
	if n == 0 {
		return 0, 0, false
	}
	whole, _ := number(b[from:], 12)
	return int64(whole), n, true
}

// uptimeLen returns the length of such a time, or 0, and where its number begins.
func uptimeLen(b []byte) (from, n int) {
	from = 1
	for from < len(b) && b[from] == ' ' {
		from++
	}
	dot := digitsEnd(b, from)
	if dot == from || dot > from+12 || dot == len(b) || b[dot] != '.' {
		return 0, 0
	}
	n = digitsEnd(b, dot+1)
	if n == dot+1 || n > dot+10 {
		return 0, 0
	}
	if n < len(b) && b[n] == ' ' {
		n = skipDelta(b, n)
	}
	if n == len(b) || b[n] != ']' {
		return 0, 0
	}
	return from, n + 1
}

// digitsEnd returns the index of the first byte from n on that is no digit.
func digitsEnd(b []byte, n int) int {
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

// skipDelta goes past " <    0.000123 >".
func skipDelta(b []byte, n int) int {
	if n+1 < len(b) && b[n] == ' ' && b[n+1] == '<' {
		if end := bytes.IndexByte(b[n:min(len(b), n+32)], '>'); end > 0 {
			return n + end + 1
		}
	}
	return n
}

// callerLen returns the length of the caller that msg begins with, such as [T12] or
// [    C0], or 0.
func callerLen(msg []byte) int {
	n := 1
	for n < len(msg) && msg[n] == ' ' {
		n++
	}
	if n == len(msg) || msg[n] != 'T' && msg[n] != 'C' {
		return 0
	}
	_, size := number(msg[n+1:], 10)
	if n += 1 + size; size == 0 || n == len(msg) || msg[n] != ']' {
		return 0
	}
	return n + 1
}

// bracket reads a line of dmesg, or of journalctl -o short-monotonic.
func (p *Parser) bracket(l *Line, b []byte) error {
	if b[0] != '[' {
		return stamp.ErrNone
	}
	if seconds, n, ok := uptimeOf(b); ok {
		return p.sinceBoot(l, seconds, b[n:])
	}
	s, err := p.Clock.Read(b[1:])
	if err != nil {
		return err
	}
	n := skipDelta(b, s.Len+1)
	if n == len(b) || b[n] != ']' {
		return stamp.ErrNone
	}
	l.Unix = s.Unix
	if s.Short { // dmesg -T names the day of the week; others do not
		p.header(l, bytes.TrimLeft(b[n+1:], " "), s)
	} else {
		p.bare(l, b[n+1:])
	}
	return nil
}

// sinceBoot reads the rest of a line after the time since boot: a message, or a
// header and a message.
func (p *Parser) sinceBoot(l *Line, seconds int64, b []byte) (err error) {
	if l.Unix, err = p.uptime(seconds); err != nil {
		return err
	}
	inner := Line{Times: 1, Facility: l.Facility, Unix: l.Unix}
	p.header(&inner, bytes.TrimLeft(b, " "), stamp.Stamp{Form: stamp.Epoch})
	if len(inner.Tag) > 0 && !inner.Relayed && (inner.Process || string(inner.Tag) == kernel) && l.Facility == Unsaid {
		*l = inner
		return nil
	}
	p.bare(l, b)
	return nil
}

// bare takes the rest of a line as a message of the kernel's.
func (p *Parser) bare(l *Line, b []byte) {
	b = bytes.TrimLeft(b, " ")
	if n := 0; len(b) > 0 && b[0] == '[' {
		if n = callerLen(b); n > 0 {
			b = bytes.TrimLeft(b[n:], " ")
		}
	}
	l.Bare, l.Message, l.Text, l.Rest = true, b, b, b
}

// decoded reads a line of dmesg -x: "kern  :warn  : ", and a line of dmesg.
func (p *Parser) decoded(l *Line, b []byte) error {
	if b[0] < 'a' {
		return stamp.ErrNone // most lines begin with a date
	}
	name, rest, _ := bytes.Cut(b[:min(len(b), 24)], []byte{':'})
	level, _, ok := bytes.Cut(rest, []byte{':'})
	f, known := facilityNamed(bytes.TrimRight(name, " "))
	if !ok || !known || !isLevel(bytes.TrimRight(level, " ")) {
		return stamp.ErrNone
	}
	if b = bytes.TrimLeft(b[len(name)+len(level)+2:], " "); len(b) == 0 {
		return stamp.ErrNone
	}
	l.setFacility(f)
	if b[0] == '[' {
		return p.bracket(l, b)
	}
	s, err := p.Clock.Read(b)
	if err == nil {
		l.Unix = s.Unix
		p.bare(l, b[s.Len:])
	}
	return err
}

// kmsg reads a line of /dev/kmsg: priority, sequence, microseconds, flags.
func (p *Parser) kmsg(l *Line, b []byte) (err error) {
	if b[0]-'0' > 9 {
		return stamp.ErrNone
	}
	var value [3]uint64
	rest := skipRelease(b)
	for i := range value {
		n, size := number(rest, 19)
		if size == 0 || size == len(rest) || rest[size] != ',' {
			return stamp.ErrNone
		}
		value[i], rest = n, rest[size+1:]
	}
	end := bytes.IndexByte(rest, ';')
	if end < 0 || end > 64 || value[0] > 191 {
		return stamp.ErrNone
	}
	l.setFacility(facilityOf(value[0] >> 3))
	l.Unix, err = p.uptime(int64(value[2] / 1e6))
	p.bare(l, rest[end+1:])
	return err
}

// skipRelease takes off the kernel's version that netconsole may put in front:
// "6.12.1-arch1,".
func skipRelease(b []byte) []byte {
	n, dots := 0, 0
	for n < len(b) && n < 64 && isReleaseByte(b[n]) {
		if b[n] == '.' {
			dots++
		}
		n++
	}
	if dots == 0 || n == len(b) || b[n] != ',' {
		return b
	}
	return b[n+1:]
}

// isReleaseByte reports whether a release may hold c. A blank or a colon would let
// somebody write the rest of the line: 2026-11-23T08:05:00.9Z gw USER: TEXT,4,1,2,-;TEXT
func isReleaseByte(c byte) bool {
	return c-'0' <= 9 || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '-' || c == '_' || c == '+' || c == '~'
}

// uptime returns the time at which a kernel had run for so many seconds. A line does
// not name its kernel: this machine's is assumed.
func (p *Parser) uptime(seconds int64) (unix int64, err error) {
	if p.boot == 0 && p.Boot != nil {
		p.boot = p.Boot()
	}
	if p.boot == 0 {
		return 0, ErrBoot
	}
	now := p.Clock.Present()
	switch unix = p.boot + seconds; {
	case unix > now+86400:
		return 0, ErrBoot
	case unix > now:
		p.assume(1, fmt.Sprintf("%d seconds since boot, and this machine runs for %d: the line is of another boot or machine, and its time not known; taken as now (dmesg -T and journalctl -o short-iso print it)",
			seconds, now-p.boot))
		return now, nil
	}
	p.assume(0, fmt.Sprintf("seconds since boot: taken as those since this machine's, %s; of another boot or machine, or if it slept, they give wrong times (dmesg -T and journalctl -o short-iso print them)",
		time.Unix(p.boot, 0).UTC().Format(time.RFC3339)))
	return unix, nil
}

func (p *Parser) assume(kind int, what string) {
	if p.assumed&(1<<kind) == 0 && p.Assumed != nil {
		p.assumed |= 3 >> (1 - kind) // the second message includes the first
		p.Assumed(what)
	}
}
