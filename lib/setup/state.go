package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/oldnotes"
	"egress-monitor/lib/resolved"
	"egress-monitor/lib/resolver"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
	"egress-monitor/lib/upstream"

	"context"
)

// A State holds facts about the machine.
type State struct {
	Plan     upstream.Plan
	res      *resolver.Resolver
	resolved bool // programs could resolve a name before enable
	off      Off
	newLog   bool // there was no query log before enable
	wasOn    bool // the monitor was on when disable began
	unread   bool // the query log could not be read to its end
}

// New opens the journal. If it is empty, New takes over the notes of the version of
// shell scripts.
func New(out io.Writer, warn func(format string, args ...any)) (*Setup, error) {
	j, err := undo.Open(layout.Admin)
	if err != nil {
		return nil, err
	}
	if j.Empty() {
		if err := oldnotes.TakeOver(layout.Admin, j); err != nil {
			return nil, err
		}
	}
	return &Setup{Journal: j, Out: out, Warn: warn}, nil
}

// InForce returns the settings of the last enable; false if there was none.
func InForce(j *undo.Journal) (settings.Settings, bool) {
	e, ok := j.Entry(stepSettings, kindSettings, layout.Defaults)
	var s settings.Settings
	if !ok || json.Unmarshal([]byte(e.Value), &s) != nil {
		return settings.Default(), false
	}
	return s, true
}

const kindSettings = "settings"

func (s *Setup) settingsNoted() bool {
	now, err := json.Marshal(s.Settings)
	e, ok := s.Journal.Entry(stepSettings, kindSettings, layout.Defaults)
	return err == nil && ok && e.Value == string(now)
}

// noteSettings notes the settings: disable follows the journal, not the settings file,
// which may have changed by then.
func (s *Setup) noteSettings(_ context.Context, h *change.Hand) error {
	now, err := json.Marshal(s.Settings)
	if err != nil {
		return err
	}
	if h.Dry() {
		return h.Do("note in "+layout.Admin+"/journal, before each change, what was there", nil)
	}
	return h.Note(kindSettings, layout.Defaults, string(now))
}

// Resolver returns the resolver of this machine.
func (s *Setup) Resolver() *resolver.Resolver {
	if s.res == nil {
		s.res = &resolver.Resolver{Listen: s.Settings.Listen, Journal: s.Journal, Step: stepResolver, Resolved: resolver.HasResolved()}
	}
	s.res.Listen = s.Settings.Listen
	s.res.Domains = s.Plan.Domains
	return s.res
}

// FindUpstream makes the Plan of the servers that dnsmasq asks.
func (s *Setup) FindUpstream() error {
	r := s.Resolver()
	src := upstream.Sources{ResolvConf: r.Foreign(), Ours: append([]netip.Addr{s.Settings.Listen}, s.Settings.ListenAlso...), LinkName: linkName}
	if r.Resolved {
		var err error
		if src.Facts, err = resolved.Ask(); err != nil {
			return err
		}
		if src.Config, err = resolved.ReadConfig("", layout.Dropin); err != nil {
			return err
		}
		r.Facts = src.Facts
	}
	s.Plan = upstream.Make(src)
	r.Domains = s.Plan.Domains
	return nil
}

func linkName(index int) string {
	i, err := net.InterfaceByIndex(index)
	if err != nil {
		return ""
	}
	return i.Name
}

// WriteUpstream writes the servers that dnsmasq asks, and reports whether they have
// changed. If the Plan has no servers, the earlier ones stay, also after a reboot: a
// missing answer of systemd-resolved, or a missing file, must not leave the machine
// without names.
func (s *Setup) WriteUpstream() (changed bool, err error) {
	if err := os.MkdirAll(layout.Run, 0o755); err != nil {
		return false, err
	}
	// dnsmasq must be able to read the folder, and its unit, which may be the first at boot, has a umask.
	if err := os.Chmod(layout.Run, 0o755); err != nil {
		return false, err
	}
	if len(s.Plan.Servers) == 0 {
		if _, err := os.Stat(layout.Servers); err == nil {
			return false, nil
		}
		last, err := os.ReadFile(lastServers)
		if err != nil {
			return false, nil
		}
		return putIfNew(layout.Servers, string(last))
	}
	if _, err := putIfNew(layout.ResolverFacts, s.Plan.FactsFile()); err != nil {
		return false, err
	}
	if changed, err = putIfNew(layout.Servers, s.Plan.ServersFile()); err != nil {
		return changed, err
	}
	if _, err := os.Stat(layout.Admin); err == nil {
		putIfNew(lastServers, s.Plan.ServersFile()) // if it fails, only a reboot without servers is worse
	}
	return changed, nil
}

// lastServers is a spare copy that a reboot does not remove.
const lastServers = layout.Admin + "/servers"

func putIfNew(path, text string) (changed bool, err error) {
	now, err := os.ReadFile(path)
	if err == nil && string(now) == text {
		return false, nil
	}
	return true, undo.Put(path, undo.Fresh(text, 0o644))
}

// undoUnknown restores the files that steps of another version have noted.
func (s *Setup) undoUnknown(steps []Step) (failed []error) {
	known := map[string]bool{}
	for _, step := range steps {
		known[step.ID] = true
	}
	for _, id := range s.Journal.Steps() {
		if known[id] {
			continue
		}
		notes := s.Journal.Of(id)
		if err := undo.Restore(notes); err != nil {
			failed = append(failed, err)
		}
		for _, e := range notes {
			if e.Was == nil {
				failed = append(failed, fmt.Errorf("%s: another version of egress-monitor has noted %s %s: install that version, and disable with it", id, e.Kind, e.Name))
			}
		}
	}
	return failed
}

// forget removes the notes, after all is undone. The journal goes last.
func (s *Setup) forget() error {
	list, err := os.ReadDir(layout.Admin)
	if os.IsNotExist(err) { // RemoveAll fails on a read-only file system even then
		return os.RemoveAll(layout.Run)
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Name() != "journal" {
			if err := os.RemoveAll(layout.Admin + "/" + d.Name()); err != nil {
				return err
			}
		}
	}
	return errors.Join(os.RemoveAll(layout.Admin), os.RemoveAll(layout.Run))
}
