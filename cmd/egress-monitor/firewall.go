package main

import (
	"fmt"

	"egress-monitor/lib/firewall"
	"egress-monitor/lib/setup"
	"egress-monitor/lib/survey"
	"egress-monitor/lib/truth"
)

// firewallOf returns the facts about the rules, the set, and the programs whose
// questions are left out.
func firewallOf(s *setup.Setup) *survey.Firewall {
	f := &survey.Firewall{}
	st, err := s.Firewall(nil).State()
	if err != nil {
		f.Trouble = append(f.Trouble, cannotLook("firewall rules", err))
	} else {
		complain(f, st.Problems)
		for _, fam := range st.Families {
			f.Rules = append(f.Rules, family(fam))
		}
	}
	set(s, f)
	for _, r := range setup.Listeners() {
		f.Notes = append(f.Notes, note(r.Program, r.User, r.LeftOut, r.Why))
	}
	return f
}

func cannotLook(what string, err error) survey.Trouble {
	return survey.Trouble{Text: "the " + what + " cannot be looked at: " + line(err), Critical: true, Way: truth.Addresses}
}

func complain(f *survey.Firewall, problems []firewall.Problem) {
	for _, p := range problems {
		t := survey.Trouble{Text: p.Text, Do: p.Do, Critical: p.Critical}
		if p.Critical {
			t.Way = truth.Addresses
		}
		f.Trouble = append(f.Trouble, t)
	}
}

// family returns the facts about a family. Without rules it is missing only if some are
// wanted, and the machine has such a family.
func family(fam firewall.FamilyState) survey.Family {
	is := survey.Family{Name: fam.Name, Logged: fam.Logged}
	switch {
	case fam.Good:
		is.Present = survey.Yes
	case fam.Missing || fam.Backend != "":
		is.Present = survey.No
	}
	return is
}

func set(s *setup.Setup, f *survey.Firewall) {
	if !s.Settings.InSet() {
		return
	}
	st, err := s.Set(nil).State()
	if err != nil {
		f.Trouble = append(f.Trouble, cannotLook("set that counts", err))
		return
	}
	f.Set = survey.Is(st.Good)
	complain(f, st.Problems)
}

// note returns a line about another resolver on this machine, whose own questions
// look like a way round dnsmasq.
func note(program, user string, leftOut bool, why string) string {
	if leftOut {
		return fmt.Sprintf("questions that %s (user %s) asks other servers are no connections here: %s", program, user, why)
	}
	return fmt.Sprintf("questions that %s (user %s) asks other servers count as connections: %s", program, user, why)
}
