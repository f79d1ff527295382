package systemd

// Crons are the units of the programs that read /etc/cron.d: Debian's cron and
// cronie, systemd-cron (its generator makes timers), bcron.
var Crons = []string{"cron.service", "cronie.service", "crond.service", "cron.target", "bcron.service", "bcron-sched.service"}

// Cron returns the unit of this machine's cron, and whether it runs. Without any
// it is "".
func (c *Conn) Cron() (unit string, active bool) {
	for _, u := range Crons {
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
	return unit, false
}
