package main

import (
	"bytes"
	"errors"
	"fmt"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/carrier"
	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/overlooked"
)

var question = []byte("query[")

// note counts a line of another program if it looks like a query.
func (s *stream) note(l *carrier.Line) {
	s.runs = s.runs || bytes.HasPrefix(l.Tag, []byte("dnsmasq"))
	if !bytes.Contains(l.Rest, question) {
		s.recognise(s.in.Bytes())
		return
	}
	s.missed.Count(append([]byte("t"), l.Tag...), s.in.Bytes(), func() string { return describe(l) })
}

// describe returns the reason why a line with query[ was not counted.
func describe(l *carrier.Line) string {
	tag, name := overlooked.Shell(string(l.Tag)), overlooked.Printable(l.Tag)
	if len(l.Tag) == 0 {
		tag, name = "-", "a program without a name"
	}
	var line dnsmasq.Line
	if message, _ := l.Inner("dnsmasq"); line.ParseMessage(0, message) == nil && line.Kind == dnsmasq.Query {
		return fmt.Sprintf("with questions that %s logged (if that is a dnsmasq: --tag=%s)", name, tag)
	}
	return "with query[ in messages of " + name
}

// recognise checks whether a line is of a log that is often taken for dnsmasq's, as long
// as nothing was counted: then that is the reason.
func (s *stream) recognise(line []byte) {
	if !s.printed && !s.log.Counted() {
		s.missed.Recognise(line)
	}
}

// isDamage reports whether a line was damaged, which no option can change.
func isDamage(why error) bool {
	for _, err := range [...]error{batch.ErrHalf, batch.ErrLong, dnsmasq.ErrGlued, dnsmasq.ErrNUL} {
		if errors.Is(why, err) {
			return true
		}
	}
	return false
}

// rejected counts a line that could not be used if it looks like a query.
func (s *stream) rejected(line []byte, why error) {
	s.missed.Rejected(line)
	if !bytes.Contains(line, question) {
		s.recognise(line)
		return
	}
	if isDamage(why) {
		return
	}
	s.bad++
	cause := why
	for errors.Unwrap(cause) != nil {
		cause = errors.Unwrap(cause)
	}
	s.missed.Count([]byte(cause.Error()), line, func() string { return "with query[ that could not be read: " + cause.Error() })
}
