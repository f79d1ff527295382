package ourdns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/undo"
)

// kindUnit is the kind of the note of a unit that was enabled and started.
const kindUnit = "unit"

// RunningIs reports whether dnsmasq runs with its present configuration, and will start
// after a reboot.
func (s Server) RunningIs() bool {
	c, err := systemd.Connect()
	if err != nil {
		return false
	}
	defer c.Close()
	return c.Active(layout.DNSUnit) && c.Enabled(layout.DNSUnit) && s.current(c)
}

// current reports whether dnsmasq was started after its configuration was
// written.
func (s Server) current(c *systemd.Conn) bool {
	v, err := c.Property(layout.DNSUnit, "Service.ExecMainStartTimestamp")
	micros, ok := v.(uint64)
	if err != nil || !ok {
		return false
	}
	started := time.UnixMicro(int64(micros))
	for _, f := range s.files() {
		if info, err := os.Stat(f.path); err == nil && info.ModTime().After(started) {
			return false
		}
	}
	return true
}

// Start starts dnsmasq anew, and has systemd start it at each boot.
func (s Server) Start(h *change.Hand) error {
	if err := h.Note(kindUnit, layout.DNSUnit, ""); err != nil {
		return err
	}
	if err := h.Run("systemctl", "--quiet", "enable", layout.DNSUnit); err != nil {
		return err
	}
	return s.Restart(h)
}

// Restart restarts dnsmasq, which reads its configuration then.
func (s Server) Restart(h *change.Hand) error {
	if !h.Dry() {
		systemd.Ctl("reset-failed", layout.DNSUnit) // fails if systemd does not know the unit yet
	}
	if err := h.Run("systemctl", "restart", layout.DNSUnit); err != nil {
		return fmt.Errorf("dnsmasq did not start%s", said())
	}
	return nil
}

// StopUndo stops dnsmasq, after the resolver was restored.
func StopUndo([]undo.Entry) error {
	return Stop(layout.DNSUnit)
}

// Stop stops and disables units, whatever state they are in.
func Stop(units ...string) error {
	systemd.Ctl(append([]string{"--quiet", "disable"}, units...)...)
	systemd.Ctl(append([]string{"stop"}, units...)...)
	systemd.Ctl(append([]string{"reset-failed"}, units...)...)
	c, err := systemd.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	for _, u := range units {
		if c.Active(u) {
			return fmt.Errorf("%s does not stop (systemctl status %s)", u, u)
		}
		if c.Enabled(u) {
			return fmt.Errorf("%s is still enabled (systemctl disable %s)", u, u)
		}
	}
	return nil
}

// said returns the unit's last lines in the journal, as a hint after a message.
func said() string {
	r, err := child.Command("journalctl", "-q", "--no-pager", "-o", "cat", "-n", "3", "-u", layout.DNSUnit).Output(context.Background())
	if err != nil || len(r.Stdout) == 0 {
		return ""
	}
	var lines []string
	for _, l := range r.Lines() {
		lines = append(lines, child.Clean(l))
	}
	return ": " + strings.Join(lines, "; ")
}

// PortFree returns an error if dnsmasq cannot listen on its address. It tries with the
// socket options of dnsmasq (SO_REUSEADDR also for UDP).
func (s Server) PortFree() error {
	reuse := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		called := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
		return errors.Join(called, err)
	}}
	udp, err := reuse.ListenPacket(context.Background(), "udp4", s.Address().String())
	if err == nil {
		udp.Close()
		var tcp net.Listener
		if tcp, err = reuse.Listen(context.Background(), "tcp4", s.Address().String()); err == nil {
			tcp.Close()
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken", s.Address())
	}
	return err
}
