// The ipparse command turns the LOG lines of iptables and nftables into records.
//
// Usage:
//
//	journalctl ... --show-cursor | ipparse | aggmerge ...
//
// Lines of other kinds are skipped; the cursor line passes through. Package journal
// reads the lines of all logs, package netfilter the LOG lines in them.
package main

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/netfilter"
	"egress-monitor/lib/overlooked"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/unpack"
)

type command struct {
	Prefix       []string    `placeholder:"P" sep:"none" default:"EGRESS: " help:"The rule's --log-prefix (\"${default}\"). May be repeated, and given without the space at its end."`
	Tag          []string    `placeholder:"T" sep:"none" help:"Count the lines of the program T, such as ulogd, as well; - means lines that name no program. May be repeated."`
	Relay        bool        `help:"Count lines in which another header follows that of a relay."`
	Host         string      `placeholder:"H" help:"Count only the lines of the host H."`
	UTC          bool        `name:"utc" help:"Time stamps without a zone are in UTC, not in the zone of TZ."`
	Now          time.Time   `placeholder:"RFC3339" help:"The present, which decides the year of time stamps without one. Default: the clock."`
	Poll         poll        `embed:""`
	LineBuffered bool        `help:"Print all records before each wait for more input."`
	Version      cli.Version `help:"Print the version and exit."`
	Files        []string    `arg:"" optional:"" name:"file" help:"Logs, oldest first; they may be compressed. Default, or -: standard input."`
}

func main() {
	cli.Main("ipparse", "Turn the LOG lines of iptables and nftables into records.", &command{})
}

func (c *command) Run() error {
	if err := c.Poll.begin(c.now()); err != nil {
		return err
	}
	return c.convert(c.open(), newRecords(os.Stdout))
}

// convert reads the input and prints its records.
func (c *command) convert(in *batch.Scanner, out *records) error {
	entries, err := c.entries(in, out)
	if err != nil {
		return err
	}
	packets, lost, rest := netfilter.NewParser(c.Prefix...), gap{}, others{command: c, in: in, out: out, lines: overlooked.Lines{Place: in.Place}}
	packets.Lookup = out.counts.Lookup
	in.Rejected, entries.Continued = rest.reject, rest.unread
	polling, oneHost := c.polls(), c.Host != ""
	for entries.Next() {
		e := entries.Entry()
		if polling && !c.Poll.isNew(in.Bytes()) {
			continue
		}
		if (e.Line != nil || e.Source != journal.Kernel || oneHost) && !c.counts(entries, packets, out, &lost, &rest) {
			continue
		}
		dst, ok, err := packets.Parse(e.Message)
		if id, found := packets.Found(); found {
			out.addTo(id, e)
		} else if ok && err == nil {
			out.add(dst, e)
		} else {
			out.last = false
			rest.noPacket(e, err)
		}
	}
	return c.finish(in, out, &lost, &rest)
}

// counts reports whether an entry may count that is not a plain entry of the kernel.
// It notes the reason if not.
func (c *command) counts(entries *journal.Reader, packets *netfilter.Parser, out *records, lost *gap, rest *others) bool {
	e := entries.Entry()
	switch {
	case c.Host != "" && !entries.IsOf(c.Host):
		rest.otherHost(e)
		return false
	case e.Line != nil && e.Line.Again > 0 && out.again(e):
		return false
	case e.Source == journal.Kernel || c.trusts(e, packets):
		return true
	}
	lost.note(e)
	rest.note(e)
	out.last = false
	return false
}

// finish prints the rest, and the trailer if there is one. Of a poll that fails nothing is
// skipped or lost: the next one reads the same entries again.
func (c *command) finish(in *batch.Scanner, out *records, lost *gap, rest *others) error {
	adhoc := in.Trailer().Cursor == "" && !c.polls()
	if c.polls() && (in.Err() != nil || !c.Poll.complete(in)) {
		return cmp.Or(in.Err(), fmt.Errorf("%s: %w", in.Name(), batch.ErrNoCursor))
	}
	lost.warn()
	if s := in.Skipped(); s.Lines > 0 && (!adhoc || s.Lines > rest.rejected) {
		cli.Warn("%v", s)
	}
	if err := in.Err(); err != nil {
		return err
	}
	t, err := c.trailer(in)
	if err != nil {
		return err
	}
	out.print()
	if adhoc {
		rest.lines.Report(cli.Warn)
	}
	if err := batch.Finish(out.w, t); err != nil || !adhoc {
		return err
	}
	nothing := ""
	if in.Seen() && !out.some {
		nothing = "no line was counted"
	}
	return rest.lines.Err(nothing, " (ipparse(1) has examples for many kinds of logs)")
}

// polls reports whether the input is the journal's, read from a position on.
func (c *command) polls() bool { return c.Poll.CursorFile != "" }

// entries returns a reader of the input's entries.
func (c *command) entries(in *batch.Scanner, out *records) (*journal.Reader, error) {
	clock, err := stamp.New(c.Now, c.UTC)
	entries := journal.NewReader(in)
	switch {
	case c.polls():
		entries = journal.NewReader(early{in})
	case c.LineBuffered:
		entries = journal.NewReader(prompt{in, out})
	}
	entries.Clock = &clock
	if !c.polls() { // of what polls count, egress-monitor check reports rows of the future
		clock.Doubt = func(d stamp.Doubt) { cli.Warn("%s: %v", in.Place(), d) }
	}
	entries.Boot, entries.Assumed = sync.OnceValue(c.boot), func(what string) { cli.Warn("%s: %s", in.Place(), what) }
	entries.Details = len(c.Tag) > 0 || c.Host != ""
	entries.Strict = c.polls()
	return entries, err
}

// open opens the input. The pipe from journalctl is read in large pieces, unless
// somebody waits for the output.
func (c *command) open() *batch.Scanner {
	if len(c.Files) > 1 || len(c.Files) == 1 && c.Files[0] != "-" {
		in := batch.Open(c.Files)
		in.Through = unpack.Reader
		return in
	}
	if c.LineBuffered {
		return batch.NewScanner(unpack.Reader(os.Stdin), "standard input")
	}
	if c.polls() {
		return batch.NewScanner(batch.Patient(os.Stdin), "standard input")
	}
	return batch.NewScanner(unpack.Reader(batch.Patient(os.Stdin)), "standard input")
}
