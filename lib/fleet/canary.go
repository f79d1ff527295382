package fleet

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"egress-monitor/lib/family"
	"egress-monitor/lib/sighting"
)

// canaries are the names and addresses that egress-monitor on a server asks for
// and contacts each minute, to show that both pipelines see.
type canaries struct {
	names    map[string]bool
	prefixes []netip.Prefix
}

func newCanaries(keys []string) canaries {
	c := canaries{names: map[string]bool{}}
	for _, key := range keys {
		if p, ok := family.Address([]byte(key)); ok {
			c.prefixes = append(c.prefixes, p)
		} else {
			c.names[key] = true
		}
	}
	return c
}

// name says whether a row holds a canary, and whether it holds nothing else: a
// canary may have been folded into a family.
func (c canaries) name(key []byte) (holds, alone bool) {
	if c.names[string(key)] {
		return true, true
	}
	domain, folded := family.Names(key)
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
		holds = holds || family.Contains(p, canary)
		alone = alone || family.Contains(canary, p)
	}
	return holds || alone, alone
}

// judge finds the hosts that may see less than there is.
func (f *Fleet) judge() {
	var inUse [2]bool // canaries: a fleet without them is not blind for that
	for i := range f.Hosts {
		for k, last := range f.Hosts[i].canaries {
			inUse[k] = inUse[k] || last != 0
		}
	}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		h.Problems = append(f.late(h), h.Problems...)
		for k, name := range []string{domainsFile, ipsFile} {
			if n := h.strayed[k]; n > 0 {
				h.problem("%s: %d rows do not belong there", name, n)
			}
		}
		if h.Domains+h.Addresses == 0 && h.canaries == [2]sighting.Stamp{} {
			h.problem("nothing is known of it")
			continue
		}
		for k, what := range []string{"names", "addresses"} {
			if inUse[k] {
				f.blind(h, what, h.canaries[k])
			}
		}
	}
}

func (h *Host) problem(format string, args ...any) {
	h.Problems = append(h.Problems, fmt.Sprintf(format, args...))
}

// late says what is wrong with the pull.
func (f *Fleet) late(h *Host) (problems []string) {
	switch h.status.state {
	case stateFailed:
		problems = append(problems, "the last pull failed: "+h.status.message)
	case stateReset:
		problems = append(problems, "was reset since the pull before: "+h.status.message)
	}
	if age := f.Now.Sub(h.Pulled); !h.Pulled.IsZero() && age > f.Stale {
		problems = append(problems, "last pulled "+ago(age))
	}
	if h.Newest != 0 && h.Newest.Time().Sub(f.Now) > f.Blind {
		problems = append(problems, "has rows from the future: its clock is wrong")
	}
	return problems
}

// blind says whether a canary sings no more.
func (f *Fleet) blind(h *Host, what string, last sighting.Stamp) {
	if last == 0 {
		h.problem("blind for %s: no canary", what)
	} else if age := h.Pulled.Sub(last.Time()); age > f.Blind {
		h.problem("blind for %s since %s", what, last)
	}
}

func ago(age time.Duration) string {
	switch {
	case age >= 48*time.Hour:
		return fmt.Sprintf("%d days ago", age/(24*time.Hour))
	case age >= 2*time.Hour:
		return fmt.Sprintf("%d hours ago", age/time.Hour)
	}
	return fmt.Sprintf("%d minutes ago", age/time.Minute)
}
