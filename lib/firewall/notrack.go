package firewall

import (
	"errors"
	"fmt"
	"strings"

	"egress-monitor/lib/child"
	"egress-monitor/lib/nfnetlink"
)

// A packet that a rule takes out of connection tracking belongs to no
// connection, and so is never the first of one: it is not logged and not
// counted. Such rules are in tables raw of iptables ("-j NOTRACK", "-j CT
// --notrack") and in any table of nft ("notrack").

// untracked returns a problem for each rule that can hide connections of this
// machine.
func (f *Firewall) untracked() (problems []Problem, err error) {
	found, err := f.notrackRules()
	const most = 5
	for i, text := range found {
		if i == most {
			problems = append(problems, Problem{Text: fmt.Sprintf("%d more such rules", len(found)-most)})
			break
		}
		problems = append(problems, Problem{
			Text: "connections that this rule matches are not seen: " + child.Clean(text),
			Do:   "if they should be, remove the rule",
		})
	}
	return problems, err
}

func (f *Firewall) notrackRules() (found []string, err error) {
	c, err := nfnetlink.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	rules, err := c.Rules(0, "")
	if errors.Is(err, nfnetlink.ErrAbsent) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	chains, err := c.Chains()
	if err != nil {
		return nil, err
	}
	ask := map[string]bool{} // backends whose iptables-save can show the rule
	for _, r := range rules {
		switch {
		case !f.leadsOut(r, chains):
		case has(strings.Join(r.Statements, "\n")+"\n", "notrack"):
			found = append(found, fmt.Sprintf("table %s %s, chain %s, handle %d: notrack", nfnetlink.FamilyName(r.Family), r.Table, r.Chain, r.Handle))
		case r.Table == "raw" && isTarget(r.Statements):
			ask[family(r.Family).in(nft)] = true
		}
	}
	for _, fam := range families {
		if has(legacyTables(fam), "raw") {
			ask[fam.in(legacy)] = true
		}
		for _, b := range backends {
			if ask[fam.in(b)] {
				text, err := f.Ask(f.command(fam, b, "-save"), "-t", "raw")
				if err != nil {
					return found, err
				}
				found = append(found, f.notrackIn(fam.in(b), string(text))...)
			}
		}
	}
	return found, nil
}

func isTarget(statements []string) bool {
	all := strings.Join(statements, " ") + " "
	return strings.Contains(all, "target:CT ") || strings.Contains(all, "target:NOTRACK ")
}

// leadsOut reports whether a packet that leaves the machine can reach a rule: its
// chain has hook output (prerouting for forwarded ones), or has no hook and is in a
// table with such a chain.
func (f *Firewall) leadsOut(r nfnetlink.Rule, chains []nfnetlink.Chain) bool {
	if r.Family != nfnetlink.IPv4 && r.Family != nfnetlink.IPv6 && r.Family != nfnetlink.Inet {
		return false
	}
	some := false
	for _, c := range chains {
		if c.Family != r.Family || c.Table != r.Table || !c.Base {
			continue
		}
		out := c.Hook == nfnetlink.HookOutput || f.Want.Forward && c.Hook == nfnetlink.HookPrerouting
		if c.Name == r.Chain {
			return out
		}
		some = some || out
	}
	return some
}

// notrackIn returns the NOTRACK rules in the output of iptables-save for table raw.
func (f *Firewall) notrackIn(backend, saved string) (found []string) {
	for line := range strings.Lines(saved) {
		line = strings.TrimSuffix(line, "\n")
		chain, ok := strings.CutPrefix(line, "-A ")
		if !ok || strings.HasPrefix(chain, "PREROUTING ") && !f.Want.Forward {
			continue
		}
		if line := line + " "; strings.Contains(line, " -j NOTRACK ") || strings.Contains(line, " -j CT ") && strings.Contains(line, " --notrack ") {
			found = append(found, backend+" -t raw "+strings.TrimSpace(line))
		}
	}
	return found
}
