package report

import (
	"fmt"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fleet"
)

// A HostPage holds all data about one host.
type HostPage struct {
	ID       int
	Name     string
	Lead     []string
	Peers    []string // hosts of the same role
	Findings []int    // of the report
	Things   Section

	Pulled, Newest           time.Time
	Direct, Names, Addresses int
	Problems                 []fleet.Problem
}

// maxPageRows is how many rows the pages of all hosts have together, about:
// a browser shows so many at once.
const maxPageRows = 12_000

// pages returns the pages of all hosts.
func (b *builder) pages(r *Report) []HostPage {
	pages := make([]HostPage, len(b.f.Hosts))
	peers := b.peers()
	each := min(b.max, max(3, maxPageRows/4/len(b.f.Hosts)))
	for i := range pages {
		h := &b.f.Hosts[i]
		pages[i] = HostPage{ID: i, Name: h.Name, Lead: b.hostLead(h), Peers: peers[fleet.Role(h.Name)], Things: b.things(h, each),
			Pulled: h.Pulled, Newest: h.Newest.Time(), Direct: h.Direct, Names: h.Domains, Addresses: h.Addresses, Problems: h.Problems}
	}
	for n := range r.Findings {
		for _, name := range r.Findings[n].Hosts {
			p := &pages[r.ids[name]]
			p.Findings = append(p.Findings, n)
		}
	}
	return pages
}

func (b *builder) peers() map[string][]string {
	peers := map[string][]string{}
	for i := range b.f.Hosts {
		role := fleet.Role(b.f.Hosts[i].Name)
		peers[role] = append(peers[role], b.f.Hosts[i].Name)
	}
	return peers
}

func (b *builder) hostLead(h *fleet.Host) []string {
	lines := []string{fmt.Sprintf("%s for %s, %s to %s.", plural(h.Questions, "question"), plural(h.Domains, "name"),
		plural(h.Connections, "connection"), plural(h.Addresses, "address"))}
	known := "First pulled at an unknown time"
	if !h.Begin.IsZero() {
		known = "First pulled " + h.Begin.UTC().Format(minutes)
	}
	lines = append(lines, fmt.Sprintf("%s, last %s; the newest row is of %s (UTC).", known, timeCell(h.Pulled).Text, Time(h.Newest).Text))
	for _, p := range h.Problems {
		lines = append(lines, "Not all is known: "+Clean(p.Text)+".")
	}
	return lines
}

// things returns the things of one host that few hosts have.
func (b *builder) things(h *fleet.Host, each int) Section {
	s := Section{
		ID: "things", Title: "What few hosts do, or no name led to",
		Columns: []Column{{Name: "kind"}, {Name: "what", ID: true}, {Name: "since", Key: "first_seen"}, {Name: "days", Key: "age_days", Number: true},
			{Name: "last", Key: "last_seen"}, {Name: "count", Number: true}, {Name: "hosts", Number: true}, {Name: "leads to", Key: "address"}},
		Empty: "Nothing.",
	}
	for kind := range fleet.Kinds {
		c := &h.Crowds[kind]
		shown := min(each, len(c.Items))
		s.More += c.All() - shown
		for _, item := range c.Items[:shown] {
			to := item.Addr
			if item.Note != "" {
				to = item.Note
			}
			s.Rows = append(s.Rows, []Cell{{Text: finding.KindTitle(kind), Exact: finding.KindName(kind)}, Key(item.What), Date(item.First), b.age(item.First), Time(item.Last),
				Number(item.Count), Number(uint64(item.Hosts)), Text(to)})
		}
	}
	return s
}

// Only returns the report of one host: its page.
func (r *Report) Only(name string) (*Report, bool) {
	i, ok := r.ids[name]
	if !ok {
		return nil, false
	}
	p := &r.Hosts[i]
	one := &Report{Title: "Egress report of " + Clean(name), Lead: p.Lead, Now: r.Now, Since: r.Since, Totals: r.Totals,
		Sections: []Section{p.Things}, Hosts: r.Hosts[i : i+1], ids: map[string]int{name: 0}, Rules: r.Rules}
	for _, n := range p.Findings {
		one.Findings = append(one.Findings, r.Findings[n])
	}
	one.Hosts = []HostPage{*p}
	one.Hosts[0].Findings = nil
	for n := range one.Findings {
		one.Hosts[0].Findings = append(one.Hosts[0].Findings, n)
	}
	return one, true
}

// Clean returns the name, for the page.
func (p HostPage) Clean() string { return Clean(p.Name) }
