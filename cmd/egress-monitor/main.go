// The egress-monitor command turns the monitor on and off, keeps it working, and
// reports its state: egress-monitor(8).
//
// Usage:
//
//	egress-monitor enable [--dry-run]
//	egress-monitor disable [--purge]
//	egress-monitor status [--json]
//	egress-monitor check
package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/setup"
)

type command struct {
	Enable  enable  `cmd:"" help:"Turn collecting on. Safe to repeat; puts changed settings in force."`
	Disable disable `cmd:"" help:"Give the machine back as it was."`

	Status status `cmd:"" help:"Show the state: text, JSON or metrics."`
	Check  check  `cmd:"" help:"One line and exit 0, 1, 2 or 3, for monitoring."`

	// Commands for cron and the units.
	Minute   minute   `cmd:"" hidden:"" help:"Heal, send the canaries, poll, and check that they were counted."`
	Poll     poll     `cmd:"" hidden:"" help:"Count the lines logged since the last poll."`
	Heal     heal     `cmd:"" hidden:"" help:"Repair the monitor."`
	Sync     sync     `cmd:"" hidden:"" help:"Follow the name servers."`
	Rules    rules    `cmd:"" hidden:"" help:"Make the firewall rules."`
	Upstream upstream `cmd:"" hidden:"" help:"Write which servers dnsmasq asks."`

	// What dpkg calls.
	OldNotes  oldNotes  `cmd:"" hidden:"" help:"Hand over to the version of shell scripts."`
	OldCursor oldCursor `cmd:"" hidden:"" help:"Write a cursor file as that version knows it."`

	Version cli.Version `help:"Print the version and exit."`
}

func main() {
	cli.Main("egress-monitor", "List every name and address this server reaches.", &command{})
}

// needRoot returns an error unless this process is root. Every command that
// changes something calls it.
func needRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("must be root")
	}
	return nil
}

// isOff reports whether the monitor is off, and tells a person so. Cron and the units,
// for which that is no news, have no terminal.
func isOff() bool {
	if setup.Enabled() {
		return false
	}
	if _, err := unix.IoctlGetTermios(int(os.Stderr.Fd()), unix.TCGETS); err == nil {
		cli.Warn("the monitor is off, so nothing was done (egress-monitor enable)")
	}
	return true
}
