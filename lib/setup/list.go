package setup

import (
	"context"

	"egress-monitor/lib/accounts"
	"egress-monitor/lib/change"
	"egress-monitor/lib/folders"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/ourdns"
	"egress-monitor/lib/resolver"
	"egress-monitor/lib/rsyslog"
	"egress-monitor/lib/undo"
)

// IDs of the steps, as the journal knows them.
const (
	stepSettings = "settings"
	stepAccounts = "accounts"
	stepFolders  = "folders"
	stepConf     = "conf"
	stepUnread   = "unread"
	stepDNS      = "dnsmasq"
	stepResolver = "resolver"
	stepCursor   = "cursor"
	stepRules    = "rules"
	stepSet      = "set"
	stepRsyslog  = "rsyslog"
	stepUnits    = "units"
	stepMark     = "mark"
)

// Steps returns the steps of enable, in order. Disable undoes them in reverse order.
func (s *Setup) Steps() []Step {
	users := accounts.New()
	dns := ourdns.Server{Settings: s.Settings}
	res := s.Resolver()
	conf, confChanged := s.Conf(), false
	confDo := conf.Do
	conf.Do = func(ctx context.Context, h *change.Hand) error { confChanged = true; return confDo(ctx, h) }
	return []Step{
		{
			ID: stepSettings, Text: "the settings are noted",
			Is: s.settingsNoted, Do: s.noteSettings,
		},
		{
			ID: stepAccounts, Text: accounts.Text, Base: true,
			Is: users.Is, Do: plain(users.Do), Undo: users.Undo,
		},
		s.Folders(),
		conf,
		{
			ID: stepUnread, Text: "the query log is read to its end", Base: true,
			Undo: s.readRest,
		},
		{
			ID: stepDNS, Text: s.dnsText(), Base: true,
			Is:   func() bool { return !confChanged && dns.RunningIs() },
			Do:   plain(dns.Start),
			Undo: ourdns.StopUndo,
		},
		{
			ID: stepDNS, Text: "dnsmasq answers, upstream as well, and logs",
			Do: proof(func(ctx context.Context) error { return dns.Prove(ctx, s.Plan.Text()) }),
		},
		{
			ID: stepUnread, Text: "the query log is read from its beginning",
			Is: func() bool { return !s.newLog }, Do: plain(s.beginDo),
		},
		{
			ID: stepResolver, Text: resolver.Text, Keeps: true,
			Is: res.Is, Do: plain(res.Do), Undo: res.Undo,
		},
		{
			ID: stepResolver, Text: "names still resolve, and through dnsmasq",
			Do: proof(func(ctx context.Context) error {
				return resolver.Proof{Server: dns, Upstream: s.Plan.Words(), Before: s.resolved, Validates: s.Plan.Validates}.Prove(ctx)
			}),
		},
		s.setStep(),
		{
			ID: stepCursor, Text: "the kernel's log is read from here on",
			Is: s.cursorIs, Do: plain(s.cursorDo),
		},
		{
			ID: stepRules, Text: s.rulesText(),
			Is: s.rulesIs, Do: plain(s.rulesDo), Undo: s.rulesUndo,
		},
		s.Rsyslog(),
		{
			ID: stepUnits, Text: "units that keep rules and name servers right",
			Is: unitsAre, Do: plain(unitsDo), Undo: unitsUndo,
		},
		{
			ID: stepMark, Text: "cron polls, heals and rotates each minute",
			Is: Enabled, Do: plain(s.markDo),
		},
	}
}

// Folders returns the step for the folders. Heal repeats this step, Conf and Rsyslog
// each minute: their Is functions run no other program.
func (s *Setup) Folders() Step {
	// The accounts are looked up at each call: an earlier step makes them.
	dirs := func() folders.Folders { return folders.Folders{Settings: s.Settings, IDs: folders.LookUp()} }
	return Step{
		ID: stepFolders, Text: folders.Folders{Settings: s.Settings}.Text(), Base: true,
		Is: func() bool { return dirs().Is() },
		Do: plain(func(h *change.Hand) error { return dirs().Do(h) }),
		Undo: func(notes []undo.Entry) error {
			return dirs().Undo(notes, folders.Undo{Purge: s.off.Purge, Unread: s.unread})
		},
	}
}

// Conf returns the step for the configuration of our dnsmasq.
func (s *Setup) Conf() Step {
	dns := ourdns.Server{Settings: s.Settings}
	return Step{ID: stepConf, Text: ourdns.ConfText, Base: true, Is: dns.ConfIs, Do: plain(dns.ConfDo), Undo: ourdns.ConfUndo}
}

// Rsyslog returns the step for the drop-in that keeps our lines out of rsyslog's files.
func (s *Setup) Rsyslog() Step {
	return Step{
		ID: stepRsyslog, Text: rsyslog.Text,
		Is:   func() bool { return !s.Settings.Logs() || rsyslog.Is(s.Settings.Prefix) },
		Do:   plain(func(h *change.Hand) error { return rsyslog.Do(h, s.Settings.Prefix) }),
		Undo: rsyslog.Undo,
	}
}

func (s *Setup) dnsText() string {
	text := "dnsmasq on " + s.Settings.Listen.String()
	if len(s.Plan.Servers) > 0 {
		text += ", asking " + s.Plan.Text()
	}
	return text
}

// plain returns a Do that needs no context.
func plain(do func(h *change.Hand) error) func(context.Context, *change.Hand) error {
	return func(_ context.Context, h *change.Hand) error { return do(h) }
}

// proof returns a Do that changes nothing. A dry run skips it.
func proof(prove func(context.Context) error) func(context.Context, *change.Hand) error {
	return func(ctx context.Context, h *change.Hand) error {
		if h.Dry() {
			return nil
		}
		return prove(ctx)
	}
}

// units are the units of the step stepUnits. dnsmasq's unit belongs to stepDNS.
var units = []string{layout.RulesUnit, layout.RulesAgainUnit, layout.UpstreamPathUnit}
