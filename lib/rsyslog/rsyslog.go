// Package rsyslog keeps the LOG rules' lines out of the files of rsyslog, which
// writes each of them to /var/log/syslog and to kern.log, without a bound. Other
// syslog daemons are left to the admin.
//
// The drop-in is RainerScript, as rsyslog 7 and later read it: of the modules
// that read the kernel's lines (imklog, or imjournal), lines with our prefix and
// the first words of the kernel's text go no further. The name sorts before
// 50-default.conf (Ubuntu); in Debian's rsyslog.conf drop-ins come before the rules.
package rsyslog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/undo"
)

// Unit is rsyslog's.
const Unit = "rsyslog.service"

// Text is the step for people.
const Text = "rsyslog leaves the kernel's lines of new connections to the journal"

func dropin(prefix string) string {
	return `# Written by "egress-monitor enable", removed by "egress-monitor disable".
# A line for each new connection would fill /var/log/syslog and kern.log; egress-monitor reads them from the journal.
if ($inputname == "imklog" or $inputname == "imjournal") and $msg contains "` + prefix + `IN=" then stop
`
}

// there reports whether rsyslog is installed. It is asked each minute, without
// a question to systemd.
func there() bool {
	_, err := os.Stat("/etc/rsyslog.conf")
	if err != nil {
		return false
	}
	info, err := os.Stat(filepath.Dir(layout.Rsyslog))
	return err == nil && info.IsDir()
}

// Is reports whether the drop-in is installed, or not needed, as rsyslog is not.
func Is(prefix string) bool {
	if !there() {
		return true
	}
	got, err := os.ReadFile(layout.Rsyslog)
	return err == nil && string(got) == dropin(prefix)
}

// Do installs the drop-in. One that this rsyslog does not understand would keep
// it from starting: it is taken away again.
func Do(h *change.Hand, prefix string) error {
	if err := h.Note("restart", Unit, ""); err != nil {
		return err
	}
	if err := h.Write(layout.Rsyslog, dropin(prefix), change.Root644); err != nil {
		return err
	}
	if !h.Dry() {
		if err := child.Command("rsyslogd", "-N1").Within(20 * time.Second).Run(context.Background()); err != nil && !child.IsNotThere(err) {
			undo.Remove(layout.Rsyslog)
			return fmt.Errorf("rsyslog does not take its drop-in: %w", err)
		}
		if !active() {
			return nil
		}
	}
	return h.Run("systemctl", "try-restart", Unit)
}

// Undo removes the drop-in.
func Undo([]undo.Entry) error {
	if _, err := os.Lstat(layout.Rsyslog); os.IsNotExist(err) {
		return nil
	}
	if err := undo.Remove(layout.Rsyslog); err != nil {
		return err
	}
	if !active() {
		return nil
	}
	return systemd.Ctl("try-restart", Unit)
}

// active reports whether rsyslog runs. An rsyslog that was removed may leave rsyslog.conf.
func active() bool {
	state, _ := systemd.Ask(Unit, "ActiveState")
	return state == "active" || state == "reloading"
}

// others are daemons that write the kernel's lines to files as well.
var others = []string{"syslog-ng.service", "busybox-syslogd.service", "inetutils-syslogd.service", "sysklogd.service", "metalog.service", "klogd.service"}

// Other names another syslog daemon that runs; "" if there is none.
func Other(c *systemd.Conn) string {
	for _, u := range others {
		if c.Active(u) {
			return u
		}
	}
	return ""
}
