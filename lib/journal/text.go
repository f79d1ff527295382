package journal

import (
	"bytes"

	"egress-monitor/lib/carrier"
	"egress-monitor/lib/stamp"
)

// text reads a line of one of the text forms. Most begin like the one before
// them: with a stamp, and with the host and tag of the kernel. All others are
// left to package carrier.
func (r *Reader) text(line []byte) bool {
	end := r.markAt + len(r.mark)
	if r.markAt == 0 || len(line) < end || string(line[r.markAt:end]) != string(r.mark) {
		return r.carried(line)
	}
	unix := r.second.unix
	if !r.second.is(line, r.markAt) {
		var n int
		var ok bool
		if unix, n, ok = r.stamp(line); !ok || n != r.markAt {
			return r.carried(line)
		}
		if line[0]-'0' <= 9 {
			r.second.keep(line[:n], unix)
		}
	}
	message := line[end:]
	if len(message) > 0 && message[0] < 'A' || len(message) > 0 && message[0] == '[' {
		message, _ = carrier.KernelMessage(message)
	}
	if len(message) == 0 || isRepeat(message[0]) || message[len(message)-1] == '\r' {
		return r.carried(line)
	}
	r.entry.Time, r.entry.Source, r.entry.Message, r.entry.Line = unix, Kernel, message, nil
	r.marked = true
	return true
}

// isRepeat reports whether a message that begins with c may mean others.
func isRepeat(c byte) bool { return c == 'm' || c == 'l' || c == 'L' || c == '-' }

// stamp reads the stamps that can be read fast.
func (r *Reader) stamp(line []byte) (unix int64, n int, ok bool) {
	switch c := line[0]; {
	case c-'0' <= 9 && len(line) > 4 && line[4] == '-' && !r.Strict:
		unix, n, ok = stamp.ISO(line)
		const whole = len("2006-01-02T15:04:05")
		return unix, n, ok && line[whole] != ',' && !stamp.HasNanos(line[whole:n])
	case c-'0' <= 9:
		return stamp.Seconds(line)
	case r.Strict:
		return 0, 0, false
	}
	unix, ok = r.Clock.Unix(line)
	return unix, fraction(line, stamp.Len), ok
}

// carried reads any line.
func (r *Reader) carried(line []byte) bool {
	l := &r.carrierLine
	if r.Strict && !isEpoch(line) {
		if line[0] != ' ' {
			r.lines.Skip(carrier.ErrForm)
		}
		return false
	}
	r.carrier.Clock, r.carrier.Boot, r.carrier.Assumed = r.Clock, r.Boot, r.Assumed
	ok, err := r.carrier.Parse(line, l)
	switch {
	case err == carrier.ErrContinued && r.Continued != nil:
		r.Continued(line, err)
	case err != nil && err != carrier.ErrContinued:
		r.lines.Skip(err)
	}
	if !ok {
		return false
	}
	if r.marked {
		r.host = append(r.host[:0], r.markHost()...)
	}
	same := bytes.Equal(r.host, l.Host)
	r.host, r.marked = append(r.host[:0], l.Host...), false
	r.entry = Entry{Time: l.Unix, Source: sourceOf(l), Message: l.Message, Line: l, SameHost: same}
	if r.entry.Source == Kernel {
		r.remember(line, l)
	}
	return true
}

// isEpoch reports whether a line begins as one of form short-unix does.
func isEpoch(line []byte) bool {
	_, n, ok := stamp.Seconds(line)
	return ok && n < len(line) && line[n] == ' '
}

func sourceOf(l *carrier.Line) Source {
	switch {
	case l.Kernel():
		return Kernel
	case l.Journald():
		return Journald
	}
	return Other
}

// remember keeps the part between stamp and message if it is a host and "kernel: ",
// as in most lines.
func (r *Reader) remember(line []byte, l *carrier.Line) {
	const mark = "kernel: "
	_, n, ok := r.stamp(line)
	if !ok || n >= len(line) || line[n] != ' ' {
		return
	}
	b, size := line[n+1:], 0
	if len(l.Host) > 0 {
		size = len(l.Host) + 1
	}
	if size > 0 && (!bytes.HasPrefix(b, l.Host) || len(b) < size || b[size-1] != ' ') || !bytes.HasPrefix(b[size:], []byte(mark)) {
		return
	}
	r.mark, r.markAt = append(r.mark[:0], line[n:n+1+size+len(mark)]...), n
}

// fraction returns the end of the fraction of a second that may begin at b[n].
func fraction(b []byte, n int) int {
	if n+1 < len(b) && b[n] == '.' && b[n+1]-'0' <= 9 {
		for n++; n < len(b) && b[n]-'0' <= 9; n++ {
		}
	}
	return n
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// A second is a stamp in digits with its time. Many lines are of the second of the line
// before them: their stamps differ only in the fraction (12 % of ipparse for short-unix,
// 16 % for ISO 8601).
type second struct {
	stamp    []byte
	from, to int // the digits of the fraction
	unix     int64
}

// is reports whether a line begins with a stamp of n bytes of the same second.
func (s *second) is(line []byte, n int) bool {
	return n == len(s.stamp) && string(line[:s.from]) == string(s.stamp[:s.from]) &&
		isDigits(line[s.from:s.to]) && (s.to == n || string(line[s.to:n]) == string(s.stamp[s.to:]))
}

func (s *second) keep(stamp []byte, unix int64) {
	s.stamp, s.unix = append(s.stamp[:0], stamp...), unix
	s.from = bytes.IndexByte(stamp, '.') + 1
	if s.from == 0 {
		s.from = len(stamp)
	}
	for s.to = s.from; s.to < len(stamp) && stamp[s.to]-'0' <= 9; {
		s.to++
	}
}
