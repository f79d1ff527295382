package main

import (
	"errors"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/position"
	"egress-monitor/lib/stamp"
)

// again tells new lines from lines that were counted before, if the position of the
// last poll is lost: lines up to the newest time in the aggregate were counted.
type again struct {
	clock *stamp.Clock
	until int64 // lines up to this time were counted, seconds since 1970; 0: none
	known bool  // until is known
}

// counted reports whether a line was counted before.
func (a *again) counted(c *command, clock *stamp.Clock, line []byte) (bool, error) {
	if !a.known {
		if err := a.begin(c, clock); err != nil {
			return false, err
		}
	}
	if a.until == 0 || !a.old(line) {
		return false, nil
	}
	var l dnsmasq.Line
	if err := l.Parse(line); errors.Is(err, dnsmasq.ErrGlued) || errors.Is(err, dnsmasq.ErrNUL) {
		rest, _ := dnsmasq.Rest(line) // the part written after a power cut, which follows half a line
		return a.old(rest), nil
	}
	return true, nil
}

// begin reads the aggregate of --counted.
func (a *again) begin(c *command, clock *stamp.Clock) (err error) {
	a.known = true
	if c.Counted == "" {
		return nil
	}
	own := *clock // lines that are read again must not change the time of the log
	own.Doubt = nil
	a.clock = &own
	now := c.Now
	if now.IsZero() {
		now = time.Now()
	}
	a.until, err = position.Newest(c.Counted, now)
	if a.until != 0 {
		cli.Warn("gap: the position in the log is lost; only lines later than %s are counted, the newest time in %s",
			time.Unix(a.until, 0).UTC().Format(time.RFC3339), c.Counted)
	}
	return err
}

// old reports whether a line is not later than until. A line without a time stamp is
// left to the parser.
func (a *again) old(line []byte) bool {
	unix, ok := a.clock.Unix(line)
	return ok && unix <= a.until
}
