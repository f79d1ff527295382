package report

import (
	"cmp"
	"strings"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"

	"golang.org/x/net/publicsuffix"
)

// named is a name, and who has seen it in the way that counts.
type named struct {
	name  string
	seen  sighting.Seen
	known bool // new here, but not elsewhere
}

// group of names: those of one registrable domain.
type domain struct {
	name    string
	example string
	names   int
	alone   bool // all of them on one host, and the same one
	seen    sighting.Seen
	lone    []named // names of it that one host alone has seen: some
	lones   int
}

// domainTops is what is kept of all names.
type domainTops struct {
	all       int
	fresh     *top[named]
	domains   *top[domain]
	lone      *top[named]
	histogram histogram
}

func newness(a, b named) int {
	return cmp.Or(compareBool(a.known, b.known), fewest(a.seen, b.seen))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// readDomains goes through all names, those of a registrable domain in a row.
func (b *builder) readDomains() error {
	b.d.fresh = newTop(b.max, newness)
	b.d.domains = newTop(b.max, func(x, y domain) int {
		return cmp.Or(cmp.Compare(y.names, x.names), cmp.Compare(y.seen.Count, x.seen.Count))
	})
	b.d.lone = newTop(b.max, func(x, y named) int { return fewest(x.seen, y.seen) })
	b.d.histogram = newHistogram(len(b.f.Hosts))
	var now domain
	err := b.f.Domains.Each(func(row *sighting.Row) error {
		name := fleet.Forward(row.Key)
		b.d.all++
		b.d.histogram.add(row.Seen[sighting.All].Hosts)
		if s := row.Seen[sighting.New]; s.Hosts > 0 {
			b.d.fresh.add(named{name, s, s.Hosts < row.Seen[sighting.All].Hosts})
		}
		if of := registrable(name); of != now.name {
			b.endDomain(now)
			now = domain{name: of, alone: true}
		}
		now.add(name, row.Seen[sighting.All], b.max)
		return nil
	})
	b.endDomain(now)
	return err
}

func (d *domain) add(name string, s sighting.Seen, max int) {
	if s.Hosts == 1 {
		d.lones++
		if len(d.lone) < max {
			d.lone = append(d.lone, named{name: name, seen: s})
		}
	}
	d.alone = d.alone && s.Hosts == 1 && (d.names == 0 || s.First[0] == d.seen.First[0])
	d.seen.Again(s.First[0], s.Count, s.Last)
	d.names++
	d.example = name
}

// endDomain takes what there is to say of a domain: on one host only, or with
// names that are on one host only.
func (b *builder) endDomain(d domain) {
	switch {
	case d.names == 0:
	case d.alone:
		b.d.domains.add(d)
	default:
		for _, n := range d.lone {
			b.d.lone.add(n)
		}
		b.d.lone.seen += d.lones - len(d.lone)
	}
}

// registrable is the domain that somebody has registered: one label more than
// the public suffix.
func registrable(name string) string {
	name = strings.TrimPrefix(name, "*.")
	if of, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return of
	}
	return name
}

func (b *builder) newDomains() Section {
	return b.freshSection(b.d.fresh, Section{
		ID: "new-names", Title: "New names since the pull before",
		Columns: seenColumns("name", "questions"),
	})
}

// freshSection is a table of what is new, to the whole fleet first.
func (b *builder) freshSection(t *top[named], s Section) Section {
	s.Note = "Those that are new to the whole fleet first."
	s.Empty = "None."
	first := 0
	for i := range b.f.Hosts {
		if b.f.Hosts[i].FirstPull {
			first++
		}
	}
	if first > 0 {
		s.Note += " Nothing is new on a host that was pulled for the first time: " + plural(first, "host") + "."
	}
	s.Columns = append([]Column{s.Columns[0], {Name: "elsewhere"}}, s.Columns[1:]...)
	for _, n := range t.rows {
		elsewhere := "new"
		if n.known {
			elsewhere = "known"
		}
		s.Rows = append(s.Rows, b.seenRow(n.seen, Text(n.name), Text(elsewhere)))
	}
	s.More = t.more()
	return s
}

func (b *builder) loneDomains() Section {
	s := Section{
		ID: "lone-domains", Title: "Domains that only one host asks for",
		Note: "Registrable domains. Many names of one may be a tunnel.",
		Columns: []Column{{Name: "domain"}, {Name: "names", Number: true}, {Name: "one of them"}, {Name: "questions", Number: true},
			{Name: "last"}, {Name: "on"}},
		Empty: "None.", More: b.d.domains.more(),
	}
	for _, d := range b.d.domains.rows {
		s.Rows = append(s.Rows, []Cell{Text(d.name), Number(uint64(d.names)), Text(d.example), Number(d.seen.Count), Time(d.seen.Last), b.on(d.seen)})
	}
	return s
}

func (b *builder) loneNames() Section {
	s := Section{
		ID: "lone-names", Title: "Names that only one host asks for",
		Note:    "Of domains that other hosts ask for too.",
		Columns: []Column{{Name: "name"}, {Name: "questions", Number: true}, {Name: "last"}, {Name: "on"}},
		Empty:   "None.", More: b.d.lone.more(),
	}
	for _, n := range b.d.lone.rows {
		s.Rows = append(s.Rows, []Cell{Text(n.name), Number(n.seen.Count), Time(n.seen.Last), b.on(n.seen)})
	}
	return s
}
