package ourdns

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"time"

	"egress-monitor/lib/ask"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
)

// Answers tells whether a question for a name is answered (also "no such name")
// within two seconds, at the second try if not the first.
func Answers(server netip.AddrPort, name string) error {
	_, err := ask.A(server, name, 2*time.Second)
	if err != nil {
		_, err = ask.A(server, name, 2*time.Second)
	}
	return err
}

// CanaryAnswers tells whether the canary's answer is ours: any dnsmasq could say
// "no such name".
func (s Server) CanaryAnswers() bool {
	got, err := ask.A(s.Address(), layout.CanaryName, 2*time.Second)
	return err == nil && len(got) == 1 && got[0].String() == layout.CanaryIP4
}

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

// Logged tells whether the end of the log holds a question for the addresses of
// a name that is not older than since. It is read as the poller: that shows that
// the poller can, and root opens nothing in dnsmasq's folder.
func (s Server) Logged(name string, since time.Time) bool {
	r, err := child.Command("tail", "-c", "1000000", s.Settings.DNSMasqLog).AsPoller().Output(context.Background())
	return err == nil && logged(r.Stdout, name, since, time.Now())
}

func logged(text []byte, name string, since, now time.Time) bool {
	question := []byte("query[A] " + name + " from ")
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, question) && within(line, since, now) {
			return true
		}
	}
	return false
}

// within tells whether a line of the log begins with one of the seconds from
// since to now: "Jan  2 15:04:05 dnsmasq". They are UTC, without a year.
func within(line []byte, since, now time.Time) bool {
	const layout = "Jan _2 15:04:05"
	if len(line) < len(layout)+8 || string(line[len(layout):len(layout)+8]) != " dnsmasq" {
		return false
	}
	for t := since.Truncate(time.Second); !t.After(now); t = t.Add(time.Second) {
		if t.UTC().Format(layout) == string(line[:len(layout)]) {
			return true
		}
	}
	return false
}

// CanaryIsLogged asks the canary's name and looks for it in the log.
func (s Server) CanaryIsLogged(ctx context.Context) bool {
	since := time.Now()
	return s.CanaryAnswers() && WaitFor(ctx, 2*time.Second, func() bool { return s.Logged(layout.CanaryName, since) })
}

// Prove shows that dnsmasq answers, from upstream as well, and logs.
func (s Server) Prove(ctx context.Context, servers string) error {
	if !WaitFor(ctx, 5*time.Second, s.CanaryAnswers) {
		return fmt.Errorf("dnsmasq does not answer on %s%s", s.Settings.Listen, said())
	}
	if !s.CanaryIsLogged(ctx) {
		return fmt.Errorf("dnsmasq does not log to %s (is the disk full? systemctl status %s)", s.Settings.DNSMasqLog, layout.DNSUnit)
	}
	if err := Answers(s.Address(), s.Settings.ProbeName); err != nil {
		return fmt.Errorf("dnsmasq gets no answer for %s from %s (EGRESS_PROBE_NAME in %s is the name that is asked): %w",
			s.Settings.ProbeName, servers, layout.Defaults, err)
	}
	return nil
}
