// The egress-report command reports names and addresses of many hosts that do not
// belong.
//
// Usage:
//
//	egress-report [--allow FILE] [--watch FILE] [--html FILE | --json | --prometheus FILE | --check] DIR
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/report"
)

type command struct {
	Allow      []string      `sep:"none" placeholder:"FILE" help:"Things that are known to be right: a domain, address or prefix a line, and hosts."`
	Watch      []string      `sep:"none" placeholder:"FILE" help:"Things that must not be seen: a name, address or prefix a line."`
	Networks   string        `placeholder:"FILE" help:"Names of networks: a prefix and a name a line."`
	Own        []string      `placeholder:"PREFIX,..." help:"The fleet's own networks beside the private ones; ! before a network removes it."`
	Resolvers  string        `placeholder:"FILE" help:"The public resolvers to look for, instead of those that are known."`
	Since      string        `default:"7d" placeholder:"DATE" help:"Things that were first seen later are new: 2026-02-08, a time, or an age in hours or days, 12h, 7d (${default})."`
	Host       string        `placeholder:"NAME" help:"Print everything about one host."`
	Findings   int           `placeholder:"N" help:"Findings on a terminal (as many as fit on a screen)."`
	Top        int           `placeholder:"N" help:"Rows of each table (20 on a terminal, 200 in a page or JSON)."`
	HTML       string        `name:"html" xor:"form" placeholder:"FILE" help:"Write a page for a browser to FILE; - is standard output."`
	JSON       bool          `name:"json" xor:"form" help:"Print all as JSON."`
	Prometheus string        `xor:"form" placeholder:"FILE" help:"Write metrics for Prometheus to FILE; - is standard output."`
	Check      bool          `xor:"form" help:"Print one line of counts; exit 1 if there is something new, or a host in trouble."`
	Learn      string        `xor:"form" placeholder:"FILE" help:"Propose rules for --allow, to be edited."`
	Known      []string      `xor:"form" placeholder:"HOST,..." help:"The resets of these hosts are known: do not show them again."`
	Color      string        `enum:"auto,always,never" default:"auto" help:"Colors: auto (on a terminal, unless NO_COLOR is set), always or never."`
	Canary     []string      `placeholder:"KEY,..." default:"canary.egress-monitor.invalid,203.0.113.255,2001:db8:ffff:ffff::255" help:"Names and addresses that a server asks for and contacts to show that it sees."`
	Blind      time.Duration `placeholder:"AGE" default:"15m" help:"A host whose canary was last seen longer than this before the pull is blind (${default})."`
	Stale      time.Duration `placeholder:"AGE" default:"26h" help:"A host that was not pulled for longer than this is late (${default})."`
	Now        time.Time     `placeholder:"RFC3339" help:"The time of the report (the present)."`
	Version    cli.Version   `help:"Print the version and exit."`
	Dir        string        `arg:"" name:"dir" help:"The pulled files: a folder for each host."`

	since time.Time
}

// Validate completes the times.
func (c *command) Validate() (err error) {
	if c.Top < 0 {
		return fmt.Errorf("--top: not a positive number")
	}
	if c.Findings < 0 {
		return fmt.Errorf("--findings: not a positive number")
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	c.since, err = parseSince(c.Since, c.Now)
	return err
}

func main() {
	debug.SetGCPercent(400)         // a tenth faster
	debug.SetMemoryLimit(768 << 20) // a heap that is larger is not let grow by garbage
	cli.Main("egress-report", "Report names and addresses of many hosts that do not belong.", &command{})
}

func (c *command) Run() error {
	if len(c.Known) > 0 {
		return known(c.Dir, c.Known, c.Now)
	}
	o, lists, err := c.options()
	if err != nil {
		return err
	}
	found, err := fleet.Read(c.Dir, o)
	if err != nil {
		return err
	}
	defer found.Close()
	rules := lists.remarks(o.Allow)
	if c.Learn != "" {
		return learned(c.Learn, found)
	}
	r, err := report.Build(found, c.rows(), rules)
	if err != nil {
		return err
	}
	return c.print(r)
}

func (c *command) rows() int {
	switch {
	case c.Top > 0:
		return c.Top
	case c.JSON || c.HTML != "" || c.Host != "":
		return 200
	}
	return 20
}

func (c *command) print(r *report.Report) error {
	if c.Host != "" {
		one, ok := r.Only(c.Host)
		if !ok {
			return fmt.Errorf("%s: no host %q", c.Dir, c.Host)
		}
		r = one
	}
	switch {
	case c.JSON:
		return r.PrintJSON(os.Stdout)
	case c.HTML != "":
		return to(c.HTML, r.PrintHTML)
	case c.Prometheus != "":
		return to(c.Prometheus, r.PrintMetrics)
	case c.Check:
		return check(r)
	}
	style := terminal(c.Color)
	style.Rows = c.Findings
	return r.Print(os.Stdout, style)
}

// warn reports input that could not be used. Names of hosts are part of the message.
func warn(s batch.Skipped) { cli.Warn("%s", report.Clean(strings.TrimSpace(s.String()))) }
