package main

import (
	"bufio"
	"fmt"
	"os"
	"os/user"
	"strings"

	"egress-monitor/lib/child"
	"egress-monitor/lib/cli"
	"egress-monitor/lib/firewall"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/survey"
	"egress-monitor/lib/systemd"
	"egress-monitor/lib/truth"
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

// look finds out how this machine's monitor is.
func look() *survey.Facts {
	now, wrong := inForce()
	m := &survey.Machine{
		Root: os.Geteuid() == 0, User: userName(), Settings: now, Wrong: line(wrong),
		Active: isActive, Cron: cronTrouble, Firewall: rulesState, Notes: func() []string { return nil },
	}
	return m.Look()
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint("uid ", os.Geteuid())
}

func isActive(unit string) (bool, error) {
	c, err := systemd.Connect()
	if err != nil {
		return false, err
	}
	defer c.Close()
	state, err := c.ActiveState(unit)
	return state == "active", err
}

// cronTrouble says why nothing starts the minute.
func cronTrouble() string {
	text, err := os.ReadFile(layout.Crontab)
	switch {
	case err != nil:
		return child.Clean(err.Error()) + " (install egress-monitor anew)"
	case !strings.Contains(string(text), "\n* * * * *"):
		return layout.Crontab + " has no line for each minute (install egress-monitor anew)"
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

// rulesState looks at the firewall, as root.
func rulesState() ([]survey.Family, []survey.Trouble, survey.Known) {
	complain := func(err error) []survey.Trouble {
		return []survey.Trouble{{Text: "the firewall rules cannot be looked at: " + line(err), Critical: true, Way: truth.Addresses}}
	}
	s, err := setup.New(os.Stderr, cli.Warn)
	if err != nil {
		return nil, complain(err), survey.Unknown
	}
	s.Settings, _ = setup.InForce(s.Journal)
	st, err := s.Firewall(nil).State()
	if err != nil {
		return nil, complain(err), survey.Unknown
	}
	var rules []survey.Family
	for _, fam := range st.Families {
		present := survey.Is(fam.Good)
		if !fam.Good && fam.Backend == "" && !missing(st.Problems, fam.Name) {
			present = survey.Unknown // none are wanted, or the machine has none of that family
		}
		rules = append(rules, survey.Family{Name: fam.Name, Present: present, Logged: fam.Logged})
	}
	var trouble []survey.Trouble
	for _, p := range st.Problems {
		t := survey.Trouble{Text: p.Text, Do: p.Do, Critical: p.Critical}
		if p.Critical {
			t.Way = truth.Addresses
		}
		trouble = append(trouble, t)
	}
	return rules, trouble, survey.Unknown
}

func missing(problems []firewall.Problem, family string) bool {
	for _, p := range problems {
		if p.Critical && strings.HasPrefix(p.Text, family+":") {
			return true
		}
	}
	return false
}
