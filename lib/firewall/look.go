package firewall

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/nfnetlink"
)

// A sight is the state of the firewall at one time.
type sight struct {
	gen    uint32            // the generation of nf_tables; 0: there is no nf_tables
	legacy string            // the tables of the legacy backend
	ours   map[string]string // our part of each backend ("iptables-nft"), as oursIn has it
	logged map[string]uint64 // the packets that our LOG rules have logged
	handle string            // the numbers of our rules of nf_tables (see handles)

	unchanged bool // nothing has changed since the last sight; only gen and legacy are set
}

// look returns the state of the firewall. It reads the rules only if something has
// changed since they were read last.
func (f *Firewall) look(m *memory) (*sight, error) {
	gen, err := generation()
	if err != nil {
		return nil, err
	}
	tables := legacyTables(ip4) + "\n" + legacyTables(ip6)
	quiet := !has(tables, "mangle") // the legacy backend has no generation
	if quiet && !m.GoodAt.IsZero() && m.Gen == gen && m.Legacy == tables && m.Wanted == f.wanted() {
		return &sight{gen: gen, legacy: tables, unchanged: true}, nil
	}
	return f.lookClosely(m)
}

func generation() (uint32, error) {
	gen, err := nfnetlink.Generation()
	if errors.Is(err, nfnetlink.ErrAbsent) {
		return 0, nil
	}
	return gen, err
}

// lookClosely reads the rules of both backends. If they change meanwhile, it keeps
// the older generation, so that the next look reads them again.
func (f *Firewall) lookClosely(m *memory) (*sight, error) {
	s := &sight{ours: map[string]string{}, logged: map[string]uint64{}}
	var err error
	if s.gen, err = generation(); err != nil {
		return nil, err
	}
	s.legacy = legacyTables(ip4) + "\n" + legacyTables(ip6)
	if s.gen != 0 {
		if err = f.lookAtNft(s); err != nil {
			return nil, err
		}
	}
	for _, fam := range families {
		if has(legacyTables(fam), "mangle") {
			if err := f.read(s, fam, legacy); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// lookAtNft reads the tables that hold our rules or chains. It does not read other
// tables with iptables-nft, which cannot show all rules.
func (f *Firewall) lookAtNft(s *sight) error {
	c, err := nfnetlink.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	tables, err := c.Tables()
	if err != nil {
		return err
	}
	found, err := c.Chains()
	if err != nil {
		return err
	}
	for _, fam := range families {
		for _, t := range tables {
			if t.Name != "mangle" || t.Family != byte(fam) || !holdsOurs(found, t) {
				continue
			}
			rules, err := c.Rules(t.Family, t.Name)
			if err != nil {
				return err
			}
			if err := f.read(s, fam, nft); err != nil {
				return err
			}
			s.handle += handles(t, rules)
		}
	}
	return nil
}

func holdsOurs(found []nfnetlink.Chain, t nfnetlink.Table) bool {
	return slices.ContainsFunc(found, func(c nfnetlink.Chain) bool {
		return c.Family == t.Family && c.Table == t.Name && isOurs(c.Name)
	})
}

// handles returns the kernel's numbers of our rules: a rule that was deleted and
// added again has another number, though its text is the same.
func handles(t nfnetlink.Table, rules []nfnetlink.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d:", nfnetlink.FamilyName(t.Family), t.Handle)
	for _, r := range rules {
		if isOurs(r.Chain) {
			fmt.Fprintf(&b, " %d", r.Handle)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func (f *Firewall) read(s *sight, fam family, b backend) error {
	text, err := f.Ask(f.command(fam, b, "-save"), "-c", "-t", "mangle")
	if err != nil {
		return fmt.Errorf("cannot read the firewall rules: %w", err)
	}
	ours, logged := oursIn(string(text))
	s.ours[fam.in(b)], s.logged[fam.in(b)] = ours, logged
	return nil
}

// good reports whether the rules are as f wants them.
func (f *Firewall) good(m *memory, s *sight) bool {
	if s.unchanged {
		return true
	}
	for _, fam := range families {
		in := 0
		for _, b := range backends {
			if s.ours[fam.in(b)] == "" {
				continue
			}
			if in++; !f.isGood(m, s, fam, b) {
				return false
			}
		}
		if in > 1 || f.Want.Log && in == 0 && (fam == ip4 || m.Absent == "") {
			return false
		}
	}
	return !f.Want.Log || m.Wanted == f.wanted()
}

// isGood reports whether a backend has the rules of a family unchanged since they
// were made, and they were made as f wants them now.
func (f *Firewall) isGood(m *memory, s *sight, fam family, b backend) bool {
	at := fam.in(b)
	return f.Want.Log && s.ours[at] != "" && s.ours[at] == m.Kernel[at] && m.Wanted == f.wanted() &&
		strings.Contains(s.ours[at], "1 -A OUTPUT -j "+layout.Chain+"\n")
}

// wanted returns all rules, to be compared with those that were made.
func (f *Firewall) wanted() string {
	if !f.Want.Log {
		return ""
	}
	return rules(f.Want, ip4) + rules(f.Want, ip6)
}

// twice reports whether both backends have rules of ours.
func (s *sight) twice() bool {
	for _, fam := range families {
		if s.ours[fam.in(nft)] != "" && s.ours[fam.in(legacy)] != "" {
			return true
		}
	}
	return false
}

// intact reports whether the rules are unchanged since they were made, whatever f
// wants now.
func (f *Firewall) intact(m *memory, s *sight) bool {
	for _, fam := range families {
		for _, b := range backends {
			if s.ours[fam.in(b)] != m.Kernel[fam.in(b)] {
				return false
			}
		}
	}
	return m.Wanted != "" && s.handle == m.Handle && !s.fewerThan(m)
}
