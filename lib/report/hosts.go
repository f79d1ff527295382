package report

import (
	"cmp"
	"slices"
	"strings"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

func (b *builder) problems() Section {
	s := Section{
		ID: "problems", Title: "Hosts of which not all is known", Alert: true,
		Note:    "What such a host did lately is not in this report.",
		Columns: []Column{{Name: "host"}, {Name: "pulled"}, {Name: "newest row"}, {Name: "why"}},
		Empty:   "None: all hosts were pulled lately, and none is blind.",
	}
	for _, h := range b.f.Hosts {
		if len(h.Problems) == 0 {
			continue
		}
		if len(s.Rows) == b.max {
			s.More++
			continue
		}
		pulled := Cell{Text: "-"}
		if !h.Pulled.IsZero() {
			pulled = Time(sighting.ParseStamp([]byte(h.Pulled.UTC().Format("2006-01-02T15:04:05"))))
		}
		s.Rows = append(s.Rows, []Cell{Text(h.Name), pulled, Time(h.Newest), Text(strings.Join(h.Problems, "; "))})
	}
	return s
}

func (b *builder) directHosts() Section {
	s := Section{
		ID: "direct-hosts", Title: "Direct-IP egress, by host", Alert: true,
		Note: "Connections to addresses that no name led to, without public resolvers. " +
			"Hosts that reached addresses no other host reached in this way (only here) come first.",
		Columns: []Column{{Name: "host"}, {Name: "addresses", Number: true}, {Name: "only here", Number: true},
			{Name: "connections", Number: true}, {Name: "last"}},
		Empty: "None: of hosts whose names are known, a name led to each address.",
	}
	t := newTop(b.max, func(x, y *fleet.Host) int {
		return cmp.Or(cmp.Compare(y.OnlyHere, x.OnlyHere), cmp.Compare(y.DirectConnections, x.DirectConnections))
	})
	for i := range b.f.Hosts {
		if h := &b.f.Hosts[i]; h.Direct > 0 {
			t.add(h)
		}
	}
	for _, h := range t.rows {
		s.Rows = append(s.Rows, []Cell{Text(h.Name), Number(uint64(h.Direct)), Number(uint64(h.OnlyHere)),
			Number(h.DirectConnections), Time(h.DirectLast)})
	}
	s.More = t.more()
	if len(b.f.Hosts) == 1 {
		s.drop(2) // there is no other host
	}
	return s
}

func (b *builder) resolvers() Section {
	s := Section{
		ID: "resolvers", Title: "Public resolvers", Alert: true,
		Note: "An address: somebody went around the system's resolver, by plain DNS, DoT or DoH. A name: somebody asked how to get to " +
			"one that speaks DoH or DoT." + b.listDate(),
		Columns: append([]Column{{Name: "operator"}}, seenColumns("address or name", "count")...),
		Empty:   "None was contacted or asked for.",
	}
	var all []*resolvers.Resolver
	for r := range b.f.Resolvers {
		all = append(all, r)
	}
	seen := b.f.Resolvers
	slices.SortFunc(all, func(x, y *resolvers.Resolver) int {
		return cmp.Or(cmp.Compare(seen[y].Hosts, seen[x].Hosts), cmp.Compare(seen[y].Count, seen[x].Count), cmp.Compare(x.Entry, y.Entry))
	})
	s.More = max(0, len(all)-b.max)
	for _, r := range all[:len(all)-s.More] {
		s.Rows = append(s.Rows, b.seenRow(*seen[r], Text(r.Operator), Text(r.Entry)))
	}
	return s
}

func (b *builder) listDate() string {
	if b.f.Known.Date == "" {
		return ""
	}
	return " The list of resolvers is of " + Clean(b.f.Known.Date) + "."
}

func (b *builder) hosts() Section {
	s := Section{
		ID: "hosts", Title: "Hosts, by connections",
		Columns: []Column{{Name: "host"}, {Name: "connections", Number: true}, {Name: "addresses", Number: true}, {Name: "new", Number: true},
			{Name: "questions", Number: true}, {Name: "names", Number: true}, {Name: "new", Number: true}, {Name: "newest row"}},
	}
	t := newTop(b.max, func(x, y *fleet.Host) int { return cmp.Compare(y.Connections, x.Connections) })
	for i := range b.f.Hosts {
		t.add(&b.f.Hosts[i])
	}
	for _, h := range t.rows {
		s.Rows = append(s.Rows, []Cell{Text(h.Name), Number(h.Connections), Number(uint64(h.Addresses)), Number(uint64(h.NewAddresses)),
			Number(h.Questions), Number(uint64(h.Domains)), Number(uint64(h.NewDomains)), Time(h.Newest)})
	}
	s.More = t.more()
	return s
}

// A Bar is the connections of a host, or of several side by side if there are
// many: then it is as high as the highest of them.
type Bar struct {
	Label       string
	Connections uint64
	Direct      uint64
}

const maxBars = 120

func (b *builder) bars() (bars []Bar) {
	hosts := make([]*fleet.Host, len(b.f.Hosts))
	for i := range hosts {
		hosts[i] = &b.f.Hosts[i]
	}
	slices.SortStableFunc(hosts, func(x, y *fleet.Host) int { return cmp.Compare(y.Connections, x.Connections) })
	for some := range slices.Chunk(hosts, (len(hosts)+maxBars-1)/maxBars) {
		bars = append(bars, barOf(some))
	}
	return bars
}

func barOf(hosts []*fleet.Host) Bar {
	bar := Bar{Label: Clean(hosts[0].Name), Connections: hosts[0].Connections}
	if n := len(hosts); n > 1 {
		bar.Label += " to " + Clean(hosts[n-1].Name) + ", " + plural(n, "host") + ", at most"
	}
	for _, h := range hosts {
		bar.Direct = max(bar.Direct, h.DirectConnections)
	}
	return bar
}
