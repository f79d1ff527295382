// The egress-report command says, for people, what does not belong in what was
// pulled from many hosts.
//
// Usage:
//
//	egress-report [--allow FILE] [--html FILE] DIR
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/report"
	"egress-monitor/lib/resolvers"
)

type command struct {
	Allow     string        `placeholder:"FILE" help:"What is known to be right: a domain, address or prefix a line, and hosts."`
	Resolvers string        `placeholder:"FILE" help:"The public resolvers to look for, instead of those that are known."`
	Top       int           `placeholder:"N" help:"Rows of each table (20 on a terminal, 200 in a page or JSON)."`
	HTML      string        `name:"html" xor:"form" placeholder:"FILE" help:"Write a page for a browser to FILE; - is standard output."`
	JSON      bool          `name:"json" xor:"form" help:"Print the tables as JSON."`
	Color     string        `enum:"auto,always,never" default:"auto" help:"Colors: auto (on a terminal, unless NO_COLOR is set), always or never."`
	Canary    []string      `placeholder:"KEY,..." default:"canary.egress-monitor.invalid,203.0.113.255,2001:db8:ffff:ffff::255" help:"Names and addresses that a server asks for and contacts to show that it sees."`
	Blind     time.Duration `placeholder:"AGE" default:"15m" help:"A host whose canary was last seen longer than this before the pull is blind (${default})."`
	Stale     time.Duration `placeholder:"AGE" default:"26h" help:"A host that was not pulled for longer than this is stale (${default})."`
	Now       time.Time     `placeholder:"RFC3339" help:"The time of the report (the present)."`
	Version   cli.Version   `help:"Print the version and exit."`
	Dir       string        `arg:"" name:"dir" help:"What was pulled: a folder for each host."`
}

func (c *command) Validate() error {
	if c.Top < 0 {
		return fmt.Errorf("--top: not a positive number")
	}
	return nil
}

func main() {
	cli.Main("egress-report", "Say what does not belong in what was pulled from many hosts.", &command{})
}

func (c *command) Run() error {
	o := fleet.Options{Now: c.Now, Stale: c.Stale, Blind: c.Blind, Canaries: c.Canary, Known: resolvers.Builtin(), Warn: warn}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	var err error
	if c.Allow != "" {
		if o.Allow, err = readList(c.Allow, allow.Read); err != nil {
			return err
		}
	}
	if c.Resolvers != "" {
		if o.Known, err = readList(c.Resolvers, resolvers.Read); err != nil {
			return err
		}
	}
	found, err := fleet.Read(c.Dir, o)
	if err != nil {
		return err
	}
	defer found.Close()
	r, err := report.Build(found, c.rows())
	if err != nil {
		return err
	}
	return c.print(r)
}

func (c *command) rows() int {
	switch {
	case c.Top > 0:
		return c.Top
	case c.JSON || c.HTML != "":
		return 200
	}
	return 20
}

func (c *command) print(r *report.Report) error {
	switch {
	case c.JSON:
		return r.PrintJSON(os.Stdout)
	case c.HTML == "-":
		return r.PrintHTML(os.Stdout)
	case c.HTML != "":
		return replace(c.HTML, r.PrintHTML)
	}
	return r.Print(os.Stdout, terminal(c.Color))
}

// readList reads a file of rules.
func readList[T any](name string, read func(io.Reader) (*T, error)) (*T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // was only read
	list, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// warn says what could not be used. Names of hosts are part of it.
func warn(s batch.Skipped) { cli.Warn("%s", report.Clean(strings.TrimSpace(s.String()))) }
