package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/journal"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/logfile"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/polls"
	"egress-monitor/lib/resolver"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/undo"
)

// cursorIs reports whether there is a cursor, or none is needed. Without one, the first
// poll would count connections that are in the journal from before a disable --purge.
func (s *Setup) cursorIs() bool {
	return s.Settings.InSet() || s.before || asPoller("test", "-e", s.cursor()) == nil
}

func (s *Setup) cursor() string { return s.Settings.StateDir + "/ips.cursor" }

func asPoller(name string, args ...string) error {
	return child.Command(name, args...).AsPoller().Run(context.Background())
}

// cursorLine returns the last line of the output of journalctl --show-cursor. ok is
// false if that is no cursor; further fields, of newer versions, are allowed.
func cursorLine(text string) (line string, ok bool) {
	line = text[strings.LastIndexByte(text, '\n')+1:]
	token, ok := strings.CutPrefix(line, "-- cursor: ")
	return line, ok && journal.ValidCursor(token)
}

// cursorDo puts the cursor after the newest line of the kernel.
func (s *Setup) cursorDo(h *change.Hand) error {
	if h.Dry() {
		return h.Do("write "+s.cursor()+": the end of the journal", nil)
	}
	r, err := child.Command("journalctl", "-q", "--no-pager", "-o", "cat", "-n", "1", "--show-cursor",
		"_TRANSPORT=kernel", "SYSLOG_FACILITY=0").Within(time.Minute).Output(context.Background())
	line, ok := cursorLine(r.Text())
	if err != nil || !ok {
		return nil // the kernel has logged no line yet
	}
	return writeCursor(s.cursor(), []byte(line+"\n"))
}

// logIsNew reports whether there is no query log yet, and no copy of one.
func (s *Setup) logIsNew() bool {
	_, err := os.Lstat(s.Settings.DNSMasqLog)
	copies, err2 := filepath.Glob(s.Settings.DNSMasqLog + "?*")
	return os.IsNotExist(err) && err2 == nil && len(copies) == 0
}

// beginDo puts the cursor at the beginning of the query log. Without a cursor, but with
// an earlier file of names, a poll would believe that its position is lost.
func (s *Setup) beginDo(h *change.Hand) error {
	cursor := s.Settings.Cursor(polls.Domains)
	if h.Dry() {
		return h.Do("write "+cursor+": the beginning of the query log", nil)
	}
	token, err := logfile.Begin(s.Settings.DNSMasqLog)
	if err != nil {
		return err
	}
	return writeCursor(cursor, batch.Trailer{Cursor: token}.Append(nil))
}

// writeCursor writes a cursor file as the poller, whose folder it is in.
func writeCursor(name string, text []byte) error {
	script := `umask 027; cat >"$1.new" && mv "$1.new" "$1"`
	return child.Command("sh", "-c", script, "-", name).Input(text).AsPoller().Run(context.Background())
}

// --- units

func unitsAre() bool {
	c, err := systemd.Connect()
	if err != nil {
		return false
	}
	defer c.Close()
	for _, u := range units {
		if !c.Enabled(u) {
			return false
		}
	}
	return c.Active(layout.UpstreamPathUnit) && (c.Active(layout.RulesUnit) || !Enabled())
}

// unitsDo enables the units. It starts the rules' unit only if the mark is there, which
// is the unit's condition: in a first enable the mark comes last.
func unitsDo(h *change.Hand) error {
	for _, u := range units {
		if err := h.Note("unit", u, ""); err != nil {
			return err
		}
	}
	if err := h.Run("systemctl", append([]string{"--quiet", "enable"}, units...)...); err != nil {
		return err
	}
	if err := h.Run("systemctl", "start", layout.UpstreamPathUnit); err != nil || !Enabled() {
		return err
	}
	return h.Run("systemctl", "start", layout.RulesUnit)
}

func unitsUndo([]undo.Entry) error {
	return ourdns.Stop(append([]string{layout.UpstreamUnit}, units...)...)
}

// --- the mark

// markDo makes the mark that cron tests for. It first syncs all earlier writes: if the
// mark survives a power cut, so must they.
func (s *Setup) markDo(h *change.Hand) error {
	text := time.Now().UTC().Format(time.RFC3339) + "\n"
	if err := h.Do("write "+layout.Enabled, func() error {
		unix.Sync()
		return undo.Put(layout.Enabled, undo.Fresh(text, 0o644))
	}); err != nil {
		return err
	}
	if !h.Dry() {
		if err := undo.Remove(layout.Bypassed); err != nil {
			return err
		}
	}
	return h.Run("systemctl", "start", layout.RulesUnit)
}

// --- polls

// syncJournal makes journald write all entries that it has received.
func syncJournal() { child.Command("journalctl", "--sync").Run(context.Background()) }

// poll polls both logs a last time. If one poll fails, the other one runs all the same.
func (s *Setup) poll() error {
	syncJournal()
	p := s.poller()
	which := []string{polls.Domains, polls.IPs}
	if s.Settings.InSet() {
		which = which[:1] // the set is read to its end when it goes
	}
	var failed []error
	for _, what := range which {
		if err := p.Poll(context.Background(), what, time.Minute); err != nil {
			failed = append(failed, fmt.Errorf("egress-%s: %w", what, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Setup) poller() *polls.Poller {
	return polls.New(s.Settings, func(text []byte) {
		for line := range strings.Lines(string(text)) {
			s.Warn("%s", child.Clean(line))
		}
	})
}

// readRest polls the last lines of dnsmasq, which is stopped by now. If that fails, the
// query log and its cursor stay for the next enable.
func (s *Setup) readRest([]undo.Entry) error {
	if !s.wasOn {
		return nil
	}
	if err := s.poll(); err != nil {
		s.unread = true
		s.Warn("the last poll failed; the query log stays in %s: %v", s.Settings.LogFolder(), err)
	}
	return nil
}

// --- after a repeated enable that failed

// reassert puts the earlier settings and files in force again.
func (s *Setup) reassert() error {
	s.Settings = s.earlier
	s.res = nil
	ctx := context.Background()
	failed := []error{s.noteSettings(ctx, s.Hand(ctx, stepSettings))}
	s.FindUpstream()
	if _, err := s.WriteUpstream(); err != nil {
		failed = append(failed, err)
	}
	for _, step := range s.Steps() {
		again := step.ID == stepDNS && step.Is != nil
		if step.Do == nil || step.Is == nil || !again && step.Is() {
			continue
		}
		if err := step.Do(ctx, s.Hand(ctx, step.ID)); err != nil {
			failed = append(failed, err)
		}
	}
	ourdns.WaitFor(ctx, 5*time.Second, ourdns.Server{Settings: s.Settings}.CanaryAnswers)
	return errors.Join(failed...)
}

// traces reports whether something of ours is left that no note names.
func traces() bool {
	for _, path := range []string{layout.Conf, layout.Dropin, layout.Rsyslog, layout.Enabled} {
		if _, err := os.Lstat(path); err == nil {
			return true
		}
	}
	return resolver.IsOurs() || rulesLeft()
}
