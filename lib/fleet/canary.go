package fleet

import (
	"net/netip"
	"strings"

	"egress-monitor/lib/fold"
)

// canaries are the names and addresses that egress-monitor on a server asks for
// and contacts each minute, to show that both pipelines see.
type canaries struct {
	names    map[string]bool
	texts    map[string]bool // of addresses
	prefixes []netip.Prefix
}

func newCanaries(keys []string) canaries {
	c := canaries{names: map[string]bool{}, texts: map[string]bool{}}
	for _, key := range keys {
		if p, ok := fold.Address([]byte(key)); ok {
			c.prefixes = append(c.prefixes, p)
			c.texts[key] = true
		} else {
			c.names[key] = true
		}
	}
	return c
}

// name reports whether a row holds a canary, and whether it holds nothing else:
// a canary may have been folded into a family.
func (c canaries) name(key []byte) (holds, alone bool) {
	if c.names[string(key)] {
		return true, true
	}
	domain, folded := fold.Names(key)
	if !folded {
		return false, false
	}
	for name := range c.names {
		holds = holds || strings.HasSuffix(name, "."+string(domain))
	}
	return holds, false
}

// address is name for an address or a prefix.
func (c canaries) address(p netip.Prefix) (holds, alone bool) {
	for _, canary := range c.prefixes {
		holds = holds || fold.Contains(p, canary)
		alone = alone || fold.Contains(canary, p)
	}
	return holds || alone, alone
}
