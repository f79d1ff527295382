package setup

import (
	"errors"
	"os"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/runfile"
)

// ErrBusy means that another enable, disable, heal or sync is at work.
var ErrBusy = errors.New("another egress-monitor is at work")

// Lock lets one enable, disable, heal or sync work at a time. It waits for another
// one, for wait at most, and then returns ErrBusy.
// /run/lock is everybody's; /run is not.
func Lock(wait time.Duration) (unlock func(), err error) {
	for {
		if err := os.MkdirAll(layout.Run, 0o755); err != nil {
			return nil, err
		}
		unlock, err := runfile.Lock(layout.Lock, wait, ErrBusy)
		if !errors.Is(err, os.ErrNotExist) { // else a disable has just removed the folder
			return unlock, err
		}
	}
}
