package firewall

import (
	"fmt"
	"strings"

	"egress-monitor/lib/layout"
)

// rules returns the chains of a family, as iptables-restore reads them.
func rules(w Want, fam family) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	log := fmt.Sprintf("-m conntrack --ctstate NEW ! --ctstatus CONFIRMED -j LOG --log-prefix \"%s\" --log-level debug", w.Prefix)
	line("-A %s -o lo -j RETURN", layout.Chain)
	line("-A %s -m addrtype ! --dst-type UNICAST -j RETURN", layout.Chain)
	for _, q := range w.Own {
		for _, proto := range []string{"udp", "tcp"} {
			line("-A %s -p %s -m %s --dport %d -m owner --uid-owner %d -j RETURN", layout.Chain, proto, proto, q.Port, q.UID)
		}
	}
	line("-A %s %s", layout.Chain, log)
	line("-A %s -d %s -j DROP", layout.Chain, fam.canary())
	if w.Forward {
		line("-A %s -m addrtype ! --dst-type UNICAST -j RETURN", layout.ChainForward)
		for _, dev := range fam.uplinks(w.Uplinks) {
			line("-A %s -o %s %s", layout.ChainForward, dev, log)
		}
	}
	return b.String()
}

// replacement returns the input of iptables-restore that makes the rules and
// removes those of ours that are there.
func replacement(w Want, fam family, ours string) string {
	var b strings.Builder
	b.WriteString("*mangle\n")
	b.WriteString(withoutJumps(ours))
	fmt.Fprintf(&b, ":%s - [0:0]\n", layout.Chain)
	if w.Forward {
		fmt.Fprintf(&b, ":%s - [0:0]\n", layout.ChainForward)
	}
	b.WriteString(rules(w, fam))
	fmt.Fprintf(&b, "-I OUTPUT 1 -j %s\n", layout.Chain)
	switch {
	case w.Forward:
		fmt.Fprintf(&b, "-I FORWARD 1 -j %s\n", layout.ChainForward)
	case holdsChain(ours, layout.ChainForward):
		fmt.Fprintf(&b, "-F %s\n-X %[1]s\n", layout.ChainForward)
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// removal returns the input of iptables-restore that removes the rules in ours.
func removal(ours string) string {
	var b strings.Builder
	b.WriteString("*mangle\n")
	b.WriteString(withoutJumps(ours))
	for _, c := range chains {
		if holdsChain(ours, c) {
			fmt.Fprintf(&b, "-F %s\n", c)
		}
	}
	for _, c := range chains {
		if holdsChain(ours, c) {
			fmt.Fprintf(&b, "-X %s\n", c)
		}
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// withoutJumps returns the commands that delete the jumps in ours, in any chain.
func withoutJumps(ours string) string {
	var b strings.Builder
	for line := range strings.Lines(ours) {
		if _, rule, ok := strings.Cut(line, " -A "); ok && line[0] != '-' && line[0] != ':' {
			b.WriteString("-D " + rule)
		}
	}
	return b.String()
}

func holdsChain(ours, chain string) bool {
	return strings.Contains("\n"+ours, "\n:"+chain+"\n")
}

// oursIn returns our part of the output of iptables-save for table mangle: our
// chains ":NAME", their rules, and the jumps to them from other chains, each after
// its place in its chain: "1 -A OUTPUT -j EGRESS_MONITOR". logged is the sum of the
// packets of our LOG rules.
func oursIn(saved string) (ours string, logged uint64) {
	var b strings.Builder
	place := map[string]int{}
	for line := range strings.Lines(saved) {
		counters, rule, _ := strings.Cut(line, "-A ")
		if strings.HasPrefix(line, ":") {
			if name, _, _ := strings.Cut(line[1:], " "); isOurs(name) {
				b.WriteString(":" + name + "\n")
			}
			continue
		}
		if rule == "" || counters != "" && counters[0] != '[' {
			continue
		}
		chain, rest, _ := strings.Cut(rule, " ")
		place[chain]++
		switch {
		case isOurs(chain):
			b.WriteString("-A " + rule)
			if strings.Contains(rest, "-j LOG ") {
				logged += packets(counters)
			}
		case isOurs(target(rest)):
			fmt.Fprintf(&b, "%d -A %s", place[chain], rule)
		}
	}
	return b.String(), logged
}

func isOurs(chain string) bool { return chain == chains[0] || chain == chains[1] }

// target returns the last word of a rule. If the rule jumps or goes to a chain, that
// is the chain's name: a chain has no options after it.
func target(rule string) string {
	words := strings.Fields(rule)
	if n := len(words); n >= 2 && (words[n-2] == "-j" || words[n-2] == "-g") {
		return words[n-1]
	}
	return ""
}

// packets returns the number of packets in "[12:720] ".
func packets(counters string) (n uint64) {
	fmt.Sscanf(counters, "[%d:", &n)
	return n
}
