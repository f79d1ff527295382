package carrier

import (
	"bytes"
	"strings"

	"egress-monitor/lib/stamp"
)

// maxDepth is how many headers may stand one behind the other.
const maxDepth = 4

// record reads a line from its PRI or stamp on. stamp.ErrNone says that there
// is none of these.
func (p *Parser) record(l *Line, b []byte) error {
	if p.depth == maxDepth {
		return stamp.ErrNone
	}
	p.depth++
	defer func() { p.depth-- }()
	switch c := b[0]; {
	case c == '<':
		return p.pri(l, b)
	case c == '[':
		return p.bracket(l, b)
	case c-'0' <= 9:
		if ok, err := p.kmsg(l, b); ok {
			return err
		}
	default:
		if rest, ok := decoded(l, b); ok {
			return p.decodedRecord(l, rest)
		}
	}
	return p.stamped(l, b)
}

// pri reads <4> and what follows it.
func (p *Parser) pri(l *Line, b []byte) error {
	n, size := number(b[1:], 3)
	if size == 0 || n > 191 || 1+size >= len(b) || b[1+size] != '>' {
		return stamp.ErrNone
	}
	l.Facility = facilityOf(n >> 3)
	b = b[size+2:]
	if len(b) > 2 && b[0]-'1' < 9 && b[1] == ' ' {
		return p.rfc5424(l, b[2:])
	}
	if b = bytes.TrimLeft(b, " "); len(b) == 0 || b[0] == '<' {
		return stamp.ErrNone
	}
	if b[0] == '[' {
		return p.bracket(l, b)
	}
	return p.stamped(l, b)
}

func facilityOf(code uint64) Facility {
	switch code {
	case 0:
		return Kern
	case 1:
		return User
	}
	return Daemon
}

// stamped reads a line that begins with a stamp.
func (p *Parser) stamped(l *Line, b []byte) error {
	s, err := p.Clock.Read(b)
	if err != nil {
		return err
	}
	if p.depth > 1 && !s.Short && !isEnglishDay(b) {
		return stamp.ErrNone // a host may be called so
	}
	rest := b[s.Len:]
	if len(rest) > 0 && rest[0] > ' ' {
		if rest[0] != ':' || len(rest) > 1 && rest[1] > ' ' {
			return stamp.ErrNone
		}
		rest = rest[1:] // as some print after their zone
	}
	l.Unix = s.Unix
	rest = bytes.TrimLeft(rest, " \t")
	if s.Comma && s.Form == stamp.Exact && b[10] == 'T' { // dmesg's alone
		p.bare(l, rest)
		return nil
	}
	l.logread = !s.Short && s.Form == stamp.Dated
	if inner, ok := p.behind(l, s, rest); ok {
		*l = inner
		return nil
	}
	p.header(l, rest, s)
	return nil
}

// isEnglishDay says whether b begins with a day of the week as ctime writes it.
func isEnglishDay(b []byte) bool {
	const days = "MonTueWedThuFriSatSun"
	i := strings.Index(days, string(b[:min(3, len(b))]))
	return len(b) > 3 && i >= 0 && i%3 == 0 && (b[3] == ' ' || b[3] == ',')
}

// behind reads the line that stands behind a stamp, if there is a whole line
// with a stamp of its own, as in the logs of containers. The outer stamp is the
// better one if it has a zone. One that has none is not a container's.
func (p *Parser) behind(l *Line, s stamp.Stamp, rest []byte) (inner Line, ok bool) {
	rest = skipStream(rest)
	if len(rest) == 0 || !hasClock(rest) && rest[0] != '[' {
		return inner, false
	}
	inner = Line{Times: 1, Facility: l.Facility}
	last := p.Clock.Last
	if err := p.record(&inner, rest); err != nil {
		p.Clock.Last = last
		return inner, false
	}
	inner.Relayed = inner.Relayed || s.Form != stamp.Exact || inner.Bare
	if s.Form == stamp.Exact {
		inner.Unix = l.Unix
	}
	return inner, true
}

// skipStream takes off "stdout F " and the like.
func skipStream(b []byte) []byte {
	if bytes.HasPrefix(b, []byte("stdout ")) || bytes.HasPrefix(b, []byte("stderr ")) {
		if rest := b[len("stdout "):]; len(rest) > 2 && (rest[0] == 'F' || rest[0] == 'P') && rest[1] == ' ' {
			return rest[2:]
		}
	}
	return b
}

// hasClock says whether a time of day stands near the beginning: a quick answer
// for most lines.
func hasClock(b []byte) bool {
	b = b[:min(len(b), 64)]
	for i := 2; i+3 < len(b); i++ {
		if b[i] == ':' && b[i+3] == ':' && b[i-1]-'0' <= 9 && b[i+1]-'0' <= 9 && b[i+2]-'0' <= 9 {
			return true
		}
	}
	return false
}

// rfc5424 reads what follows the version.
func (p *Parser) rfc5424(l *Line, b []byte) error {
	s, err := p.Clock.Read(b)
	if err != nil {
		if bytes.HasPrefix(b, []byte("- ")) {
			return ErrNoTime
		}
		return err
	}
	l.Unix = s.Unix
	l.Rest = bytes.TrimLeft(b[s.Len:], " ")
	var procid []byte
	l.Host, b = token(l.Rest)
	l.Text = b
	l.Tag, b = token(b)
	procid, b = token(b)
	_, b = token(b) // MSGID
	b, ok := structured(b)
	if !ok {
		return ErrForm
	}
	if string(l.Tag) == "-" {
		l.Tag = nil
	}
	l.setPID(procid)
	if string(procid) == "-" {
		l.Process = false
	}
	l.setMessage(bytes.TrimPrefix(b, bom))
	return nil
}

// structured takes off the structured data: a dash, or elements in brackets, in
// whose values a backslash takes away the meaning of a quote or a bracket.
func structured(b []byte) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '-' {
		return bytes.TrimLeft(b[1:], " "), len(b) == 1 || b[1] == ' '
	}
	for len(b) > 0 && b[0] == '[' {
		quoted, i := false, 1
		for ; i < len(b) && (quoted || b[i] != ']'); i++ {
			switch b[i] {
			case '\\':
				if quoted {
					i++
				}
			case '"':
				quoted = !quoted
			}
		}
		if i >= len(b) {
			return nil, false
		}
		b, ok = b[i+1:], true
	}
	return bytes.TrimLeft(b, " "), ok
}

// token is the next word, and what follows it.
func token(b []byte) (word, rest []byte) {
	n := 0
	for n < len(b) && b[n] != ' ' && b[n] != '\t' {
		n++
	}
	return b[:n], bytes.TrimLeft(b[n:], " \t")
}

// number reads a decimal number of so many digits at most.
func number(b []byte, most int) (n uint64, size int) {
	for size < len(b) && size < most && b[size]-'0' <= 9 {
		n = n*10 + uint64(b[size]-'0')
		size++
	}
	return n, size
}
