package minute

import (
	"fmt"
	"os"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/truth"
)

// invocation is a link that systemd keeps for each unit that runs. It points to the
// number of this start (systemd.exec(5), INVOCATION_ID).
const invocation = "/run/systemd/units/invocation:" + layout.DNSUnit

// restarted reports a dnsmasq that was started anew since the last minute: questions
// of the time between have no answer and no line.
func (m *machine) restarted(s *truth.State) {
	now, err := os.Readlink(invocation)
	if err != nil {
		return // it does not run, which check reports
	}
	before := s.DNSMasq
	if s.DNSMasq = now; before == "" || before == now {
		return
	}
	m.log.Line("gap: dnsmasq was started anew%s; names that were asked meanwhile were not answered, and are not listed", downText())
}

// downText returns the time during which it did not run, if systemd knows.
func downText() string {
	from, up := microseconds("ActiveExitTimestamp"), microseconds("ActiveEnterTimestamp")
	if from.IsZero() || up.Before(from) {
		return ""
	}
	return fmt.Sprintf(": it was down between %s and %s", stamp(from), stamp(up))
}

func microseconds(property string) time.Time {
	v, _ := systemd.Ask(layout.DNSUnit, property)
	if n, ok := v.(uint64); ok && n > 0 {
		return time.UnixMicro(int64(n))
	}
	return time.Time{}
}
