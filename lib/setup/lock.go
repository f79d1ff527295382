package setup

import (
	"errors"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/runfile"
)

// ErrBusy means that another enable, disable, heal or sync is at work.
var ErrBusy = errors.New("another egress-monitor is at work")

// Lock lets one enable, disable, heal or sync work at a time. It waits for another
// one, for wait at most, and then returns ErrBusy.
func Lock(wait time.Duration) (unlock func(), err error) {
	return runfile.Lock(layout.Lock, wait, ErrBusy)
}
