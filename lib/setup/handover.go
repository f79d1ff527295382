package setup

import (
	"context"
	"errors"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/oldnotes"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/rsyslog"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/systemd"
)

// HandedOver tells whether HandOver was at work, and dpkg has not yet ended.
func HandedOver() bool { return polls.HandedOver(layout.Run) }

// HandOver has the version of shell scripts go on with a monitor that is on: its
// package is about to be unpacked. What that version does not know, and would never
// give back, is undone: the set that counts, the drop-in of rsyslog, a unit. The rest
// is written in its form. A failure does not stop the rest, or dpkg.
func (s *Setup) HandOver() error {
	if !Enabled() {
		return nil
	}
	s.Settings, _ = InForce(s.Journal)
	failed := []error{s.handOverSource(), s.poll()}
	for _, what := range []string{polls.Domains, polls.IPs} {
		failed = append(failed, s.poller().HandOver(context.Background(), what, time.Minute))
	}
	return errors.Join(append(failed,
		rsyslog.Undo(nil),
		systemd.Ctl("--quiet", "disable", layout.RulesAgainUnit),
		s.Firewall(nil).HandOver(),
		oldnotes.Write(layout.Admin, s.Journal))...)
}

// handOverSource has the log be the source: the set is read to its end, and goes.
func (s *Setup) handOverSource() error {
	begun := s.Set(nil).Begun()
	s.Settings.Source, s.Settings.Recount = settings.Log, false
	if !begun {
		return nil
	}
	return s.toLog(s.Hand(context.Background(), stepSet))
}
