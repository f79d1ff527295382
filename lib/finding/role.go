package finding

import "egress-monitor/lib/fleet"

// A role is hosts whose names differ in their numbers alone: web1, web2.
type role struct {
	name  string // web*
	hosts int
	have  *[fleet.Kinds]int // hosts that have anything of a kind
	new   *[fleet.Kinds]int // hosts that have anything new of a kind
}

// few is how many reverse look-ups each host may have.
const few = 50

// rolesOf returns the role of each host.
func rolesOf(f *fleet.Fleet) []role {
	byName := map[string]*role{}
	names := make([]string, len(f.Hosts))
	for i := range f.Hosts {
		h := &f.Hosts[i]
		names[i] = fleet.Role(h.Name)
		r := byName[names[i]]
		if r == nil {
			r = &role{name: names[i], have: &[fleet.Kinds]int{}, new: &[fleet.Kinds]int{}}
			byName[names[i]] = r
		}
		r.hosts++
		for kind := range h.Crowds {
			if n := h.Crowds[kind].All(); n >= few || n > 0 && fleet.Kind(kind) != fleet.Reverse {
				r.have[kind]++
			}
			if h.Crowds[kind].N[fleet.New] > 0 {
				r.new[kind]++
			}
		}
	}
	roles := make([]role, len(names))
	for i, name := range names {
		roles[i] = *byName[name]
	}
	return roles
}
