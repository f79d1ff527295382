package finding

import (
	"strings"

	"egress-monitor/lib/fleet"
)

// A role is hosts whose names differ in their numbers alone: web1, web2.
type role struct {
	name  string // web*
	hosts int
	have  *[fleet.Kinds]int // hosts that have anything of a kind
}

// rolesOf is the role of each host.
func rolesOf(f *fleet.Fleet) []role {
	byName := map[string]*role{}
	names := make([]string, len(f.Hosts))
	for i := range f.Hosts {
		h := &f.Hosts[i]
		names[i] = Role(h.Name)
		r := byName[names[i]]
		if r == nil {
			r = &role{name: names[i], have: &[fleet.Kinds]int{}}
			byName[names[i]] = r
		}
		r.hosts++
		for kind := range h.Crowds {
			if h.Crowds[kind].All() > 0 {
				r.have[kind]++
			}
		}
	}
	roles := make([]role, len(names))
	for i, name := range names {
		roles[i] = *byName[name]
	}
	return roles
}

// Role is what the hosts of a role have in common: it writes a star for each number in a name.
func Role(host string) string {
	var b strings.Builder
	digit := false
	for _, c := range host {
		isDigit := '0' <= c && c <= '9'
		if isDigit && !digit {
			b.WriteByte('*')
		}
		if !isDigit {
			b.WriteRune(c)
		}
		digit = isDigit
	}
	return b.String()
}
