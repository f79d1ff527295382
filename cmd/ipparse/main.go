// The ipparse command turns the LOG lines of iptables and nftables into records.
//
// Usage:
//
//	journalctl ... --show-cursor | ipparse | aggmerge ...
//
// Lines of other kinds are skipped; the cursor line passes through.
package main

import (
	"os"
	"sync"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/netfilter"
	"egress-monitor/lib/pipe"
	"egress-monitor/lib/stamp"
)

type command struct {
	Prefix       string      `placeholder:"P" default:"EGRESS: " help:"The rule's --log-prefix (\"${default}\", with a space)."`
	UTC          bool        `name:"utc" help:"Stamps without a zone are in UTC, not in the zone of TZ."`
	Now          time.Time   `placeholder:"RFC3339" help:"The time that no line lies behind, for stamps without a year (the present)."`
	Poll         poll        `embed:""`
	LineBuffered bool        `help:"Print what there is before waiting for more."`
	Version      cli.Version `help:"Print the version and exit."`
	Files        []string    `arg:"" optional:"" name:"file" help:"Files to read; - is standard input, and so is none."`
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

// convert reads what there is, and prints it as records.
func (c *command) convert(in *batch.Scanner, out *records) error {
	entries := journal.NewReader(in)
	if c.LineBuffered {
		entries = journal.NewReader(prompt{in, out})
	}
	entries.Clock, entries.Boot = c.clock(), sync.OnceValue(c.boot)
	packets, lost := netfilter.NewParser(c.Prefix), gap{}
	packets.Lookup = out.counts.Lookup
	for entries.Next() {
		e := entries.Entry()
		if !c.Poll.isNew(in.Bytes()) {
			continue
		}
		if e.Source != journal.Kernel {
			lost.note(e)
			continue
		}
		dst, ok, err := packets.Parse(e.Message)
		if err != nil {
			in.Skip(err)
		} else if id, found := packets.Found(); found {
			out.addTo(id, e.Time)
		} else if ok {
			out.add(dst, e.Time)
		}
	}
	lost.warn()
	if s := in.Skipped(); s.Lines > 0 {
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
	return batch.Finish(out.w, t)
}

// open opens the input. The pipe from journalctl is read with patience, unless
// somebody waits for the output.
func (c *command) open() *batch.Scanner {
	if len(c.Files) > 1 || len(c.Files) == 1 && c.Files[0] != "-" {
		return batch.Open(c.Files)
	}
	if c.LineBuffered {
		return batch.Open(nil)
	}
	return batch.NewScanner(pipe.Patient(os.Stdin), "standard input")
}

func (c *command) clock() stamp.Clock {
	clock := stamp.Clock{Now: c.Now}
	if c.UTC {
		clock.Location = time.UTC
	}
	return clock
}
