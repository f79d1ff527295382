package countset

import (
	"fmt"

	"egress-monitor/lib/firewall"
	"egress-monitor/lib/nfnetlink"
)

// A State holds the facts about the set for status and check.
type State struct {
	Good     bool
	Problems []firewall.Problem
}

// State returns the state of the table. It changes nothing.
func (s *Set) State() (*State, error) {
	m := s.load()
	k, err := s.look(m)
	if err != nil {
		return nil, err
	}
	st := &State{Good: k.same && !m.Stopped && m.Wanted == s.rules()}
	switch {
	case k.fewer:
		st.complain("rules of %s are missing", name)
	case !k.same && m.ID == "":
		st.complain("%s is missing", name)
	case !k.same:
		st.complain("%s is gone, or was changed by another program", name)
	case m.Stopped:
		st.complain("%s has ended to count", name)
	case !st.Good:
		st.complain("%s does not follow the settings or resolvers of now", name)
	}
	if len(m.Unread) > 1 {
		st.Problems = append(st.Problems, firewall.Problem{Text: fmt.Sprintf("counts since %s could not be read: polls fail", stamp(m.Unread[0].From)),
			Do: "journalctl -t egress-monitor"})
	}
	return st, nil
}

func (st *State) complain(format string, args ...any) {
	st.Problems = append(st.Problems, firewall.Problem{Text: fmt.Sprintf(format, args...), Do: "egress-monitor heal", Critical: true})
}

// seen returns how many connections the generations hold that were not read yet.
func (s *Set) seen(m *memory) (sum uint64) {
	c, err := nfnetlink.Dial()
	if err != nil {
		return 0
	}
	defer c.Close()
	counters, err := c.Counters(nfnetlink.Inet, table)
	if err != nil {
		return 0
	}
	for _, g := range append([]generation{{G: m.G}}, m.Unread...) {
		for _, v := range versions {
			sum += counters[v.counter(g.G)]
		}
	}
	return sum
}
