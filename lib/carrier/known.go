package carrier

import (
	"bytes"

	"egress-monitor/lib/stamp"
)

// Most lines have the header of the line before them, with another time. Such a header
// is compared, and not read again (without that dnsparse takes 90 % more time for lines of
// rsyslog). The result must be the same, so a line is read in full wherever its message
// could change what its header means.

// known is a header: a stamp, a blank, and words up to a tag.
type known struct {
	stamp stamp.Stamp // one of its kind and length
	text  []byte      // what follows the stamp, up to the message
	host  []byte
	tag   []byte
	line  Line // with all parts that do not depend on the message and the time
}

// keep remembers the header of l, which begins with a stamp like s.
func (p *Parser) keep(l *Line, s stamp.Stamp) {
	n := len(p.line) - len(l.Message)
	switch {
	case p.depth != 1 || len(l.Rest)+1+s.Len != len(p.line) || n < 0 || len(l.Message) == 0:
		return // not the line's own header, or with more around it
	case string(l.Tag) == kernel || l.Rest[0] == '[' || l.Rest[0] == '{':
		return // the message, or what seems to be one, may begin with more of the header
	case len(l.Host) == 0 && !l.Process:
		return // see isHost
	}
	k := &p.known
	k.stamp = s
	k.text = append(k.text[:0], p.line[s.Len:n]...)
	k.host, k.tag = append(k.host[:0], l.Host...), append(k.tag[:0], l.Tag...)
	k.line = *l
	k.line.Host, k.line.Tag = k.host, k.tag
}

// isKnown reads a line with the known header.
func (p *Parser) isKnown(line []byte, l *Line) bool {
	k := &p.known
	from := k.stamp.Len
	n := from + len(k.text)
	if len(k.text) == 0 || len(line) <= n || string(line[from:n]) != string(k.text) || !isCertain(line[from:], line[n:]) {
		return false
	}
	s, err := p.Clock.Read(line)
	if err != nil || s.Len != from || s.Form != k.stamp.Form || s.Short != k.stamp.Short || s.Comma != k.stamp.Comma || s.Nanos != k.stamp.Nanos {
		return false
	}
	text := len(k.line.Rest) - len(k.line.Text)
	*l = k.line
	l.Unix, l.Message, l.Rest, l.Relayed = s.Unix, line[n:], line[from+1:], s.Nanos // see Parser.after
	l.Text = l.Rest[text:]
	return true
}

// isCertain reports whether a message cannot change what the header before it means,
// and is a message of its own. rest is both of them.
func isCertain(rest, message []byte) bool {
	switch message[0] {
	case 'm', 'l', 'L', '-', ' ', '\t': // see repeat
		return false
	}
	switch message[len(message)-1] {
	case '\r', 0:
		return false
	}
	// Bytes that clean takes off, and a second header.
	return bytes.IndexByte(message, 0x1b) < 0 && bytes.IndexByte(message, noBreak[0]) < 0 && !hasTime(rest[:min(len(rest), len(rest)-len(message)+64)])
}
