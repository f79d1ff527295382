package main

import (
	"errors"
	"time"

	"egress-monitor/lib/cli"
	"egress-monitor/lib/counted"
	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/stamp"
)

// again tells lines that were counted before from new ones, by their time, where
// the position of the poll before is lost: what is not later than the newest row
// of the aggregate was counted.
type again struct {
	clock *stamp.Clock
	until int64 // seconds since 1970; 0: nothing was counted
	known bool
}

// counted says whether a line was counted before.
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
		rest, _ := dnsmasq.Rest(line) // written after a power cut, behind half a line from before
		return a.old(rest), nil
	}
	return true, nil
}

func (a *again) begin(c *command, clock *stamp.Clock) (err error) {
	a.known = true
	if c.Counted == "" {
		return nil
	}
	own := *clock // what is read again must not move the time of the log
	own.Doubt = nil
	a.clock = &own
	now := c.Now
	if now.IsZero() {
		now = time.Now()
	}
	a.until, err = counted.Newest(c.Counted, now)
	if a.until != 0 {
		cli.Warn("gap: the position in the log is lost; what is later than %s counts, the newest time in %s",
			time.Unix(a.until, 0).UTC().Format(time.RFC3339), c.Counted)
	}
	return err
}

// old says whether a line is not later than what was counted. One without a time
// is looked at by the parser.
func (a *again) old(line []byte) bool {
	unix, ok := a.clock.Unix(line)
	return ok && unix <= a.until
}
