package report

import "strings"

func (b *builder) newDomains() Section {
	return b.freshSection(b.d.fresh, Section{
		ID: "new-names", Title: "New names since the pull before",
		Note:    "\"of its domain\": so many new names of one registrable domain are on the same hosts; one is shown.",
		Columns: append([]Column{{Name: "name"}, {Name: "elsewhere"}, {Name: "of its domain", Number: true}}, seenColumns("", "questions")[1:]...),
	}, func(n named) []Cell {
		return []Cell{Text(n.name), Text(elsewhere(n)), Number(uint64(n.names))}
	})
}

// freshSection is a table of what is new, to the whole fleet first.
func (b *builder) freshSection(t *top[named], s Section, front func(named) []Cell) Section {
	s.Note = strings.TrimSpace("Those that are new to the whole fleet first. " + s.Note + b.firstPulls())
	s.Empty = "None." + b.firstPulls()
	for _, n := range t.rows {
		s.Rows = append(s.Rows, b.seenRow(n.seen, front(n)...))
	}
	s.More = t.more()
	return s
}

// firstPulls says what cannot be known to be new.
func (b *builder) firstPulls() string {
	first := 0
	for i := range b.f.Hosts {
		if b.f.Hosts[i].FirstPull {
			first++
		}
	}
	if first == 0 {
		return ""
	}
	return " Nothing is new on a host that was pulled for the first time: " + plural(first, "host") + "."
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
		Note:    "Of domains that other hosts ask for too. \"of its domain\": so many of one domain are on the same host; one is shown.",
		Columns: []Column{{Name: "name"}, {Name: "of its domain", Number: true}, {Name: "questions", Number: true}, {Name: "last"}, {Name: "on"}},
		Empty:   "None.", More: b.d.lone.more(),
	}
	for _, n := range b.d.lone.rows {
		s.Rows = append(s.Rows, []Cell{Text(n.name), Number(uint64(n.names)), Number(n.seen.Count), Time(n.seen.Last), b.on(n.seen)})
	}
	return s
}
