package main

import (
	"context"
	"os"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/cli"
	minutely "egress-monitor/lib/minute"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/said"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/setup"
)

type minute struct{}

// Run is what cron starts. What it has to say goes to the journal: cron would
// mail it each minute.
func (*minute) Run() error {
	if err := needRoot(); err != nil || !setup.Enabled() {
		return err
	}
	return runMinute(said.New(true))
}

func runMinute(log *said.Log) error {
	m, err := minutely.New(log)
	if err != nil {
		return err
	}
	return m.Run(context.Background())
}

// firstMinute is for enable, so that status has something to say.
func firstMinute() {
	if err := runMinute(said.New(false)); err != nil {
		cli.Warn("the first poll failed; cron tries again each minute (journalctl -t egress-monitor): %v", err)
	}
}

type poll struct {
	What string `arg:"" enum:"domains,ips" help:"domains or ips."`
}

// byHand is how long a poll waits for one that cron has started.
const byHand = time.Minute

func (c *poll) Run() error {
	if err := needRoot(); err != nil || !setup.Enabled() {
		return err
	}
	inForce, _ := inForce()
	return polls.New(inForce, said.New(false).Lines).Poll(context.Background(), c.What, byHand)
}

// inForce returns the settings of the enable, with those of the file that only
// the polls know; and what is wrong with the file.
func inForce() (settings.Settings, error) {
	now, wrong := settings.Load()
	if os.Geteuid() != 0 {
		return now, wrong
	}
	s, err := setup.New(os.Stderr, cli.Warn)
	if err != nil {
		return now, wrong
	}
	force, on := setup.InForce(s.Journal)
	if !on {
		return now, wrong
	}
	if wrong == nil {
		force.MaxRows, force.MaxIPs = now.MaxRows, now.MaxIPs
	}
	return force, wrong
}

// line is an error in one line, for people who see nothing else.
func line(err error) string {
	if err == nil {
		return ""
	}
	return child.Clean(err.Error())
}
