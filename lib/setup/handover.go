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

// HandedOver reports whether HandOver has run, and dpkg has not ended yet.
func HandedOver() bool { return polls.HandedOver(layout.Run) }

// HandOver prepares a monitor that is on for the version of shell scripts, whose package
// is about to be unpacked. It undoes the changes that that version does not know and
// would never undo: the set that counts, the drop-in of rsyslog, a unit. The notes of
// the others it writes in the form of that version. After a failure it goes on, and so
// does dpkg.
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

// handOverSource changes the source from the set to the log. The set is read to its end.
func (s *Setup) handOverSource() error {
	begun := s.Set(nil).Begun()
	s.Settings.Source, s.Settings.Recount = settings.Log, false
	if !begun {
		return nil
	}
	return s.toLog(s.Hand(context.Background(), stepSet))
}
