package main

import (
	"bufio"
	"fmt"
	"os"
	"os/user"
	"strings"

	"egress-monitor/lib/child"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/layout"
	minutely "egress-monitor/lib/minute"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/survey"
	"egress-monitor/lib/systemd"
)

type status struct {
	JSON       bool `xor:"form" help:"As JSON, for programs."`
	Prometheus bool `xor:"form" help:"As metrics, for node_exporter's textfile collector."`
}

func (c *status) Run() error {
	f := look()
	v := survey.Judge(f)
	out := bufio.NewWriter(os.Stdout)
	var err error
	switch {
	case c.JSON:
		err = survey.JSON(out, f, v)
	case c.Prometheus:
		err = survey.Metrics(out, f, v)
	default:
		survey.Text(out, f, v)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

type check struct{}

func (*check) Run() error {
	f := look()
	v := survey.Judge(f)
	if _, err := fmt.Println(survey.Line(f, v)); err != nil {
		return err
	}
	return cli.Exit(v.Severity())
}

// look returns the facts about this machine's monitor.
func look() *survey.Facts {
	f, m := &survey.Facts{Root: os.Geteuid() == 0, User: userName()}, survey.Machine{Active: isActive, Cron: cronTrouble}
	var wrong error
	if !f.Root {
		f.Settings, wrong = settings.Load()
	} else if s, err := setup.New(os.Stderr, cli.Warn); err != nil {
		f.Settings, _ = settings.Load()
		wrong = err
	} else {
		s.Settings, _ = setup.InForce(s.Journal)
		f.Settings, f.Pending, wrong = minutely.Effective(s.Settings)
		m.Firewall = func() *survey.Firewall { return firewallOf(s) }
	}
	f.Wrong = line(wrong)
	m.Look(f)
	return f
}

// line returns an error in one line.
func line(err error) string {
	if err == nil {
		return ""
	}
	return child.Clean(err.Error())
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint("uid ", os.Geteuid())
}

func isActive(unit string) (bool, error) {
	state, err := systemd.Ask(unit, "ActiveState")
	return state == "active", err
}

// runsMinute reports whether a line of a crontab, and not a comment, runs the minute.
func runsMinute(crontab string) bool {
	for line := range strings.Lines(crontab) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, "/egress-monitor minute") {
			return true
		}
	}
	return false
}

// cronTrouble returns the reason that nothing starts the minute; "" if there is
// none.
func cronTrouble() string {
	text, err := os.ReadFile(layout.Crontab)
	switch {
	case err != nil:
		return child.Clean(err.Error()) + " (install egress-monitor anew)"
	case !runsMinute(string(text)):
		return layout.Crontab + " does not run egress-monitor minute: it is of an earlier version (install the new one, " +
			"which dpkg may have left beside it)"
	}
	c, err := systemd.Connect()
	if err != nil {
		return "" // nothing is known; that minutes pass shows in the state
	}
	defer c.Close()
	switch unit, active := c.Cron(); {
	case unit == "":
		return "there is no cron on this machine (apt-get install cron)"
	case !active:
		return fmt.Sprintf("cron does not run (systemctl start %s)", strings.TrimSuffix(unit, ".service"))
	}
	return ""
}
