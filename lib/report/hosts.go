package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/sighting"
)

func (b *builder) problems() Section {
	s := Section{
		ID: "problems", Title: "Hosts of which not all is known", Alert: true,
		Note:    "What such a host did lately is not in this report.",
		Columns: []Column{{Name: "host", ID: true}, {Name: "pulled"}, {Name: "newest row"}, {Name: "why"}},
		Empty:   "None: all hosts were pulled lately, and none is blind.",
	}
	for i := range b.f.Hosts {
		h := &b.f.Hosts[i]
		if len(h.Problems) == 0 {
			continue
		}
		if len(s.Rows) == b.max {
			s.More++
			continue
		}
		s.Rows = append(s.Rows, []Cell{Host(h.Name), timeCell(h.Pulled), Time(h.Newest), problemCell(h)})
	}
	return s
}

func problemCell(h *fleet.Host) Cell {
	var texts []string
	for _, p := range h.Problems {
		texts = append(texts, p.Text)
	}
	return Cell{Text: Clean(strings.Join(texts, "; ")), List: texts}
}

func (b *builder) directHosts() Section {
	s := Section{
		ID: "direct-hosts", Title: "Direct-IP egress, by host", Alert: true,
		Note: "Connections to public addresses that no name led to, without public resolvers. " +
			"Hosts that reached addresses no other host reached in this way (only here) come first.",
		Columns: []Column{{Name: "host", ID: true}, {Name: "addresses", Number: true}, {Name: "only here", Number: true},
			{Name: "connections", Number: true}, {Name: "last", Key: "last_seen"}},
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
		s.Rows = append(s.Rows, []Cell{Host(h.Name), Number(uint64(h.Direct)), Number(uint64(h.OnlyHere)),
			Number(h.DirectConnections), Time(h.DirectLast)})
	}
	s.More = t.more()
	if len(b.f.Hosts) == 1 {
		return *s.without("only_here") // there is no other host
	}
	return s
}

// own returns the fleet's own networks, which have a section of their own.
func (b *builder) own() Section {
	s := Section{
		ID: "own", Title: "Your own networks",
		Note:    "Addresses that are private, of a carrier, link-local or multicast, or that --own names; \"no name\": no name led to them, and few hosts have them.",
		Columns: []Column{{Name: "host", ID: true}, {Name: "addresses", Number: true}, {Name: "connections", Number: true}, {Name: "no name", Number: true}, {Name: "new of these", Key: "new", Number: true}},
		Empty:   "None.",
	}
	t := newTop(b.max, func(x, y *fleet.Host) int {
		return cmp.Or(cmp.Compare(y.Crowds[fleet.Internal].N[fleet.New], x.Crowds[fleet.Internal].N[fleet.New]), cmp.Compare(y.Own, x.Own))
	})
	for i := range b.f.Hosts {
		if h := &b.f.Hosts[i]; h.Own > 0 {
			t.add(h)
		}
	}
	for _, h := range t.rows {
		c := &h.Crowds[fleet.Internal]
		s.Rows = append(s.Rows, []Cell{Host(h.Name), Number(uint64(h.Own)), Number(h.OwnConnections), Number(uint64(c.All())), Number(uint64(c.N[fleet.New]))})
	}
	s.More = t.more()
	return s
}

func timeCell(t time.Time) Cell {
	if t.IsZero() {
		return Cell{Text: "-"}
	}
	return Time(sighting.ParseStamp([]byte(t.UTC().Format("2006-01-02T15:04:05"))))
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
		s.Rows = append(s.Rows, b.seenRow(*seen[r], seen[r].Hosts, Text(r.Operator), Key(r.Entry)))
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
		Columns: []Column{{Name: "host", ID: true}, {Name: "connections", Number: true}, {Name: "addresses", Number: true},
			{Name: "new", Key: "new_addresses", Number: true}, {Name: "questions", Number: true}, {Name: "names", Number: true},
			{Name: "new", Key: "new_names", Number: true}, {Name: "first pull"}, {Name: "newest row"}},
	}
	t := newTop(b.max, func(x, y *fleet.Host) int { return cmp.Compare(y.Connections, x.Connections) })
	for i := range b.f.Hosts {
		t.add(&b.f.Hosts[i])
	}
	for _, h := range t.rows {
		s.Rows = append(s.Rows, []Cell{Host(h.Name), Number(h.Connections), Number(uint64(h.Addresses)), Number(uint64(h.NewAddresses)),
			Number(h.Questions), Number(uint64(h.Domains)), Number(uint64(h.NewDomains)), timeCell(h.Begin), Time(h.Newest)})
	}
	s.More = t.more()
	return s
}
