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
	"io"
	"os"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
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
	return c.convert(c.open(), os.Stdout)
}

// convert reads the input and prints its records.
func (c *command) convert(in *batch.Scanner, to io.Writer) error {
	s, err := c.newStream(in, to)
	if err != nil {
		return err
	}
	return s.run()
}

// polls reports whether the input is the journal's, read from a position on.
func (c *command) polls() bool { return c.Poll.CursorFile != "" }

// open opens the input. The pipe from journalctl is read in large pieces, unless
// somebody waits for the output.
func (c *command) open() *batch.Scanner {
	if len(c.Files) > 1 || len(c.Files) == 1 && c.Files[0] != "-" {
		in := batch.Open(c.Files)
		in.Through = unpack.Reader
		return in
	}
	var in io.Reader = os.Stdin
	if !c.LineBuffered {
		in = batch.Patient(os.Stdin)
	}
	if !c.polls() { // what journalctl prints is never compressed
		in = unpack.Reader(in)
	}
	return batch.NewScanner(in, "standard input")
}
