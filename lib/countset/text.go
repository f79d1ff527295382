package countset

import (
	"fmt"
	"strings"

	"egress-monitor/lib/layout"
)

const table = layout.Table

// hook is the hook of our chains: after connection tracking (-200), and before table
// mangle (-150), where the LOG rules drop the canary.
const hook = "priority mangle - 1; policy accept;"

// remembered is how long an address stays in a set, in seconds: longer than any
// failure that keeps a generation from being read.
const remembered = 365 * 24 * 60 * 60

// A script is the input of "nft -f", which is one transaction.
type script struct{ strings.Builder }

func (b *script) line(format string, args ...any) {
	fmt.Fprintf(b, format+"\n", args...)
}

// rules returns the text of the rules, without the number of the generation.
func (s *Set) rules() string {
	b := &script{}
	b.line("add chain inet %s out { type filter hook output %s }", table, hook)
	b.line("flush chain inet %s out", table)
	rule := func(chain, format string, args ...any) {
		b.line("add rule inet "+table+" "+chain+" "+format, args...)
	}
	rule("out", `oifname "lo" return`)
	rule("out", "fib daddr type != unicast return")
	for _, q := range s.Want.Own {
		rule("out", "meta l4proto { tcp, udp } th dport %d meta skuid %d return", q.Port, q.UID)
	}
	rule("out", "ct state new ct status ! confirmed jump note")
	if !s.Want.Log {
		rule("out", "ip daddr %s drop", layout.CanaryIP4)
		rule("out", "ip6 daddr %s drop", layout.CanaryIP6)
	}
	if !s.Want.Forward {
		return b.String()
	}
	b.line("add chain inet %s through { type filter hook forward %s }", table, hook)
	b.line("flush chain inet %s through", table)
	rule("through", "fib daddr type != unicast return")
	for i, devs := range [...][]string{s.Want.Uplinks.IPv4, s.Want.Uplinks.IPv6} {
		for _, dev := range devs {
			rule("through", "meta nfproto %s oifname \"%s\" ct state new ct status ! confirmed jump note", [...]string{"ipv4", "ipv6"}[i], dev)
		}
	}
	return b.String()
}

// count makes a generation and has the rules add to it.
func (s *Set) count(b *script, g uint64, rules string) {
	size := s.size
	if size == 0 {
		size = Size
	}
	for _, v := range versions {
		b.line("add counter inet %s %s", table, v.counter(g))
		b.line("add set inet %s %s { type %s; size %d; flags dynamic,timeout; timeout %ds; }", table, v.set(g), v.typ, size, remembered)
	}
	b.line("add chain inet %s note", table)
	b.line("flush chain inet %s note", table)
	for _, v := range versions {
		b.line("add rule inet %s note meta nfproto %s counter name %s update @%s { %s daddr counter }", table, v.proto, v.counter(g), v.set(g), v.header)
	}
	b.WriteString(rules)
}

// drop deletes generations.
func (b *script) drop(gs []uint64) {
	for _, g := range gs {
		for _, v := range versions {
			b.line("delete set inet %s %s", table, v.set(g))
			b.line("delete counter inet %s %s", table, v.counter(g))
		}
	}
}

// A version is IPv4 or IPv6.
type version struct {
	number             int
	typ, proto, header string // as nft spells them
	size               int    // bytes of an address
}

var versions = [...]version{
	{4, "ipv4_addr", "ipv4", "ip", 4},
	{6, "ipv6_addr", "ipv6", "ip6", 16},
}

func (v version) set(g uint64) string     { return fmt.Sprintf("v%d_%d", v.number, g) }
func (v version) counter(g uint64) string { return fmt.Sprintf("seen%d_%d", v.number, g) }

// without deletes a chain, whether there is one or not.
func (b *script) without(chain string) {
	b.line("add chain inet %s %s", table, chain)
	b.line("flush chain inet %s %s", table, chain)
	b.line("delete chain inet %s %s", table, chain)
}

// idChain returns an empty chain that carries the table's number.
func idChain(id string) string { return "id_" + id }
