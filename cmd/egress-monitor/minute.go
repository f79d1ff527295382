package main

import (
	"context"
	"time"

	"egress-monitor/lib/cli"
	minutely "egress-monitor/lib/minute"
	"egress-monitor/lib/said"
	"egress-monitor/lib/setup"
)

type minute struct{}

// Run runs one minute, for cron. Its messages go to the journal: cron would mail
// them each minute.
func (*minute) Run() error {
	if err := needRoot(); err != nil || isOff() || setup.HandedOver() {
		return err
	}
	log := said.New(true)
	if err := runMinute(log); err != nil {
		log.Line("cannot finish the minute: %v", err)
		return cli.Exit(1)
	}
	return nil
}

func runMinute(log *said.Log) error {
	m, err := minutely.New(log)
	if err != nil {
		return err
	}
	return m.Run(context.Background())
}

// firstMinute runs a minute after enable, so that status has a state to show.
func firstMinute() {
	if err := runMinute(said.New(false)); err != nil {
		cli.Warn("the first poll failed; cron tries again each minute (journalctl -t egress-monitor): %v", err)
	}
}

type poll struct {
	What string `arg:"" enum:"domains,ips" help:"domains or ips."`
}

// byHand is how long a poll by hand waits for a poll that cron has started.
const byHand = time.Minute

func (c *poll) Run() error {
	if err := needRoot(); err != nil || isOff() {
		return err
	}
	return minutely.Poll(said.New(false), c.What, byHand)
}
