package ourdns

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"egress-monitor/lib/ask"
	"egress-monitor/lib/canary"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/querylog"
)

// Answers reports whether a question for a name is answered (also "no such
// name") within two seconds, at the second try if not the first.
func Answers(server netip.AddrPort, name string) error {
	_, err := ask.A(server, name, 2*time.Second)
	if err != nil {
		_, err = ask.A(server, name, 2*time.Second)
	}
	return err
}

// CanaryAnswers reports whether the canary's answer is ours: any dnsmasq could
// say "no such name".
func (s Server) CanaryAnswers() bool { return canary.Ask(s.Address(), layout.CanaryName) == nil }

// WaitFor asks again and again until it is so, or the time is over.
func WaitFor(ctx context.Context, d time.Duration, so func() bool) bool {
	end := time.Now().Add(d)
	for !so() {
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		time.Sleep(100 * time.Millisecond)
	}
	return true
}

// Logged calls ask, which asks for a name, and reports whether it was answered, and
// whether the question then is in the log. The log is read as the poller: that
// shows that the poller can, and root opens nothing in dnsmasq's folder.
func (s Server) Logged(name string, wait time.Duration, ask func() bool) (answered, logged bool) {
	log := querylog.Mark(s.Settings.DNSMasqLog, child.OpenAsPoller)
	defer log.Close()
	if !ask() {
		return false, false
	}
	missing, err := log.Wait(wait, name)
	return true, err == nil && len(missing) == 0
}

// CanaryIsLogged asks the canary's name and looks for it in the log.
func (s Server) CanaryIsLogged(wait time.Duration) (answered, logged bool) {
	return s.Logged(layout.CanaryName, wait, s.CanaryAnswers)
}

// Prove shows that dnsmasq answers, from upstream as well, and logs.
func (s Server) Prove(ctx context.Context, servers string) error {
	if !WaitFor(ctx, 5*time.Second, s.CanaryAnswers) {
		return fmt.Errorf("dnsmasq does not answer on %s%s", s.Settings.Listen, said())
	}
	if _, logged := s.CanaryIsLogged(2 * time.Second); !logged {
		return fmt.Errorf("dnsmasq does not log to %s (is the disk full? systemctl status %s)", s.Settings.DNSMasqLog, layout.DNSUnit)
	}
	if err := Answers(s.Address(), s.Settings.ProbeName); err != nil {
		return fmt.Errorf("dnsmasq gets no answer for %s from %s (EGRESS_PROBE_NAME in %s is the name that is asked): %w",
			s.Settings.ProbeName, servers, layout.Defaults, err)
	}
	return nil
}
