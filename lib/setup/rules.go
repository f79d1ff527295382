package setup

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/change"
	"egress-monitor/lib/child"
	"egress-monitor/lib/firewall"
	"egress-monitor/lib/folders"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/listeners"
	"egress-monitor/lib/undo"
	"egress-monitor/lib/upstream"
)

func (s *Setup) rulesText() string {
	text := "firewall: new connections are logged"
	if !s.Settings.Logs() {
		text = "firewall: no rule logs new connections"
	}
	if s.Settings.Forward {
		text += ", forwarded ones too"
	}
	return text
}

// Firewall returns the LOG rules that fit the settings and the resolvers now. Commands
// that change something go through the hand, if h is not nil.
func (s *Setup) Firewall(h *change.Hand) *firewall.Firewall {
	f := &firewall.Firewall{Want: s.connections(), Dir: layout.Run, Ask: ask, Act: act}
	if h != nil {
		f.Act, f.Dry = h.Feed, h.Dry()
	}
	return f
}

// connections describes those that the rules log, or the set counts.
func (s *Setup) connections() firewall.Want {
	w := firewall.Want{Log: s.Settings.Logs(), Prefix: s.Settings.Prefix, Forward: s.Settings.Forward, Own: s.ownQuestions()}
	if w.Forward {
		w.Uplinks = firewall.FindUplinks()
	}
	return w
}

func ask(name string, args ...string) ([]byte, error) {
	c := child.Command(name, args...)
	c.Limit = 64 << 20
	r, err := c.Output(context.Background())
	return r.Stdout, err
}

func act(stdin []byte, name string, args ...string) error {
	return child.Command(name, args...).Input(stdin).Within(time.Minute).Run(context.Background())
}

// ownQuestions returns the questions to other servers that do not go round dnsmasq:
// those of dnsmasq itself, those that systemd-resolved asks a link's own servers, and
// those of other name servers here that run as an account of their own (package
// listeners).
func (s *Setup) ownQuestions() []firewall.Question {
	facts := upstream.ReadFacts(layout.Servers, layout.ResolverFacts)
	ports := append([]int{53}, facts.Ports...)
	users := []int{folders.LookUp().Resolver}
	if len(facts.Domains) > 0 {
		users = append(users, folders.UserID(resolvedUser))
	}
	for _, r := range Listeners() {
		if r.LeftOut && !slices.Contains(users, r.UID) {
			users = append(users, r.UID)
		}
	}
	var list []firewall.Question
	for _, port := range ports {
		for _, uid := range users {
			if uid > 0 {
				list = append(list, firewall.Question{UID: uid, Port: port})
			}
		}
	}
	return slices.Clip(list)
}

// resolvedUser is the user of systemd-resolved.
const resolvedUser = "systemd-resolve"

// Listeners returns the name servers on this machine beside dnsmasq and
// systemd-resolved, which ask others by themselves.
func Listeners() []listeners.Resolver {
	find := listeners.Finder{Cache: layout.Run + "/listeners.json", Kept: layout.Listeners}
	if _, err := os.Stat(layout.Admin); err != nil {
		find = listeners.Finder{} // the monitor is off: nothing is kept
	}
	found, err := find.Resolvers()
	if err != nil {
		return nil // their questions are logged then
	}
	own, resolved := folders.LookUp().Resolver, folders.UserID(resolvedUser)
	return slices.DeleteFunc(found, func(r listeners.Resolver) bool { return r.UID > 0 && (r.UID == own || r.UID == resolved) })
}

func (s *Setup) rulesIs() bool {
	ok, err := s.Firewall(nil).Is()
	return ok && err == nil
}

func (s *Setup) rulesDo(h *change.Hand) error {
	if err := h.Note("rules", "mangle", ""); err != nil {
		return err
	}
	if h.Dry() && folders.LookUp().Resolver < 0 {
		h.Do("(and, once "+layout.Resolver+" is there, rules before LOG that leave out its questions to port 53)", nil)
	}
	return s.Firewall(h).Do()
}

// rulesUndo removes the rules, and names files of saved rules that would restore them.
func (s *Setup) rulesUndo([]undo.Entry) error {
	if err := s.Firewall(nil).Undo(); err != nil {
		return err
	}
	if files := firewall.SavedRules(); len(files) > 0 {
		s.Warn("%s: saved while the monitor was on: our rules are in there, and come back at the next boot (save the rules again, now)", strings.Join(files, ", "))
	}
	return nil
}
