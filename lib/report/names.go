package report

import "strings"

func (b *builder) newDomains() Section {
	return b.freshSection(b.d.fresh, Section{
		ID: "new-names", Title: "New names",
		Note:    "\"Names\": so many new names of one registrable domain are on the same hosts; one is shown.",
		Columns: append([]Column{{Name: "name", ID: true}, {Name: "fleet"}, {Name: "names", Number: true}}, seenColumns("", "questions")[1:]...),
	}, func(n named) []Cell {
		return []Cell{Text(n.name), Text(elsewhere(n)), Number(uint64(n.names))}
	})
}

// freshSection returns a table of what is new, to the whole fleet first.
func (b *builder) freshSection(t *top[named], s Section, front func(named) []Cell) Section {
	since := "Since " + b.f.Since.UTC().Format(minutes) + " UTC."
	s.Note = strings.TrimSpace(since + " What is new to the whole fleet comes first (fleet: new). " + s.Note + b.firstPulls())
	s.Empty = "None since " + b.f.Since.UTC().Format(minutes) + " UTC." + b.firstPulls()
	for _, n := range t.rows {
		s.Rows = append(s.Rows, b.seenRow(n.seen, n.seen.Hosts, front(n)...))
	}
	s.More = t.more()
	return s
}

// firstPulls returns a note on the hosts where nothing can be new, or "".
func (b *builder) firstPulls() string {
	if n := b.totals().FirstPulls; n > 0 {
		return " Nothing can be new on a host that was pulled for the first time since: " + plural(n, "host") + "."
	}
	return ""
}

func elsewhere(n named) string {
	if n.known {
		return "known"
	}
	return "new"
}

func (b *builder) loneDomains() Section {
	s := Section{
		ID: "lone-domains", Title: "Domains that only one host asks for",
		Note:    "Registrable domains. Many names of one may be a tunnel.",
		Columns: loneColumns("domain", "questions", Column{Name: "names", Number: true}, Column{Name: "one of them", Key: "example"}),
		Empty:   "None.", More: b.d.domains.more(),
	}
	for _, d := range b.d.domains.rows {
		s.Rows = append(s.Rows, b.loneRow(d.seen, Text(d.name), Number(uint64(d.names)), Text(d.example)))
	}
	return s
}

func (b *builder) loneNames() Section {
	s := Section{
		ID: "lone-names", Title: "Names that only one host asks for",
		Note:    "Of domains that other hosts ask for too. \"Names\": so many of one domain are on the same host; one is shown.",
		Columns: loneColumns("name", "questions", Column{Name: "names", Number: true}),
		Empty:   "None.", More: b.d.lone.more(),
	}
	for _, n := range b.d.lone.rows {
		s.Rows = append(s.Rows, b.loneRow(n.seen, Text(n.name), Number(uint64(n.names))))
	}
	return s
}
