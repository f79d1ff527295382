package journal

import (
	"bytes"

	"egress-monitor/lib/digits"
	"egress-monitor/lib/stamp"
)

// text reads a line of one of the text forms.
func (r *Reader) text(line []byte) bool {
	unix, n, bare, err := r.stamp(line)
	if err != nil || n >= len(line) || line[n] != ' ' {
		if err == nil {
			err = errForm
		}
		r.lines.Skip(err)
		return false
	}
	r.entry.Time = unix
	if bare {
		r.entry.Source, r.entry.Message = Kernel, line[n+1:]
	} else {
		r.entry.Source, r.entry.Message = r.source(line[n+1:])
	}
	return true
}

// stamp reads the time that a line begins with, and says how long that is, and
// whether the message follows it at once, as in dmesg.
func (r *Reader) stamp(line []byte) (unix int64, n int, bare bool, err error) {
	ok := false
	switch c := line[0]; {
	case c == '[':
		unix, n, ok = uptime(line)
		return unix + r.Boot(), n, true, formIf(ok)
	case c-'0' <= 9 && len(line) > 4 && line[4] == '-':
		unix, n, ok = stamp.ISO(line)
		return unix, n, ok && line[len("2006-01-02T15:04:05")] == ',', stampIf(ok)
	case c-'0' <= 9:
		unix, n, ok = r.seconds(line)
		return unix, n, false, formIf(ok)
	case len(line) > 4 && line[3] == ' ' && line[4]-'0' <= 9 && len(line) > 8 && line[8] == '-':
		unix, n, ok = r.Clock.Full(line)
		return unix, n, false, stampIf(ok)
	}
	if unix, ok = r.Clock.Unix(line); !ok {
		return 0, 0, false, errForm
	}
	return unix, fraction(line, stamp.Len), false, nil
}

func formIf(ok bool) error {
	if ok {
		return nil
	}
	return errForm
}

func stampIf(ok bool) error {
	if ok {
		return nil
	}
	return errStamp
}

// microseconds are what systemd and the kernel print, and a space.
var microseconds = digits.Between(".000000 ", ".999999 ")

// fraction is where the fraction of a second ends that may stand at b[n].
func fraction(b []byte, n int) int {
	if n+8 <= len(b) {
		if _, ok := microseconds.Match(b[n:]); ok {
			return n + len(".000000")
		}
	}
	if n < len(b) && b[n] == '.' {
		for n++; n < len(b) && b[n]-'0' <= 9; n++ {
		}
	}
	return n
}

// seconds is seconds, with a memory.
func (r *Reader) seconds(b []byte) (unix int64, n int, ok bool) {
	if len(b) > len(r.second) && string(b[:len(r.second)]) == string(r.second[:]) {
		return r.secondTime, fraction(b, len(r.second)-1), true
	}
	unix, n, ok = seconds(b)
	if ok && n > len(r.second) && b[len(r.second)-1] == '.' {
		r.second, r.secondTime = [len(r.second)]byte(b), unix
	}
	return unix, n, ok
}

// seconds reads 1795421100.980088.
func seconds(b []byte) (unix int64, n int, ok bool) {
	for n < len(b) && n <= 12 && b[n]-'0' <= 9 {
		unix = unix*10 + int64(b[n]-'0')
		n++
	}
	end := fraction(b, n)
	return unix, end, n <= 12 && end > n
}

// uptime reads [ 3940.030707].
func uptime(b []byte) (unix int64, n int, ok bool) {
	n = 1
	for n < len(b) && b[n] == ' ' {
		n++
	}
	unix, size, ok := seconds(b[n:])
	n += size
	if !ok || n >= len(b) || b[n] != ']' {
		return 0, 0, false
	}
	return unix, n + 1, true
}

const (
	kernelMark   = "kernel: "
	journaldMark = "systemd-journald["
)

// source takes the host and the identifier off what follows a time stamp. A
// host never ends with a colon: with --no-hostname that would be a process's
// number, and its message could begin with "kernel: ".
func (r *Reader) source(b []byte) (Source, []byte) {
	if len(r.mark) > 0 && len(b) >= len(r.mark) && string(b[:len(r.mark)]) == string(r.mark) {
		return Kernel, afterUptime(b[len(r.mark):])
	}
	if s, msg := identifier(b); s != Other {
		return s, msg
	}
	i := bytes.IndexByte(b, ' ')
	if i < 0 || i > 0 && b[i-1] == ':' {
		return Other, nil
	}
	s, msg := identifier(b[i+1:])
	if s == Kernel {
		r.mark = append(r.mark[:0], b[:i+1+len(kernelMark)]...)
	}
	return s, msg
}

func identifier(b []byte) (Source, []byte) {
	if len(b) >= len(kernelMark) && string(b[:len(kernelMark)]) == kernelMark {
		return Kernel, afterUptime(b[len(kernelMark):])
	}
	if len(b) >= len(journaldMark) && string(b[:len(journaldMark)]) == journaldMark {
		n := len(journaldMark)
		for n < len(b) && b[n]-'0' <= 9 {
			n++
		}
		if msg, ok := bytes.CutPrefix(b[n:], []byte("]: ")); ok && n > len(journaldMark) {
			return Journald, msg
		}
	}
	return Other, nil
}

// afterUptime takes the time since boot off, which kern.log has before a
// message.
func afterUptime(msg []byte) []byte {
	if len(msg) > 0 && msg[0] == '[' {
		if _, n, ok := uptime(msg); ok && n < len(msg) && msg[n] == ' ' {
			return msg[n+1:]
		}
	}
	return msg
}
