package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/oldnotes"
	"egress-monitor/lib/said"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/setup"
)

type enable struct {
	DryRun bool `help:"Change nothing; print the commands and file changes."`
}

func (c *enable) Run() error {
	// A reader that goes away (enable | head) must not stop it half way.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	now, err := settings.Load()
	if err != nil {
		return err
	}
	err = locked(time.Minute, func(s *setup.Setup) error {
		s.Settings = now
		return s.Enable(ctx, c.DryRun)
	})
	if err != nil || c.DryRun {
		return err
	}
	firstMinute()
	fmt.Println("egress-monitor is on. In a minute: egress-monitor status")
	return nil
}

type disable struct {
	Purge bool `help:"Remove the two files as well."`
}

func (c *disable) Run() error {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	return locked(90*time.Second, func(s *setup.Setup) error {
		var on bool
		if s.Settings, on = setup.InForce(s.Journal); !on {
			now, err := settings.Load()
			if err != nil {
				cli.Warn("%v; the defaults are used", err)
			}
			s.Settings = now
		}
		return s.Disable(setup.Off{Purge: c.Purge})
	})
}

// oldNotes is for dpkg, before the version of shell scripts is unpacked.
type oldNotes struct{}

func (*oldNotes) Run() error { return locked(time.Minute, (*setup.Setup).HandOver) }

// oldCursor is the part of oldNotes that runs as the poller.
type oldCursor struct {
	Aggregate string `arg:"" help:"The aggregate."`
	Cursor    string `arg:"" help:"Its cursor file."`
}

func (c *oldCursor) Run() error { return oldnotes.WriteCursor(c.Aggregate, c.Cursor) }

// locked works with the journal, as root and alone. Until something is changed
// nothing is left behind.
func locked(wait time.Duration, work func(*setup.Setup) error) error {
	if err := needRoot(); err != nil {
		return err
	}
	unlock, err := setup.Lock(wait)
	if err != nil {
		return err
	}
	defer unlock()
	defer func() {
		if _, err := os.Stat(layout.Admin); errors.Is(err, os.ErrNotExist) {
			os.RemoveAll(layout.Run)
		}
	}()
	s, err := setup.New(os.Stdout, said.New(false).Line) // what was lost is kept for status
	if err != nil {
		return err
	}
	return work(s)
}
