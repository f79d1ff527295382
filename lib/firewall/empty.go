package firewall

import (
	"slices"

	"egress-monitor/lib/child"
	"egress-monitor/lib/nfnetlink"
)

// removeEmpty removes the built-in chains and the table that iptables-nft made for
// us, if they are empty now. (A table of the legacy backend stays until the next
// boot: only its kernel module could remove it, and with it the tables of every
// container.)
func (f *Firewall) removeEmpty(fam family, had before) error {
	c, err := nfnetlink.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := child.LookPath("nft"); err != nil {
		return nil // empty, and without effect
	}
	found, err := c.Chains()
	if err != nil {
		return nil // no nf_tables, so nothing of ours
	}
	left, err := c.Rules(byte(fam), "mangle")
	if err != nil {
		return err
	}
	others := false
	for _, ch := range found {
		if ch.Family != byte(fam) || ch.Table != "mangle" || isOurs(ch.Name) {
			continue
		}
		if !ch.Base || !ch.Accepts || slices.Contains(had.Chains, ch.Name) || holdsRules(left, ch.Name) {
			others = true
		} else if err := f.Act(nil, "nft", "delete", "chain", fam.name(), "mangle", ch.Name); err != nil {
			return err
		}
	}
	if tables, _ := c.Tables(); had.Table || others || !fam.isIn(tables) {
		return nil
	}
	return f.Act(nil, "nft", "delete", "table", fam.name(), "mangle")
}

func holdsRules(rules []nfnetlink.Rule, chain string) bool {
	return slices.ContainsFunc(rules, func(r nfnetlink.Rule) bool { return r.Chain == chain })
}

// isIn reports whether the family has a table mangle.
func (fam family) isIn(tables []nfnetlink.Table) bool {
	return slices.ContainsFunc(tables, func(t nfnetlink.Table) bool { return t.Family == byte(fam) && t.Name == "mangle" })
}
