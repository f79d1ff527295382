package systemd

import (
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// As sd_bus_path_encode(3) has it.
func TestUnitPath(t *testing.T) {
	for unit, want := range map[string]string{
		"cron.service":                   "cron_2eservice",
		"egress-monitor-dnsmasq.service": "egress_2dmonitor_2ddnsmasq_2eservice",
		"7z@a9.service":                  "_37z_40a9_2eservice",
	} {
		if got := string(unitPath(unit)); got != "/org/freedesktop/systemd1/unit/"+want {
			t.Errorf("%s: %s", unit, got)
		}
	}
}

func TestRunning(t *testing.T) {
	us, err := os.ReadFile("/proc/self/comm")
	testtools.Must(t, err)
	name := strings.TrimSpace(string(us))
	if got := running([]string{"no such program", name}); got != name {
		t.Errorf("%q, want %q", got, name)
	}
	if got := running([]string{"no such program"}); got != "" {
		t.Error(got)
	}
}
