package carrier

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/stamp"
)

// header reads the rest of a line after its stamp: facility, host, tag, each of
// which may be missing, and the message.
func (p *Parser) header(l *Line, b []byte, s stamp.Stamp) {
	l.Rest = b
	b = l.facilityWord(skipMillis(b))
	if bytes.HasPrefix(b, []byte("last message repeated ")) {
		l.Text = b
		l.setMessage(b)
		return
	}
	tag, pid, process, msg, ok := tagOf(b)
	if ok && !l.isHost(tag, process, b, msg, s.Form == stamp.Epoch) {
		l.Text = b
		l.setTag(tag, pid, process, msg)
		p.keep(l, s)
		return
	}
	l.Host, b = token(b)
	if tag, pid, ok := oddTag(l.Host); ok {
		l.Host, l.Text = nil, l.Rest
		l.setTag(tag, pid, true, b)
		return
	}
	l.Host = bytes.TrimSuffix(l.Host, []byte{':'})
	said := l.Facility
	b = l.facilityWord(b)
	l.busybox = s.Form == stamp.Undated && said == Unsaid && l.Facility != Unsaid
	l.Text = b
	if p.relayed(l, s, b) {
		return
	}
	if tag, pid, process, msg, ok := tagOf(b); ok {
		l.setTag(tag, pid, process, msg)
		p.keep(l, s)
	} else if tag, procid, msg, ok := fields5424(b); ok {
		l.setTag(tag, procid, string(procid) != "-", msg)
	} else {
		l.setMessage(b)
	}
}

// isHost reports whether "word: ", which looks like a tag, is a host. An address is
// a host, and so is a word without a process number before the kernel's or
// dnsmasq's tag: programs that print no host print process numbers.
func (l *Line) isHost(word []byte, process bool, b, rest []byte, journal bool) bool {
	if process || string(word) == kernel {
		return false
	}
	if isAddr(word) || isAddr(b[:len(word)+1]) {
		return true
	}
	if journal || l.Facility != Unsaid {
		return false
	}
	tag, _, process, _, ok := tagOf(rest)
	return ok && (string(tag) == kernel && !process || process && bytes.HasPrefix(tag, []byte("dnsmasq")))
}

