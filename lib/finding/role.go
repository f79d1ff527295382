package finding

import "egress-monitor/lib/fleet"

// A role is hosts whose names differ in their numbers alone: web1, web2.
type role struct {
	name  string // web*
	hosts int
	peers string            // who they are compared with: web*, or host
	of    int               // so many
	have  *[fleet.Kinds]int // hosts that have anything of a kind
	new   *[fleet.Kinds]int // hosts that have anything new of a kind
}

// everyHost is the role of all hosts, by which those are judged that have no peers.
const everyHost = "*"

// few is the number of reverse look-ups from which on they are a finding.
const few = 50

// rolesOf returns the role of each host. Hosts of a role that
// fewer than three have are compared with all hosts.
func rolesOf(f *fleet.Fleet) []role {
	every := newRole(everyHost)
	byName := map[string]*role{}
	names := make([]string, len(f.Hosts))
	for i := range f.Hosts {
		h := &f.Hosts[i]
		names[i] = fleet.Role(h.Name)
		r := byName[names[i]]
		if r == nil {
			r = newRole(names[i])
			byName[names[i]] = r
		}
		r.add(h)
		every.add(h)
	}
	roles := make([]role, len(names))
	for i, name := range names {
		roles[i] = *byName[name]
		if roles[i].hosts < 3 {
			roles[i].have, roles[i].new = every.have, every.new
			roles[i].peers, roles[i].of = "host", every.hosts
		}
	}
	return roles
}

func newRole(name string) *role {
	return &role{name: name, peers: name, have: &[fleet.Kinds]int{}, new: &[fleet.Kinds]int{}}
}

// many returns the word for the peers.
func (r *role) many() string {
	if r.peers == "host" {
		return "hosts"
	}
	return r.peers
}

// add counts a host.
func (r *role) add(h *fleet.Host) {
	r.hosts++
	r.of++
	for kind := range h.Crowds {
		if n := h.Crowds[kind].All(); n >= few || n > 0 && fleet.Kind(kind) != fleet.Reverse {
			r.have[kind]++
		}
		if h.Crowds[kind].N[fleet.New] > 0 {
			r.new[kind]++
		}
	}
}
