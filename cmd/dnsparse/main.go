// The dnsparse command turns dnsmasq's query log into records: which name was
// asked for, how often, when last, and which addresses it led to.
//
// Usage:
//
//	cursorcat --show-cursor dnsmasq.log | dnsparse --carry CURSOR | aggmerge …
//
// Package dnsmasq says how the lines are read, package transact how addresses
// are followed to the name that was asked, package carrier how a line travels
// that is not in dnsmasq's own file.
package main

import (
	"bufio"
	"os"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/transact"
	"egress-monitor/lib/unpack"
)

// buffer is the size of the first buffer. cursorcat and dnsparse together take
// 10 % less time than with 64 KiB, for a large log, and no more for a small one:
// memory that is not written to costs nothing.
const buffer = 256 << 10

type command struct {
	Tag          []string    `placeholder:"T" sep:"none" help:"Take the lines of this program for dnsmasq's as well; - is lines that name none."`
	Host         string      `placeholder:"H" help:"Count the lines of this host only."`
	UTC          bool        `name:"utc" help:"Time stamps are UTC, not of the zone of this process (TZ)."`
	Now          time.Time   `placeholder:"RFC3339" help:"When the log is read: it decides the year. Default: the wall clock."`
	Carry        string      `placeholder:"FILE" help:"The cursor file of the poll before, for what was open at its end."`
	Counted      string      `placeholder:"AGGREGATE" help:"Of lines that were perhaps read before, those count that are later than the newest time in AGGREGATE."`
	LineBuffered bool        `help:"Print records whenever there is no more input for now."`
	Files        []string    `arg:"" optional:"" name:"file" help:"Logs, oldest first, also compressed ones; - is standard input, and so is none."`
	Version      cli.Version `help:"Print the version and exit."`
}

func main() {
	cli.Main("dnsparse", "Turn dnsmasq's query log into records.", &command{})
}

func (c *command) Run() error {
	in, out := c.open(), bufio.NewWriterSize(os.Stdout, 64<<10)
	clock, err := c.clock(in)
	if err != nil {
		return err
	}
	log := transact.New(clock)
	if err := c.restore(log); err != nil {
		return err
	}
	s := newStream(c, in, out, log)
	for in.Scan() {
		line := in.Bytes()
		if in.Reread() {
			if was, err := s.again.counted(c, log.Clock(), line); was || err != nil {
				if err != nil {
					return err
				}
				continue
			}
		}
		if s.foreign(line) || log.Line(line) != nil {
			s.other(line)
		}
		if log.Full() || c.LineBuffered && !in.Buffered() {
			if err := s.print(c.LineBuffered); err != nil {
				return err
			}
		}
	}
	return s.finish()
}

// open opens the input.
func (c *command) open() *batch.Scanner {
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	in := batch.Open(c.Files)
	in.Buffer = buffer
	if c.Carry == "" { // a poll reads what cursorcat prints
		in.Through = unpack.Reader
	}
	return in
}
