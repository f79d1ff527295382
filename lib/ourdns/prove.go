package ourdns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"egress-monitor/lib/ask"
	"egress-monitor/lib/canary"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
)

// Answers returns an error unless the server answers for a name, if only "no such
// name". It tries twice, for two seconds each.
func Answers(server netip.AddrPort, name string) error {
	_, err := ask.A(server, name, 2*time.Second)
	if err != nil {
		_, err = ask.A(server, name, 2*time.Second)
	}
	return err
}

// Ask asks our dnsmasq for one of the names that it answers by itself. It returns an
// error if the answer is not ours: any dnsmasq could say "no such name".
func (s Server) Ask(name string) error { return canary.Ask(s.Address(), name) }

// CanaryAnswers reports whether our dnsmasq answers for the canary.
func (s Server) CanaryAnswers() bool { return s.Ask(layout.CanaryName) == nil }

// WaitFor calls so until it is true, for d at most, and returns its last result.
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

// Logged calls ask, which asks for a name, and returns its error, or the reason why
// the question is not in the query log then. The log is read as the poller: that
// shows that the poller can, and root opens nothing in dnsmasq's folder.
func (s Server) Logged(name string, wait time.Duration, ask func() error) (answer, log error) {
	l := mark(s.Settings.DNSMasqLog, child.OpenAsPoller)
	defer l.close()
	if err := ask(); err != nil {
		return err, nil
	}
	switch found, err := l.wait(wait, name); {
	case err != nil:
		return nil, fmt.Errorf("dnsmasq does not write its log, or it cannot be read: %w", err)
	case !found:
		return nil, fmt.Errorf("dnsmasq does not write %s (is the disk full? heal reopens it each minute)", s.Settings.DNSMasqLog)
	}
	return nil, nil
}

// AskLogged is Logged for Ask.
func (s Server) AskLogged(name string, wait time.Duration) (answer, log error) {
	return s.Logged(name, wait, func() error { return s.Ask(name) })
}

// Prove returns an error unless dnsmasq answers, also for a name that it asks of its
// servers, and logs. servers names them in the error.
func (s Server) Prove(ctx context.Context, servers string) error {
	if !WaitFor(ctx, 5*time.Second, s.CanaryAnswers) {
		return fmt.Errorf("dnsmasq does not answer on %s%s", s.Settings.Listen, said())
	}
	if answer, log := s.AskLogged(layout.CanaryName, 2*time.Second); answer != nil || log != nil {
		return fmt.Errorf("%w (systemctl status %s)", errors.Join(answer, log), layout.DNSUnit)
	}
	if err := Answers(s.Address(), s.Settings.ProbeName); err != nil {
		return fmt.Errorf("dnsmasq gets no answer for %s from %s (EGRESS_PROBE_NAME in %s is the name that is asked): %w",
			s.Settings.ProbeName, servers, layout.Defaults, err)
	}
	return nil
}
