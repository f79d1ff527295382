package main

import (
	"cmp"
	"fmt"
	"io"
	"sync"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/netfilter"
	"egress-monitor/lib/overlooked"
	"egress-monitor/lib/stamp"
)

// A stream is the input, the output, and the state between them.
type stream struct {
	*command
	in      *batch.Scanner
	entries *journal.Reader
	packets *netfilter.Parser
	out     *records
	lost    gap
	missed  missed
}

func (c *command) newStream(in *batch.Scanner, to io.Writer) (*stream, error) {
	s := &stream{command: c, in: in, packets: netfilter.NewParser(c.Prefix...), out: newRecords(to)}
	s.missed = missed{command: c, in: in, out: s.out, lines: overlooked.Lines{Place: in.Place}}
	clock, err := stamp.New(c.Now, c.UTC)
	if !c.polls() { // of what polls count, egress-monitor check reports rows of the future
		clock.Doubt = func(d stamp.Doubt) { cli.Warn("%s: %v", in.Place(), d) }
	}
	s.entries = journal.NewReader(s.lines())
	s.entries.Clock = &clock
	s.entries.Boot, s.entries.Assumed = sync.OnceValue(c.boot), func(what string) { cli.Warn("%s: %s", in.Place(), what) }
	s.entries.Details = len(c.Tag) > 0 || c.Host != ""
	s.entries.Strict = c.polls()
	s.packets.Lookup = s.out.counts.Lookup
	in.Rejected, s.entries.Continued = s.missed.reject, s.missed.unread
	return s, err
}

// lines returns the lines of the input.
func (s *stream) lines() journal.Lines {
	switch {
	case s.polls():
		return early{s.in}
	case s.LineBuffered:
		return prompt{s.in, s.out}
	}
	return s.in
}

// run reads the input and prints its records.
func (s *stream) run() error {
	polling, oneHost := s.polls(), s.Host != ""
	for s.entries.Next() {
		e := s.entries.Entry()
		if polling && !s.Poll.isNew(s.in.Bytes()) {
			continue
		}
		if (e.Line != nil || e.Source != journal.Kernel || oneHost) && !s.counts(e) {
			continue
		}
		dst, ok, err := s.packets.Parse(e.Message)
		if id, found := s.packets.Found(); found {
			s.out.addTo(id, e)
		} else if ok && err == nil {
			s.out.add(dst, e)
		} else {
			s.out.last = false
			s.missed.noPacket(e, err)
		}
	}
	return s.finish()
}

// counts reports whether an entry may be counted although it is not a plain entry of
// the kernel. It notes the reason if not.
func (s *stream) counts(e *journal.Entry) bool {
	switch {
	case s.Host != "" && !s.entries.IsOf(s.Host):
		s.missed.otherHost(e)
		return false
	case e.Line != nil && e.Line.Again > 0 && s.out.again(e):
		return false
	case e.Source == journal.Kernel || s.trusts(e, s.packets):
		return true
	}
	s.lost.note(e)
	s.missed.note(e)
	s.out.last = false
	return false
}

// finish prints the rest, and the trailer if there is one. A poll that fails reports no
// skipped or lost lines: the next poll reads the same entries again.
func (s *stream) finish() error {
	adhoc := s.in.Trailer().Cursor == "" && !s.polls()
	if s.polls() && (s.in.Err() != nil || !s.Poll.complete(s.in)) {
		return cmp.Or(s.in.Err(), fmt.Errorf("%s: %w", s.in.Name(), batch.ErrNoCursor))
	}
	s.lost.warn()
	if k := s.in.Skipped(); k.Lines > 0 && (!adhoc || k.Lines > s.missed.rejected) {
		cli.Warn("%v", k)
	}
	if err := s.in.Err(); err != nil {
		return err
	}
	t, err := s.trailer(s.in)
	if err != nil {
		return err
	}
	s.out.print()
	if adhoc {
		s.missed.lines.Report(cli.Warn)
	}
	if err := batch.Finish(s.out.w, t); err != nil || !adhoc {
		return err
	}
	nothing := ""
	if s.in.Seen() && !s.out.some {
		nothing = "no line was counted"
	}
	return s.missed.lines.Err(nothing, " (ipparse(1) has examples for many kinds of logs)")
}
