package carrier

import (
	"bytes"
	"strconv"

	"egress-monitor/lib/stamp"
)

// tai64n reads a stamp of multilog, s6-log t or svlogd -t (tai64nlocal(8)): @, and
// 24 hexadecimal digits: 2^62 + 10 + the seconds since 1970, and nanoseconds.
func (p *Parser) tai64n(l *Line, b []byte) error {
	const size = len("@400000006b03f3b6075bcd15")
	if len(b) <= size || b[0] != '@' || b[1] != '4' || b[size] != ' ' {
		return stamp.ErrNone
	}
	label, err := strconv.ParseUint(string(b[1:17]), 16, 64)
	if err != nil || label-1<<62 > 1<<33 {
		return stamp.ErrNone
	}
	p.after(l, bytes.TrimLeft(b[size:], " "), stamp.Stamp{Unix: int64(label-1<<62) - 10, Form: stamp.Exact})
	return nil
}

// socklog reads "daemon.info: LINE", which socklog prints (src/socklog.c), and
// svlogd or s6-log behind a stamp.
func (p *Parser) socklog(l *Line, b []byte) error {
	f, rest, ok := socklogWord(b)
	if !ok {
		return stamp.ErrNone
	}
	l.setFacility(f)
	return p.record(l, rest)
}

// socklogWord takes off "daemon.info: ".
func socklogWord(b []byte) (f Facility, rest []byte, ok bool) {
	const longest = len("authpriv.warning: ")
	if len(b) == 0 || b[0] < 'a' {
		return 0, b, false
	}
	n := bytes.IndexByte(b[:min(len(b), longest)], ':')
	if n < 0 || n+1 >= len(b) || b[n+1] != ' ' {
		return 0, b, false
	}
	if f, ok = facilityName(b[:n]); !ok {
		return 0, b, false
	}
	return f, bytes.TrimLeft(b[n+1:], " "), true
}