func isAddr(b []byte) bool {
	if len(b) > 45 || len(b) < 2 || bytes.IndexByte(b, '.') < 0 && bytes.IndexByte(b, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(string(b))
	return err == nil
}

// relayed reads the header of the sender after that of a relay.
func (p *Parser) relayed(l *Line, s stamp.Stamp, b []byte) bool {
	if len(b) == 0 || !hasClock(b) {
		return false
	}
	inner := Line{Times: 1, Facility: l.Facility}
	last := p.Clock.Last
	if err := p.record(&inner, b); err != nil || inner.Bare {
		p.Clock.Last = last
		return false
	}
	if inner.Relayed = true; s.Form == stamp.Exact {
		inner.Unix = l.Unix
	}
	if len(inner.Host) == 0 {
		inner.Host = l.Host
	}
	*l = inner
	return true
}

// skipMillis takes off what logread -t prints: [1795421100.980].
func skipMillis(b []byte) []byte {
	if len(b) == 0 || b[0] != '[' {
		return b
	}
	_, whole := number(b[1:], 12)
	if whole < 9 || len(b) <= whole+6 || b[whole+1] != '.' || b[whole+5] != ']' {
		return b
	}
	return bytes.TrimLeft(b[whole+6:], " ")
}

// facilityWord takes off kern.warn, <kern.warn> or [kern.warn].
func (l *Line) facilityWord(b []byte) []byte {
	word, rest := token(b)
	if n := len(word); n > 2 && (word[0] == '<' && word[n-1] == '>' || word[0] == '[' && word[n-1] == ']' || word[0] == '(' && word[n-1] == ')') {
		word = word[1 : n-1]
	}
	f, ok := facilityName(word)
	if !ok {
		return b
	}
	l.setFacility(f)
	return rest
}

// setFacility notes a facility. A second one does not make a user's line the
// kernel's: the user may have written it.
func (l *Line) setFacility(f Facility) {
	if l.Facility == Unsaid || l.Facility == Kern {
		l.Facility = f
	}
}

// facilityName reads facility.level, as syslog(3) names them.
func facilityName(word []byte) (f Facility, ok bool) {
	name, level, ok := bytes.Cut(word, []byte{'.'})
	if !ok || !isLevel(level) {
		return 0, false
	}
	return facilityNamed(name)
}

func facilityNamed(name []byte) (f Facility, ok bool) {
	switch string(name) {
	case "kern":
		return Kern, true
	case "user":
		return User, true
	case "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security", "audit", "console", "alert", "clock",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7":
		return Daemon, true
	}
	return 0, false
}

func isLevel(b []byte) bool {
	switch string(b) {
	case "emerg", "panic", "alert", "crit", "err", "error", "warn", "warning", "notice", "info", "debug":
		return true
	}
	return false
}

// tagOf reads "tag: ", "tag[pid]: " and "tag[]: ". After the kernel's the blank may
// be missing.
func tagOf(b []byte) (tag, pid []byte, process bool, msg []byte, ok bool) {
	const longest = 128
	n := 0
	for n < len(b) && n < longest && isTagByte(b[n]) {
		n++
	}
	if n == 0 || n == len(b) {
		return nil, nil, false, nil, false
	}
	tag, rest := b[:n:n], b[n:]
	if rest[0] == '[' {
		end := bytes.IndexByte(rest[:min(len(rest), 40)], ']')
		if end < 0 {
			return nil, nil, false, nil, false
		}
		pid, rest = rest[1:end:end], rest[end+1:]
		process = len(pid) > 0
	}
	if len(rest) == 0 || rest[0] != ':' {
		return nil, nil, false, nil, false
	}
	rest = rest[1:]
	ok = len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || process || string(tag) == kernel && rest[0] != ':'
	return tag, pid, process, skipBlanks(rest), ok
}

// oddTag reads "tag[pid]:" in the place of a host, with any byte in the tag and of any
// length: a host has no process.
func oddTag(word []byte) (tag, pid []byte, ok bool) {
	i := bytes.LastIndexByte(word, '[')
	if i <= 0 || !bytes.HasSuffix(word, []byte("]:")) || i+3 >= len(word) {
		return nil, nil, false
	}
	return word[:i:i], word[i+1 : len(word)-2], true
}

func isTagByte(c byte) bool {
	return c-'0' <= 9 || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80 || c == '-' || c == '_' || c == '.' || c == '/' ||
		c == '(' || c == ')' || c == '@' || c == '+' || c == '\\' || c == '~' || c == '#' || c == '%' || c == '*' || c == '{' || c == '}'
}

// fields5424 reads "tag - - - message", the rest of a line of RFC 5424 without
// its PRI.
func fields5424(b []byte) (tag, procid, msg []byte, ok bool) {
	tag, b = token(b)
	procid, b = token(b)
	msgid, b := token(b)
	if string(msgid) != "-" || string(procid) != "-" && !isDigits(procid) {
		return nil, nil, nil, false
	}
	msg, ok = structured(b)
	return tag, procid, msg, ok
}

func isDigits(b []byte) bool {
	_, n := number(b, 10)
	return n > 0 && n == len(b)
}

func (l *Line) setTag(tag, pid []byte, process bool, msg []byte) {
	l.Tag = tag
	l.setPID(pid)
	l.Process = process
	l.setMessage(msg)
}

func (l *Line) setPID(b []byte) {
	l.Process = len(b) > 0
	if n, size := number(b, 10); size == len(b) && n < 1<<31 {
		l.PID = uint32(n)
	}
}

// setMessage sets the message; the kernel's without its time and caller.
func (l *Line) setMessage(msg []byte) {
	msg = skipBlanks(msg)
	if string(l.Tag) == kernel || len(l.Tag) == 0 {
		msg, l.uptime = KernelMessage(msg)
	}
	l.Message = msg
}
