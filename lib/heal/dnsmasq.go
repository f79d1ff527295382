package heal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/systemd"
)

// dnsmasq asks our dnsmasq for the canary's name. It restarts a dnsmasq that does
// not answer, and reopens the log if the question is not in it.
func (h *Healer) dnsmasq() {
	d := ourdns.Server{Settings: h.setup.Settings}
	answer, log := d.AskLogged(layout.CanaryName, time.Second)
	if answer != nil {
		if !bypassed() { // reported once, however long it lasts
			h.say("gap: dnsmasq did not answer; restarting it")
		}
		// KILL: a process that hangs does not obey TERM
		systemd.Ctl("kill", "--signal=KILL", layout.DNSUnit)
		systemd.Ctl("reset-failed", layout.DNSUnit)
		child.Command("systemctl", "start", layout.DNSUnit).Within(20 * time.Second).Run(context.Background())
		if !ourdns.WaitFor(context.Background(), 5*time.Second, d.CanaryAnswers) {
			h.bypass()
			return
		}
		_, log = d.AskLogged(layout.CanaryName, time.Second)
	}
	if bypassed() {
		h.endBypass()
	}
	if log == nil {
		h.logIsBack()
	} else {
		h.log(d)
	}
}

// unlogged is a file that holds the time since which dnsmasq's log is not written.
const unlogged = layout.Run + "/unlogged"

// log makes dnsmasq open its log again, after the step that repairs the folders. A
// dnsmasq that was started while it could not write the log sends its lines to the
// system's log until it is restarted.
func (h *Healer) log(d ourdns.Server) {
	if _, err := os.Stat(unlogged); os.IsNotExist(err) {
		h.tell("gap: dnsmasq does not write to %s", d.Settings.DNSMasqLog)
		os.WriteFile(unlogged, []byte(time.Now().UTC().Format(time.RFC3339)+"\n"), 0o644)
	}
	systemd.Ctl("kill", "--kill-who=main", "--signal=USR2", layout.DNSUnit)
	time.Sleep(300 * time.Millisecond)
	answer, log := d.AskLogged(layout.CanaryName, 2*time.Second)
	if log != nil && logsElsewhere() {
		systemd.Ctl("restart", layout.DNSUnit)
		ourdns.WaitFor(context.Background(), 5*time.Second, d.CanaryAnswers)
		answer, log = d.AskLogged(layout.CanaryName, 2*time.Second)
	}
	if answer != nil || log != nil {
		h.once("cannot heal: dnsmasq's log (is the disk full?)")
		return
	}
	h.logIsBack()
}

// logsElsewhere reports whether dnsmasq-start has found that the log cannot be
// written, and has sent the lines to the system's log.
func logsElsewhere() bool {
	pid, _ := systemd.Ask(layout.DNSUnit, "Service.MainPID")
	args, _ := os.ReadFile(fmt.Sprintf("/proc/%v/cmdline", pid))
	return bytes.Contains(args, []byte("\x00--log-facility=daemon\x00"))
}

// logIsBack ends the gap that was reported when the log could no longer be
// written, with its times. The number of lost questions is not known.
func (h *Healer) logIsBack() {
	since, err := os.ReadFile(unlogged)
	if err != nil {
		return
	}
	h.tell("healed: dnsmasq's log; questions were missed from a minute before %s until now", strings.TrimSpace(string(since)))
	os.Remove(unlogged)
}

// bypass puts the resolver back as it was when dnsmasq cannot be started: names
// matter more than the list of them. Each minute tries again.
func (h *Healer) bypass() {
	if bypassed() {
		return
	}
	h.say("gap: dnsmasq does not answer even after a restart; names go past it until it does")
	os.WriteFile(layout.Bypassed, nil, 0o644)
	if err := h.setup.Resolver().Undo(h.setup.Journal.Of("resolver")); err != nil {
		h.tell("cannot heal: the resolver as before: %v", err)
	}
}

func (h *Healer) endBypass() {
	os.Remove(layout.Bypassed)
	h.setup.FindUpstream()
	r := h.setup.Resolver()
	err := r.Do(h.hand("resolver"))
	h.healed("dnsmasq; names go through it again", err == nil && r.Is(), err)
}
