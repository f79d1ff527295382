package firewall

import "fmt"

// A State holds the facts about the firewall for status and check.
type State struct {
	Families []FamilyState
	Problems []Problem
}

// A FamilyState holds the facts about the rules of IPv4 or IPv6.
type FamilyState struct {
	Name    string // "IPv4"
	Backend string // "nft" or "legacy"; "" if there are no rules
	Good    bool
	Missing bool   // rules that are wanted are not all there
	Logged  uint64 // packets that the LOG rules have logged since they were made
}

// A Problem is a fault, and advice. If it is critical, connections are not seen.
type Problem struct {
	Text, Do string
	Critical bool
}

// State reads the rules and returns their state. It changes nothing.
func (f *Firewall) State() (*State, error) {
	m := f.load()
	seen, err := f.lookClosely(m)
	if err != nil {
		return nil, err
	}
	st := &State{}
	for _, fam := range families {
		st.Families = append(st.Families, f.familyState(m, seen, fam, &st.Problems))
	}
	if m.Absent != "" && f.Want.Log {
		st.Problems = append(st.Problems, Problem{Text: m.Absent})
	}
	hidden, err := f.untracked()
	st.Problems = append(st.Problems, hidden...)
	return st, err
}

func (f *Firewall) familyState(m *memory, seen *sight, fam family, problems *[]Problem) FamilyState {
	st := FamilyState{Name: fam.String()}
	in := 0
	for _, b := range backends {
		at := fam.in(b)
		if seen.ours[at] == "" {
			continue
		}
		in++
		st.Logged += seen.logged[at]
		if good := f.isGood(m, seen, fam, b); good || st.Backend == "" {
			st.Backend, st.Good = string(b), good
		}
	}
	complain := func(critical bool, do, format string, args ...any) {
		st.Missing = critical
		*problems = append(*problems, Problem{fam.String() + ": " + fmt.Sprintf(format, args...), do, critical})
	}
	const heal = "egress-monitor heal"
	switch {
	case !f.Want.Log && in > 0:
		complain(false, heal, "there are LOG rules although none are wanted")
	case !f.Want.Log:
	case in == 0 && fam == ip6 && m.Absent != "":
	case in == 0:
		complain(true, heal, "the firewall rules are missing")
	case in > 1:
		complain(true, heal, "both iptables-nft and iptables-legacy have the firewall rules: connections count twice")
	case !st.Good:
		complain(true, heal, "the firewall rules are missing in part, or are not as they were made")
	case f.active(fam) != backend(st.Backend) && f.active(fam) != none:
		complain(false, "", "the rules are in %s, which works, while %s is %s by now; after a reboot they are there",
			fam.in(backend(st.Backend)), fam.tables(), fam.in(f.active(fam)))
	}
	return st
}
