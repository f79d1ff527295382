// The dnsparse command turns dnsmasq's query log into records: which name was
// asked for, how often, when last, and which addresses it led to.
//
// Usage:
//
//	cursorcat --show-cursor dnsmasq.log | dnsparse --carry CURSOR | aggmerge …
//
// Package dnsmasq says how the lines are read, package transact how addresses
// are followed to the name that was asked.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/transact"

	"github.com/alecthomas/kong"
)

type command struct {
	UTC          bool             `name:"utc" help:"Time stamps are UTC, not of the zone of this process (TZ)."`
	Now          time.Time        `placeholder:"RFC3339" help:"The instant that no line lies behind: it decides the year. Default: the wall clock."`
	Carry        string           `placeholder:"FILE" help:"The cursor file of the poll before, for what was open at its end."`
	LineBuffered bool             `help:"Print records whenever there is no more input for now."`
	Files        []string         `arg:"" optional:"" name:"file" help:"Logs, oldest first. Default: standard input."`
	Version      kong.VersionFlag `help:"Print the version and exit."`
}

func main() {
	cli.Main("dnsparse", "Turn dnsmasq's query log into records.", &command{})
}

func (c *command) Run() error {
	clock := stamp.Clock{Now: c.Now}
	if c.UTC {
		clock.Location = time.UTC
	}
	log := transact.New(clock)
	if err := c.restore(log); err != nil {
		return err
	}
	in, out := batch.Open(c.Files), bufio.NewWriterSize(os.Stdout, 64<<10)
	for in.Scan() {
		if err := log.Line(in.Bytes()); err != nil {
			in.Skip(err)
		}
		if log.Full() || c.LineBuffered && !in.Buffered() {
			if err := print(log, out, c.LineBuffered); err != nil {
				return err
			}
		}
	}
	return c.finish(log, in, out)
}

// print prints the records so far.
func print(log *transact.Tracker, out *bufio.Writer, flush bool) error {
	err := log.Print(func(record []byte) error {
		_, err := out.Write(record)
		return err
	})
	if err == nil && flush {
		err = out.Flush()
	}
	return err
}

// finish prints the rest, and the trailer if there is one.
func (c *command) finish(log *transact.Tracker, in *batch.Scanner, out *bufio.Writer) error {
	if k := in.Skipped(); k.Lines > 0 {
		cli.Warn("%v", k)
	}
	if log.Lost > 0 {
		cli.Warn("gap: dnsmasq could not write all lines: %q (%d such lines)", log.FirstLost, log.Lost)
	}
	if err := print(log, out, false); err != nil {
		return err
	}
	t := in.Trailer()
	t.Carry = log.Carry()
	return errors.Join(in.Err(), batch.Finish(out, t))
}

// restore takes up what was open at the end of the poll before.
func (c *command) restore(log *transact.Tracker) error {
	if c.Carry == "" {
		return nil
	}
	in := batch.Open([]string{c.Carry})
	for in.Scan() {
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, carry := range in.Trailer().Carry {
		if err := log.Restore(carry); err != nil {
			cli.Warn("%s: %v: %s; skipped", c.Carry, err, short(carry))
		}
	}
	return nil
}

// short quotes text, or the beginning of it.
func short(text string) string {
	return fmt.Sprintf("%.80q", text)
}
