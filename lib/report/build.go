package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"
)

// builder makes sections of a fleet, of some rows each.
type builder struct {
	f   *fleet.Fleet
	max int
	d   domainTops
	a   addressTops
	all []finding.Finding
}

// Build makes a report with tables of max rows. It reads the fleet's sightings,
// which can be done once. Rules are remarks on the lists that were given.
func Build(f *fleet.Fleet, max int, rules []string) (*Report, error) {
	b := &builder{f: f, max: max, all: finding.List(f)}
	if err := b.readDomains(); err != nil {
		return nil, err
	}
	if err := b.readAddresses(); err != nil {
		return nil, err
	}
	r := &Report{Title: "Egress report", Now: f.Now, Since: f.Since, Totals: b.totals(), Findings: b.all, Charts: b.charts(), Rules: rules, ids: map[string]int{}}
	for i := range f.Hosts {
		r.ids[f.Hosts[i].Name] = i
	}
	r.Lead = b.lead(r)
	r.Sections = append(r.Sections, b.problems(), b.directHosts(), b.directAddresses(), b.resolvers(),
		b.newDomains(), b.newAddresses())
	if len(f.Hosts) > 1 {
		r.Sections = append(r.Sections, b.loneDomains(), b.loneNames(), b.loneAddresses(), b.prevalence())
	}
	r.Sections = append(r.Sections, b.own(), b.hosts())
	r.Hosts = b.pages(r)
	return r, nil
}

func (b *builder) totals() (t Totals) {
	t.Hosts, t.Names, t.Addresses = len(b.f.Hosts), b.f.On[fleet.Names].Len(), b.f.On[fleet.Addresses].Len()
	for i := range b.f.Hosts {
		h := &b.f.Hosts[i]
		t.NameRows, t.AddressRows, t.Allowed = t.NameRows+h.Domains, t.AddressRows+h.Addresses, t.Allowed+h.Allowed
		t.Questions, t.Connections = t.Questions+h.Questions, t.Connections+h.Connections
		t.NewNames, t.NewAddresses, t.NewNamed = t.NewNames+h.NewDomains, t.NewAddresses+h.NewAddresses, t.NewNamed+h.NewNamed
		t.Direct, t.Own = t.Direct+h.Direct, t.Own+h.Own
		t.Newest = max(t.Newest, h.Newest)
		if len(h.Problems) > 0 {
			t.Troubled++
		}
		if h.FirstPull(b.f.Since) {
			t.FirstPulls++
		}
	}
	return t
}

func (b *builder) lead(r *Report) []string {
	t := r.Totals
	lines := []string{
		fmt.Sprintf("Made at %s UTC, of %s; the newest row is of %s.", b.f.Now.UTC().Format(minutes), plural(t.Hosts, "host"), Time(t.Newest).Text),
		fmt.Sprintf("%s for %s, %s to %s.", plural(t.Questions, "question"), plural(t.Names, "name"),
			plural(t.Connections, "connection"), plural(t.Addresses, "address")),
		fmt.Sprintf("New since %s: %s, %s, of which known names led to %s.", b.f.Since.UTC().Format(minutes), plural(t.NewNames, "name"),
			plural(t.NewAddresses, "address"), finding.Number(uint64(t.NewNamed))),
	}
	if n := t.FirstPulls; n > 0 {
		lines = append(lines, fmt.Sprintf("Nothing can be new on hosts that were first pulled later: %s.", plural(n, "host")))
	}
	if t.Allowed > 0 {
		lines = append(lines, fmt.Sprintf("The list of what is allowed has hidden %s.", plural(t.Allowed, "row")))
	}
	if b.f.On[fleet.Names].Full() || b.f.On[fleet.Addresses].Full() || b.f.On[fleet.Domains].Full() || b.f.On[fleet.Led].Full() {
		lines = append(lines, "There are more different names or addresses than are counted: some of those that seem to be rare are not.")
	}
	if b.f.MoreFresh {
		lines = append(lines, "More is new on several hosts than is held: some of what came to many hosts at once is missing from the findings.")
	}
	if n := len(r.Rules); n > 0 {
		lines = append(lines, fmt.Sprintf("%s not applied, or matched nothing: see standard error.", plural(n, "rule")))
	}
	return lines
}

const minutes = "2006-01-02 15:04"

func plural[N int | uint64](n N, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		what += "e"
	}
	return finding.Number(uint64(n)) + " " + what + "s"
}

// on names the hosts that have seen something.
func (b *builder) on(s sighting.Seen) Cell {
	names := make([]string, len(s.On))
	for i, n := range s.On {
		names[i] = b.f.Hosts[n].Name
	}
	return Hosts(names)
}

// seenRow returns the cells that many tables end with.
func (b *builder) seenRow(s sighting.Seen, hosts uint32, front ...Cell) []Cell {
	return append(front, Number(uint64(hosts)), Number(s.Count), Date(s.Since), b.age(s.Since), Time(s.Last), b.on(s))
}

func seenColumns(what, count string) []Column {
	return []Column{{Name: what, ID: true}, {Name: "hosts", Number: true}, {Name: count, Number: true}, {Name: "since", Key: "first_seen"},
		{Name: "days", Key: "age_days", Number: true}, {Name: "last", Key: "last_seen"}, {Name: "on"}}
}

// age returns for how many days something has been there.
func (b *builder) age(s sighting.Stamp) Cell {
	if s == 0 {
		return Cell{Text: "-"}
	}
	return Number(days(b.f.Now, s.Time()))
}

func days(now, since time.Time) uint64 {
	return uint64(max(0, now.Sub(since)/(24*time.Hour)))
}

// fewest is the order in which keys of few hosts come first, and of these the keys that
// were seen most often.
func fewest(a, b sighting.Seen) int {
	return cmp.Or(cmp.Compare(a.Hosts, b.Hosts), cmp.Compare(b.Count, a.Count))
}
