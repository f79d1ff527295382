package survey

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"egress-monitor/lib/canary"
	"egress-monitor/lib/child"
	"egress-monitor/lib/gaps"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/truth"
	"egress-monitor/lib/upstream"
)

// A Machine finds the facts that the caller has to provide.
type Machine struct {
	Active   func(unit string) (active bool, err error)
	Cron     func() (trouble string)
	Firewall func() *Firewall // nil: this user cannot see it
}

// Look finds all facts but those of the user and the settings. Its questions add to the
// rows of two names that only checks ask for; it changes nothing else.
func (m *Machine) Look(f *Facts) {
	f.Now, f.Files, f.State, f.Booted = truth.Now(), map[string]*File{}, &truth.State{}, sinceBoot()
	f.Enabled = exists(layout.Etc)
	if f.Root {
		since, err := os.ReadFile(layout.Enabled)
		f.Half = f.Enabled && err != nil || !f.Enabled && exists(layout.Admin)
		f.Enabled, f.Since = err == nil, child.Clean(string(since))
	}
	if !f.Enabled {
		return
	}
	var err error
	if f.State, err = truth.Read(layout.Truth); err != nil {
		f.Closed = true
	}
	if !f.Root {
		f.Since, f.Pending = f.State.Since, f.State.Pending
	}
	m.dns(f)
	f.Cron = m.Cron()
	if m.Firewall != nil {
		f.Firewall = *m.Firewall()
	}
	f.files()
	f.Gaps = slices.DeleteFunc(f.gaps(), func(g gaps.Gap) bool { return f.Now.Wall.Sub(g.At) >= 7*24*time.Hour })
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// sinceBoot returns how long ago systemd was started: a container's start, too.
func sinceBoot() time.Duration {
	info, err := os.Lstat("/run/systemd/system")
	if err != nil {
		return time.Hour
	}
	return max(0, time.Since(info.ModTime()))
}

// dns asks all name servers at the same time: a server that hangs takes seconds.
func (m *Machine) dns(f *Facts) {
	d := &f.DNS
	facts := upstream.ReadFacts(layout.Servers, layout.ResolverFacts)
	var all sync.WaitGroup
	all.Go(func() {
		d.Answers, d.Log = ourdns.Server{Settings: f.Settings}.AskLogged(layout.CheckName, time.Second)
	})
	all.Go(func() { d.System = canary.This.Ask(layout.SystemCheckName) })
	if f.Root {
		asResolver := func(do func() error) error { return child.As(layout.Resolver, do) }
		all.Go(func() { d.Upstream = canary.Names(facts, f.Settings.ProbeName, asResolver) })
	}
	all.Wait()
	d.Asked, d.Active = true, Yes
	switch {
	case d.Answers != nil:
		active, err := m.Active(layout.DNSUnit)
		if d.Active = Is(active); err != nil {
			d.Active = Unknown
		}
	case errors.Is(d.Log, fs.ErrPermission) && !f.Root:
		d.Log = nil // this user may not read it
	default:
		d.Logs = Is(d.Log == nil)
	}
	d.Bypassed = f.State.Bypassed || f.Root && exists(layout.Bypassed)
	d.Servers, d.Domains = facts.Servers, facts.Domains
}

func (f *Facts) files() {
	sights := canary.Sights(f.Settings.Domains(), f.Settings.IPs(), child.OpenAsPoller) // an error is the file's own, below
	for name, path := range map[string]string{Domains: f.Settings.Domains(), IPs: f.Settings.IPs()} {
		file := &File{Name: path}
		if err := file.read(child.OpenAsPoller, f.Now.Wall); err != nil {
			f.Trouble = append(f.Trouble, Trouble{Text: child.Clean(err.Error())})
		}
		file.beside(child.OpenAsPoller, f.Settings.Cursor(name))
		if file.Poll.IsZero() {
			file.Poll = f.State.Polled[name]
		}
		f.Files[name] = file
	}
	f.Files[Domains].Canary = later(sights[truth.Names].Last, sights[truth.Resolver].Last)
	f.Files[IPs].Canary = sights[truth.Addresses].Last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// gaps returns the gaps of root's file, or, for other users, those in the state.
func (f *Facts) gaps() (list []gaps.Gap) {
	if f.Root {
		all, err := gaps.File(layout.Gaps).All()
		if err != nil {
			all = append(all, gaps.Gap{At: time.Now(), Text: "gap: what is known of gaps cannot be read: " + child.Clean(err.Error())})
		}
		return all
	}
	for _, line := range f.State.Gaps {
		at, text, _ := strings.Cut(line, " ")
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			list = append(list, gaps.Gap{At: t, Text: text})
		}
	}
	return list
}
