package systemd

import (
	"os"
	"slices"
	"strings"
)

// crons are the units of the programs that read /etc/cron.d: Debian's cron and
// cronie, systemd-cron (its generator makes timers), bcron.
var crons = []string{"cron.service", "cronie.service", "crond.service", "cron.target", "bcron-sched.service", "bcron.service"}

// daemons are such programs by name: some other init may run them (runit).
var daemons = []string{"cron", "crond", "bcron-sched"}

// Cron returns the unit of this machine's cron, or else the name of its process,
// and whether it runs. Without any it is "".
func (c *Conn) Cron() (unit string, active bool) {
	for _, u := range crons {
		if !c.Exists(u) {
			continue
		}
		if c.Active(u) {
			return u, true
		}
		if unit == "" {
			unit = u
		}
	}
	if name := running(daemons); name != "" {
		return name, true
	}
	return unit, false
}

// running returns the first of these programs that runs.
func running(names []string) string {
	here, _ := os.Readlink("/proc/self/ns/pid")
	list, _ := os.ReadDir("/proc")
	for _, d := range list {
		// a container's cron is not this machine's
		if ns, err := os.Readlink("/proc/" + d.Name() + "/ns/pid"); err != nil || ns != here || d.Name()[0] > '9' {
			continue
		}
		comm, _ := os.ReadFile("/proc/" + d.Name() + "/comm")
		if name := strings.TrimSpace(string(comm)); slices.Contains(names, name) {
			return name
		}
	}
	return ""
}
