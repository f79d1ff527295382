package main

import (
	"errors"
	"fmt"
	"slices"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/carrier"
	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/overlooked"
	"egress-monitor/lib/transact"
)

// lines is the input for package journal: a line in no known form is reported as not
// being dnsmasq's.
type lines struct{ *batch.Scanner }

func (l lines) Skip(why error) {
	if why == carrier.ErrForm {
		why = dnsmasq.ErrHead
	}
	l.Scanner.Skip(because(why, l.Scanner))
}

// mostQuoted is how many bytes of a line the messages about single lines quote.
const mostQuoted = 60

// because adds the line to the first error, which is the only one that is reported.
func because(err error, in *batch.Scanner) error {
	if in.Skipped().Lines > 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, overlooked.Quote(in.Bytes(), mostQuoted))
}

// line takes a line: of dnsmasq's own file, or of any other log.
func (s *stream) line(line []byte) {
	if s.inside {
		s.take(line)
		return
	}
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if err := s.log.Line(line); err != nil {
		s.other(line, err)
	}
}

// other takes a line that is not of dnsmasq's own file, or is damaged: err is the reason.
func (s *stream) other(line []byte, err error) {
	switch {
	case err == dnsmasq.ErrHead && dnsmasq.CutHead(line) > 0:
		s.broken(line, dnsmasq.ErrGlued)
	case err == dnsmasq.ErrHead || err == transact.ErrStamp:
		s.take(line)
	case errors.Is(err, dnsmasq.ErrGlued) || errors.Is(err, dnsmasq.ErrNUL):
		s.broken(line, err)
	default:
		s.in.Skip(because(err, s.in))
	}
}

// broken counts the certain part of a line that holds two, or NULs.
func (s *stream) broken(line []byte, why error) {
	s.in.Skip(because(why, s.in))
	for range 4 {
		rest, sure := dnsmasq.Rest(line)
		var l dnsmasq.Line
		err := l.Parse(rest)
		if err == nil && (sure || l.Kind == dnsmasq.Query && !s.log.IsAhead(l.Stamp)) {
			s.log.Line(rest)
			return
		}
		if line = rest; err != dnsmasq.ErrGlued && err != dnsmasq.ErrNUL {
			return
		}
	}
}

// take takes a line of any other log.
func (s *stream) take(line []byte) {
	ok := s.entries.Take(line)
	s.inside = s.entries.Inside()
	if ok {
		s.entry(s.entries.Entry())
	}
}

// entry takes an entry, which is a line without its carrier.
func (s *stream) entry(e *journal.Entry) {
	l := e.Line
	if l == nil { // a line of the kernel
		s.log.Interrupt()
		return
	}
	if s.command.Host != "" && string(l.Host) != s.command.Host {
		s.missed.OtherHost(l.Host)
		return
	}
	if l.Again > 0 && s.repeated(e) {
		return
	}
	if !s.trusts(l) {
		s.log.Interrupt()
		s.note(l)
		return
	}
	message, pid := l.Inner("dnsmasq")
	if err := s.log.Message(processOf(l.Host, pid), e.Time, message, l.Times); err != nil {
		s.in.Skip(because(err, s.in))
		s.second(message)
	}
}

// second takes the line that follows half a message, after NULs or glued to it: see
// broken.
func (s *stream) second(message []byte) {
	line, sure := dnsmasq.Rest(message)
	if sure {
		s.take(line)
		return
	}
	if len(line) == 0 || !s.entries.Take(line) {
		return
	}
	e := s.entries.Entry()
	l := e.Line
	if l == nil || l.Again > 0 || s.command.Host != "" && string(l.Host) != s.command.Host || !s.trusts(l) || e.Time > s.log.Clock().Present()+60 {
		return
	}
	var query dnsmasq.Line
	message, pid := l.Inner("dnsmasq")
	if query.ParseMessage(0, message) == nil && query.Kind == dnsmasq.Query {
		s.log.Message(processOf(l.Host, pid), e.Time, message, l.Times)
	}
}

// repeated counts "last message repeated N times". It returns false for another program's
// own message, and one whose last message is not known.
func (s *stream) repeated(e *journal.Entry) bool {
	l := e.Line
	if !l.ByDaemon() {
		return s.trusts(l) && s.log.RepeatOf(processOf(l.Host, l.PID), e.Time, l.Again)
	}
	if e.SameHost {
		s.log.Repeat(e.Time, l.Again)
	}
	return true
}

// trusts reports whether dnsmasq wrote a line, or a program that --tag names.
func (s *stream) trusts(l *carrier.Line) bool {
	if len(l.Tag) == 0 {
		return slices.Contains(s.command.Tag, "-")
	}
	return dnsmasq.IsTag(l.Tag) || slices.Contains(s.command.Tag, string(l.Tag))
}

// processOf returns a number for a process: its pid, changed by a hash of the host,
// because processes of two hosts may have one pid.
func processOf(host []byte, pid uint32) uint32 {
	if len(host) == 0 {
		return pid
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range host {
		h = (h ^ uint32(c)) * 16777619
	}
	return (pid ^ h) & (1<<31 - 1)
}
