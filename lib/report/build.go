package report

import (
	"cmp"
	"fmt"
	"strings"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"
)

// builder makes sections of a fleet, of some rows each.
type builder struct {
	f   *fleet.Fleet
	max int
	d   domainTops
	a   addressTops
}

// Build makes a report with tables of max rows. It reads the fleet's sightings,
// which can be done once.
func Build(f *fleet.Fleet, max int) (*Report, error) {
	b := &builder{f: f, max: max}
	if err := b.readDomains(); err != nil {
		return nil, err
	}
	if err := b.readAddresses(); err != nil {
		return nil, err
	}
	r := &Report{Title: "Egress report", Lead: b.lead(), Bars: b.bars()}
	r.Sections = append(r.Sections, b.problems(), b.directHosts(), b.directAddresses(), b.resolvers(),
		b.newDomains(), b.newAddresses())
	if len(f.Hosts) > 1 {
		r.Sections = append(r.Sections, b.loneDomains(), b.loneNames(), b.loneAddresses(), b.prevalence())
	}
	r.Sections = append(r.Sections, b.hosts())
	return r, nil
}

func (b *builder) lead() []string {
	var domains, addresses, allowed, problems int
	var questions, connections uint64
	var newest sighting.Stamp
	for _, h := range b.f.Hosts {
		domains, addresses, allowed = domains+h.Domains, addresses+h.Addresses, allowed+h.Allowed
		questions, connections = questions+h.Questions, connections+h.Connections
		newest = max(newest, h.Newest)
		if len(h.Problems) > 0 {
			problems++
		}
	}
	lines := []string{
		fmt.Sprintf("Made at %s. %s; the newest row is of %s.", b.f.Now.UTC().Format("2006-01-02 15:04"), plural(len(b.f.Hosts), "host"), Time(newest).Text),
		fmt.Sprintf("%s for %s (%s).", plural64(questions, "question"), plural(b.d.all, "name"), plural(domains, "row")),
		fmt.Sprintf("%s to %s (%s).", plural64(connections, "connection"), plural(b.a.all, "address"), plural(addresses, "row")),
	}
	if allowed > 0 {
		lines = append(lines, fmt.Sprintf("%s on the list of what is allowed, and in no table; the numbers of different names and addresses are without them.", plural(allowed, "row")))
	}
	if problems > 0 {
		lines = append(lines, fmt.Sprintf("Of %s not all is known: see the first table.", plural(problems, "host")))
	}
	return lines
}

func plural(n int, what string) string { return plural64(uint64(n), what) }

func plural64(n uint64, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return group(n) + " " + what + "es"
	}
	return group(n) + " " + what + "s"
}

// on names the hosts that have seen something.
func (b *builder) on(s sighting.Seen) Cell {
	var names []string
	for _, n := range s.First[:min(s.Hosts, sighting.Sample)] {
		names = append(names, b.f.Hosts[n].Name)
	}
	text := strings.Join(names, " ")
	if s.Hosts > sighting.Sample {
		text += fmt.Sprintf(" +%d", s.Hosts-sighting.Sample)
	}
	return Text(text)
}

// seenRow is cells that many tables end with.
func (b *builder) seenRow(s sighting.Seen, front ...Cell) []Cell {
	return append(front, Number(uint64(s.Hosts)), Number(s.Count), Time(s.Last), b.on(s))
}

func seenColumns(what, count string) []Column {
	return []Column{{Name: what}, {Name: "hosts", Number: true}, {Name: count, Number: true}, {Name: "last"}, {Name: "on"}}
}

// fewest has what few hosts have seen first, and of that what was seen often.
func fewest(a, b sighting.Seen) int {
	return cmp.Or(cmp.Compare(a.Hosts, b.Hosts), cmp.Compare(b.Count, a.Count))
}
