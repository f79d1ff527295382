package carrier

import (
	"bytes"

	"egress-monitor/lib/stamp"
)

// maxDepth is how many headers a line may have, one after the other.
const maxDepth = 4

// A form reads one kind of header, and the message behind it. It returns
// stamp.ErrNone for a line of another kind.
type form func(p *Parser, l *Line, b []byte) error

// formsOf returns the forms of lines that begin with c, in the order in which they
// are tried. (stamped, which comes last, is for all.)
func formsOf(c byte) [2]form {
	switch {
	case c == '<':
		return [2]form{(*Parser).pri}
	case c == '[':
		return [2]form{(*Parser).bracket}
	case c == '@':
		return [2]form{(*Parser).tai64n}
	case c-'0' <= 9:
		return [2]form{(*Parser).kmsg}
	case c >= 'a':
		return [2]form{(*Parser).decoded, (*Parser).socklog}
	}
	return [2]form{}
}

// record reads a line from its PRI or stamp on, in the first of the forms that
// knows it. It returns stamp.ErrNone if none does.
func (p *Parser) record(l *Line, b []byte) (err error) {
	if p.depth == maxDepth || len(b) == 0 {
		return stamp.ErrNone
	}
	p.depth++
	err = p.first(l, b)
	p.depth--
	return err
}

func (p *Parser) first(l *Line, b []byte) error {
	for _, form := range formsOf(b[0]) {
		if form == nil {
			break
		}
		if err := form(p, l, b); err != stamp.ErrNone {
			return err
		}
	}
	return p.stamped(l, b)
}

// pri reads <4> and what follows it.
func (p *Parser) pri(l *Line, b []byte) error {
	n, size := number(b[1:], 3)
	if b[0] != '<' || size == 0 || n > 191 || 1+size >= len(b) || b[1+size] != '>' {
		return stamp.ErrNone
	}
	l.setFacility(facilityOf(n >> 3))
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
	if p.depth > 1 && !s.Short && !(stamp.IsEnglishDay(b[:3]) && (b[3] == ' ' || b[3] == ',')) {
		return stamp.ErrNone // a host may be called so
	}
	rest := b[s.Len:]
	if len(rest) > 0 && rest[0] > ' ' {
		if rest[0] != ':' || len(rest) > 1 && rest[1] > ' ' {
			return stamp.ErrNone
		}
		rest = rest[1:] // as some print after their zone
	}
	rest = skipBlanks(rest)
	if s.Comma && s.Form == stamp.Exact && b[10] == 'T' { // dmesg's alone
		l.Unix = s.Unix
		p.bare(l, rest)
		return nil
	}
	p.after(l, rest, s)
	return nil
}

// after reads the line that follows a stamp.
func (p *Parser) after(l *Line, b []byte, s stamp.Stamp) {
	l.Unix = s.Unix
	rest, contained := skipStream(b)
	contained = contained || s.Nanos
	if s.Form == stamp.Exact {
		if r, ok := composed(rest); ok {
			rest, contained = r, true // docker service logs -t
		}
		r, labelled := skipLabels(rest)
		rest, contained = r, contained || labelled
	}
	if inner, ok := p.behind(l, s, rest); ok {
		*l = *inner
	} else {
		p.header(l, rest, s)
	}
	l.Relayed = l.Relayed || contained
}

// behind reads a whole line, with a stamp of its own, that follows a stamp, as in the
// logs of containers. The outer stamp wins if it has a zone; if not, a relay wrote
// it, not a container.
func (p *Parser) behind(l *Line, s stamp.Stamp, rest []byte) (inner *Line, ok bool) {
	facility, rest, logged := socklogWord(rest)
	if len(rest) == 0 || !logged && !hasClock(rest) && rest[0] != '[' {
		return nil, false
	}
	inner = &Line{Times: 1, Facility: l.Facility}
	if logged {
		inner.setFacility(facility)
	}
	last := p.Clock.Last
	err := p.record(inner, rest)
	if err != nil {
		p.Clock.Last = last
		if !logged {
			return nil, false
		}
		p.header(inner, rest, s)
	}
	inner.Relayed = inner.Relayed || !logged && (s.Form != stamp.Exact || inner.Bare)
	if err != nil || s.Form == stamp.Exact {
		inner.Unix = l.Unix
	}
	return inner, true
}

// skipStream takes off "stdout F " and the like, and reports whether it was there.
func skipStream(b []byte) (rest []byte, ok bool) {
	if bytes.HasPrefix(b, []byte("stdout ")) || bytes.HasPrefix(b, []byte("stderr ")) {
		if rest := b[len("stdout "):]; len(rest) > 2 && (rest[0] == 'F' || rest[0] == 'P') && rest[1] == ' ' {
			return rest[2:], true
		}
	}
	return b, false
}

// hasClock reports whether there is a time of day near the beginning. It rules most
// lines out quickly.
func hasClock(b []byte) bool {
	b = b[:min(len(b), 64)]
	if i := bytes.IndexByte(b[min(2, len(b)):], '='); i >= 0 {
		b = b[:2+i] // behind that may be a MAC address
	}
	return hasTime(b)
}

// hasTime reports whether b has a time of day in it.
func hasTime(b []byte) bool {
	for i := 2; i+3 < len(b); i++ {
		n := bytes.IndexByte(b[i:len(b)-3], ':')
		if n < 0 {
			return false
		}
		if i += n; b[i+3] == ':' && b[i-1]-'0' <= 9 && b[i+1]-'0' <= 9 && b[i+2]-'0' <= 9 {
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

// structured takes off the structured data: a dash, or elements in brackets. In their
// values a backslash escapes a quote or a bracket.
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

// token splits off the next word.
func token(b []byte) (word, rest []byte) {
	n := 0
	for n < len(b) && b[n] != ' ' && b[n] != '\t' {
		n++
	}
	return b[:n], skipBlanks(b[n:])
}

// skipBlanks is bytes.TrimLeft for blanks, which mostly are one or none.
func skipBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// number reads a decimal number of so many digits at most.
func number(b []byte, most int) (n uint64, size int) {
	for size < len(b) && size < most && b[size]-'0' <= 9 {
		n = n*10 + uint64(b[size]-'0')
		size++
	}
	return n, size
}
