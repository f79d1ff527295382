package main

import (
	"time"

	"egress-monitor/lib/cli"
	healing "egress-monitor/lib/heal"
	"egress-monitor/lib/said"
	"egress-monitor/lib/setup"
)

type heal struct{}

func (*heal) Run() error {
	if err := needRoot(); err != nil || isOff() || setup.HandedOver() {
		return err
	}
	unlock, err := setup.Lock(30 * time.Second)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = healing.Run(tell(), true)
	return err
}

type sync struct{}

func (*sync) Run() error {
	if err := needRoot(); err != nil || isOff() {
		return err
	}
	return healing.Sync(tell())
}

type rules struct {
	Stop bool `help:"The last poll before the machine goes down, where a set counts."`
}

func (c *rules) Run() error {
	if err := needRoot(); err != nil || isOff() {
		return err
	}
	if c.Stop {
		return healing.Stop(said.New(true).Lines)
	}
	return healing.Rules(tell())
}

type upstream struct{}

// Run never fails: dnsmasq must start.
func (*upstream) Run() error {
	if err := healing.Upstream(); err != nil {
		cli.Warn("%v", err)
	}
	return nil
}

// tell returns a function that prints a line of heal, and also adds it to the file
// of gaps if it reports a gap.
func tell() func(string) {
	log := said.New(false)
	return func(text string) { log.Line("%s", text) }
}
