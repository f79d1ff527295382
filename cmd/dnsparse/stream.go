package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/overlooked"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/transact"
)

// A stream is the input, the output, and the state between them.
type stream struct {
	command *command
	in      *batch.Scanner
	out     *bufio.Writer
	log     *transact.Tracker
	entries *journal.Reader  // reads lines that are not of dnsmasq's own file
	inside  bool             // the line is within an entry of several lines
	missed  overlooked.Lines // lines that look like queries and were not counted
	bad     int              // those of them that could not be read
	runs    bool             // a dnsmasq logs something
	printed bool
	again   again
}

func newStream(c *command, in *batch.Scanner, out *bufio.Writer, log *transact.Tracker) *stream {
	s := &stream{command: c, in: in, out: out, log: log}
	s.entries = journal.NewReader(lines{in})
	s.entries.Clock, s.entries.Details = log.Clock(), true
	s.entries.Continued = s.rejected
	s.entries.Assumed = func(what string) { cli.Warn("%s: %s", in.Place(), what) }
	in.Rejected, s.missed.Place = s.rejected, in.Place
	return s
}

// clock returns the clock that reads the stamps of the log.
func (c *command) clock(in *batch.Scanner) (stamp.Clock, error) {
	clock, err := stamp.New(c.Now, c.UTC)
	clock.Doubt = func(d stamp.Doubt) { cli.Warn("%s: %v", in.Place(), d) }
	return clock, err
}

// print prints the records so far.
func (s *stream) print(flush bool) error {
	err := s.log.Print(func(record []byte) error {
		s.printed = true
		_, err := s.out.Write(literal(record))
		return err
	})
	if err == nil && flush {
		err = s.out.Flush()
	}
	return err
}

// literal returns a record whose key cannot be taken for a folded row: a client may
// ask for the name "*.com".
func literal(record []byte) []byte {
	key, rest, _ := bytes.Cut(record, []byte{' '})
	if name := fold.Literal(key); len(name) > len(key) {
		return append(append(name, ' '), rest...)
	}
	return record
}

// finish prints the rest, and the trailer if there is one.
func (s *stream) finish() error {
	if s.entries.End() {
		s.entry(s.entries.Entry())
	}
	t := s.in.Trailer()
	adhoc := t.Cursor == ""
	if k := s.in.Skipped(); k.Lines > 0 && (!adhoc || k.Lines > s.bad) {
		cli.Warn("%v", k)
	}
	if s.log.Lost > 0 {
		cli.Warn("gap: dnsmasq could not write all lines: %q (%d such lines)", s.log.FirstLost, s.log.Lost)
	}
	if d := s.log.Dropped(); d.Addresses > 0 {
		cli.Warn("%v", d)
	}
	if err := s.print(false); err != nil {
		return err
	}
	if adhoc {
		s.missed.Report(cli.Warn)
	}
	t.Carry = s.log.Carry()
	if err := errors.Join(s.in.Err(), batch.Finish(s.out, t)); err != nil || !adhoc {
		return err
	}
	return s.incomplete()
}

// incomplete returns an error if nothing was counted, or not everything was read.
func (s *stream) incomplete() error {
	nothing, otherwise := "", " (dnsparse(1) has examples for many kinds of logs)"
	if s.in.Seen() && !s.printed {
		nothing = "no question was counted"
	}
	if s.log.Lines > 0 || s.runs {
		otherwise = ": dnsmasq logs none (set log-queries=extra in its configuration)"
	}
	return s.missed.Err(nothing, otherwise)
}

// restore takes up the queries that were open at the end of the last poll.
func (c *command) restore(log *transact.Tracker) error {
	if c.Carry == "" {
		return nil
	}
	text, err := os.ReadFile(c.Carry)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", c.Carry, pe.Err)
	}
	for _, carry := range c.carried(text) {
		if err := log.Restore(carry); err != nil {
			cli.Warn("%s: %v: %s; skipped", c.Carry, err, overlooked.Quote(carry, mostQuoted))
		}
	}
	return nil
}

// carried returns the carry lines in text: a cursor file, or the output of an earlier
// run.
func (c *command) carried(text []byte) []string {
	file, err := batch.ParseFile(text)
	if err == nil {
		return file.Trailer.Carry
	}
	if batch.Summed(text) {
		cli.Warn("%s: %v; answers to earlier questions are not credited to them", c.Carry, err)
		return nil
	}
	in := batch.NewScanner(bytes.NewReader(text), c.Carry)
	for in.Scan() {
	}
	return in.Trailer().Carry
}
