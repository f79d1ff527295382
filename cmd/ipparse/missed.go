package main

import (
	"bytes"
	"errors"
	"fmt"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/carrier"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/netfilter"
	"egress-monitor/lib/overlooked"
)

// missed counts the lines that look like LOG lines and were not counted.
type missed struct {
	command  *command
	in       *batch.Scanner
	out      *records
	lines    overlooked.Lines
	rejected int
	key      []byte
	prefix   []byte // of the last such line, if it was not counted because of it
}

// noPacket takes an entry of the kernel that is no LOG line, or a damaged one.
func (m *missed) noPacket(e *journal.Entry, err error) {
	if err != nil {
		m.in.Skip(err)
	} else if n := len(m.prefix); n > 0 && bytes.HasPrefix(e.Message, m.prefix) && bytes.HasPrefix(e.Message[n:], []byte("IN=")) {
		m.lines.Again() // another of the same rule
	} else {
		m.note(e)
	}
}

// note takes an entry that was not counted, and counts it if it looks like a LOG line.
func (m *missed) note(e *journal.Entry) {
	if m.prefix = m.prefix[:0]; m.command.polls() {
		return // a poll does not report them
	}
	text := e.Message
	if e.Line != nil {
		text = e.Line.Rest
	}
	if !netfilter.LooksLike(text) {
		m.recognise(m.in.Bytes())
		return
	}
	why := m.why(e)
	m.key = append(append(m.key[:0], byte(why)), reasons[why]...)
	switch why {
	case otherPrefix:
		prefix, _ := netfilter.Prefix(e.Message)
		m.key = append(m.key[:1], prefix...)
		m.prefix = append(m.prefix, prefix...)
	case otherProgram, inMessage:
		m.key = append(m.key[:1], e.Line.Tag...)
	}
	if raw := m.in.Bytes(); netfilter.LooksLike(raw) {
		text = raw
	}
	m.lines.Count(m.key, text, func() string { return why.describe(m.key[1:]) })
}

// A reason is why an entry was not counted.
type reason uint8

const (
	otherPrefix reason = iota
	malformed
	ofAProcess
	relayed
	otherFacility
	foreign
	falseKernel
	otherProgram
	inMessage
	noProgram
)

const trust = "if you trust those who can log there: "

var reasons = [...]string{
	otherPrefix:   "with the prefix %s (--prefix=%s)",
	malformed:     "not as the kernel writes LOG lines",
	ofAProcess:    "that a process wrote, as the journal says, not the kernel",
	relayed:       "behind the header of a relay, or in a container's log (" + trust + "--relay)",
	otherFacility: "called the kernel's and of a facility that is not (" + trust + "--tag=kernel)",
	foreign:       "called the kernel's, in an object that names another writer (" + trust + "--tag=kernel)",
	falseKernel:   "of a process that calls itself the kernel: it has a pid",
	otherProgram:  "that %s wrote, not the kernel (" + trust + "--tag=%s)",
	inMessage:     "within messages of %s",
	noProgram:     "without the name of a program (" + trust + "--tag=-, and their --prefix)",
}

// describe returns the description of a reason; name is the prefix or the program.
func (why reason) describe(name []byte) string {
	switch what := reasons[why]; why {
	case otherPrefix, otherProgram:
		return fmt.Sprintf(what, overlooked.Printable(name), overlooked.Shell(string(name)))
	case inMessage:
		return fmt.Sprintf(what, overlooked.Printable(name))
	default:
		return what
	}
}

// why returns the reason why an entry was not counted.
func (m *missed) why(e *journal.Entry) reason {
	l := e.Line
	switch {
	case e.Source == journal.Kernel:
		if _, ok := netfilter.Prefix(e.Message); ok {
			return otherPrefix
		}
		return malformed
	case l == nil:
		return ofAProcess
	case l.Relayed:
		return relayed
	case l.Foreign && (l.Bare || !l.Process && string(l.Tag) == "kernel"):
		return foreign
	case l.Bare || l.Facility != carrier.Unsaid && l.Facility != carrier.Kern && string(l.Tag) == "kernel":
		return otherFacility
	case string(l.Tag) == "kernel":
		return falseKernel
	}
	prefix, ok := netfilter.Prefix(l.Message)
	switch {
	case len(l.Tag) == 0 || isPrefix(l, m.command.Prefix):
		return noProgram
	case ok && !bytes.Contains(prefix, []byte("kernel:")):
		return otherProgram
	}
	return inMessage
}

// isPrefix reports whether the tag of a line is really the beginning of a prefix.
func isPrefix(l *carrier.Line, prefixes []string) bool {
	for _, p := range prefixes {
		if p != "" && bytes.HasPrefix(l.Text, []byte(p)) {
			return true
		}
	}
	return false
}

// reject takes a line that could not be used because of its carrier. For other lines
// the error is reported elsewhere.
func (m *missed) reject(line []byte, why error) {
	m.recognise(line)
	m.lines.Rejected(line)
	if why == batch.ErrHalf || why == batch.ErrLong || errors.Is(why, netfilter.ErrLine) || !netfilter.LooksLike(line) {
		return
	}
	m.rejected++
	m.unread(line, why)
}

// recognise checks whether a line is of a log that is often taken for the kernel's, as
// long as nothing was counted: then that is the reason.
func (m *missed) recognise(line []byte) {
	if !m.out.some {
		m.lines.Recognise(line)
	}
}

// unread counts a line that looks like a LOG line and gave no entry.
func (m *missed) unread(line []byte, why error) {
	if netfilter.LooksLike(line) {
		m.lines.Count([]byte(why.Error()), line, func() string { return "that could not be read: " + why.Error() })
	}
}

// otherHost notes an entry of a host that is not to be counted.
func (m *missed) otherHost(e *journal.Entry) {
	if e.Line != nil {
		m.lines.OtherHost(e.Line.Host)
	}
}
