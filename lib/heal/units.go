package heal

import (
	"errors"
	"os"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/setup"
)

// The functions that the units run, beside heal.

// Upstream writes the servers that dnsmasq asks, before dnsmasq starts. It takes no
// lock: enable holds it while it starts dnsmasq.
func Upstream() error {
	h, err := New(func(string) {})
	if err != nil {
		return err
	}
	failed := []error{h.setup.FindUpstream()}
	_, err = h.setup.WriteUpstream()
	failed = append(failed, err)
	if _, err := os.Stat(layout.Servers); os.IsNotExist(err) {
		failed = append(failed, os.WriteFile(layout.Servers, nil, 0o644))
	}
	return errors.Join(failed...)
}

// settleFor is how long Sync repeats its checks while a link is coming up.
const settleFor = 20 * time.Second

// Sync follows the name servers after one of their files has changed. Such a change
// seldom comes alone, and systemd does not report those that come while Sync runs.
// So Sync checks again until nothing changes and no link is coming up.
func Sync(say func(text string)) error {
	var before marks
	for end := time.Now().Add(settleFor); ; time.Sleep(500 * time.Millisecond) {
		unlock, err := setup.Lock(time.Minute)
		if err != nil {
			return err
		}
		if !setup.Enabled() {
			unlock()
			return nil
		}
		h, err := New(say)
		if err != nil {
			unlock()
			return err
		}
		h.upstream(true)
		now := fingerprint()
		unlock()
		if now == before && !h.setup.Plan.Pending || time.Now().After(end) {
			return nil
		}
		before = now
	}
}

// Rules makes the rules at boot, before the network, and after a restart of a
// firewall. It does not wait for the lock: a program that holds it makes the rules,
// too.
func Rules(say func(text string)) error {
	unlock, err := setup.Lock(0)
	if errors.Is(err, setup.ErrBusy) || !setup.Enabled() {
		return nil
	} else if err != nil {
		return err
	}
	defer unlock()
	h, err := New(say)
	if err != nil {
		return err
	}
	return h.rules()
}

// Stop polls the set a last time before the machine goes down.
func Stop(say func(text []byte)) error {
	if !setup.Enabled() {
		return nil
	}
	h, err := New(func(text string) { say([]byte(text + "\n")) })
	if err != nil {
		return err
	}
	return h.setup.StopSet(say)
}
