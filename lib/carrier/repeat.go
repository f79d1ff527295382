package carrier

import "bytes"

// Syslog daemons replace a message that is the same as before by one of these:
//
//	message repeated 2 times: [ MESSAGE]    rsyslog (tools/syslogd.c, logmsgInternal); $RepeatedMsgReduction, on in Ubuntu
//	last message repeated 2 times           sysklogd, syslog-ng, FreeBSD, rsyslog's before version 5; by no program,
//	                                        or under the tag of the program whose message it was; of newer FreeBSD
//	                                        under "syslogd: ", without a process (syslogd.c, fprintlog_successive)
//	--- last message repeated 2 times ---   macOS
//	Last message 'MESSAGE' repeated 2 times, suppressed by syslog-ng on gw

const maxTimes = 1e6 // a larger count is taken as text

// repeat sets Times or Again if the message is one of these.
func (l *Line) repeat() {
	msg := l.Message
	if len(msg) == 0 {
		return
	}
	switch msg[0] {
	case 'm':
		l.messageRepeated(msg)
	case 'l', '-':
		l.lastRepeated(msg)
	case 'L':
		l.suppressed(msg)
	}
}

func (l *Line) messageRepeated(msg []byte) {
	rest, ok := bytes.CutPrefix(msg, []byte("message repeated "))
	n, size := number(rest, 7)
	if !ok || size == 0 || n == 0 || n > maxTimes {
		return
	}
	inner, ok := bytes.CutPrefix(rest[size:], []byte(" times: ["))
	if inner = bytes.TrimRight(inner, " "); !ok || len(inner) == 0 || inner[len(inner)-1] != ']' {
		return
	}
	l.Times = uint32(n)
	l.setMessage(inner[:len(inner)-1])
}

func (l *Line) lastRepeated(msg []byte) {
	msg = bytes.TrimPrefix(msg, []byte("--- "))
	rest, ok := bytes.CutPrefix(msg, []byte("last message repeated "))
	if !ok {
		return
	}
	n, size := number(rest, 7)
	if size > 0 && 0 < n && n <= maxTimes && bytes.HasPrefix(rest[size:], []byte(" time")) {
		l.Again = uint32(n)
	}
}

// ByDaemon reports whether a line with Again means the message before it, of any
// program. Otherwise it means the last message of its own program: no syslog daemon
// writes a process number there, nor the kernel's tag with a facility of others.
func (l *Line) ByDaemon() bool {
	if l.Process || l.Foreign {
		return false
	}
	switch string(l.Tag) {
	case kernel:
		return l.Facility == Unsaid || l.Facility == Kern
	case "", "syslogd", "last":
		return true
	}
	return false
}

// suppressed reads what syslog-ng writes with suppress() (lib/logwriter.c), under
// the program of the message.
func (l *Line) suppressed(msg []byte) {
	rest, ok := bytes.CutPrefix(msg, []byte("Last message '"))
	i := bytes.LastIndex(rest, []byte("' repeated "))
	if !ok || i < 0 {
		return
	}
	n, size := number(rest[i+len("' repeated "):], 7)
	if size > 0 && 0 < n && n <= maxTimes && bytes.Contains(rest[i:], []byte(" times, suppressed by syslog-ng")) {
		l.Times = uint32(n)
		l.setMessage(rest[:i])
	}
}
