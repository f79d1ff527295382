package report

import (
	"cmp"
	"fmt"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"
)

// addressTops is what is kept of all addresses.
type addressTops struct {
	fresh     *top[named]
	direct    *top[named]
	lone      *top[named]
	histogram histogram
}

func (b *builder) readAddresses() error {
	b.a = addressTops{
		fresh: newTop(b.max, newness), direct: newTop(b.max, byFewest), lone: newTop(b.max, byFewest),
		histogram: newHistogram(len(b.f.Hosts)),
	}
	b.f.On[fleet.Addresses].Each(b.a.histogram.add)
	return b.f.Addresses.Each(func(row *sighting.Row) error {
		all := row.Seen[sighting.All]
		hosts := max(all.Hosts, b.f.On[fleet.Addresses].Hosts(sighting.Hash([]byte(row.Key))))
		if s := row.Seen[sighting.New]; s.Hosts > 0 {
			b.a.fresh.add(named{row.Key, 1, s, hosts, s.Hosts < hosts})
		}
		if s := row.Seen[sighting.Direct]; s.Hosts > 0 {
			b.a.direct.add(named{name: row.Key, seen: s, hosts: s.Hosts})
			if s.Hosts == 1 {
				b.f.Hosts[s.On[0]].OnlyHere++
			}
		}
		if hosts == 1 {
			b.a.lone.add(named{name: row.Key, seen: all, hosts: 1})
		}
		return nil
	})
}

func (b *builder) directAddresses() Section {
	s := Section{
		ID: "direct", Title: "Direct-IP egress, by address", Alert: true,
		Note:    "Public addresses that no name of the same host led to. Those that few hosts reach come first: an address that all reach is more likely part of the system.",
		Columns: seenColumns("address", "connections"),
		Empty:   "None: of hosts whose names are known, a name led to each address.",
		More:    b.a.direct.more(),
	}
	for _, n := range b.a.direct.rows {
		s.Rows = append(s.Rows, b.seenRow(n.seen, n.hosts, Key(n.name)))
	}
	return s
}

func (b *builder) newAddresses() Section {
	return b.freshSection(b.a.fresh, Section{
		ID: "new-addresses", Title: "New addresses",
		Columns: append([]Column{{Name: "address", ID: true}, {Name: "fleet"}}, seenColumns("", "connections")[1:]...),
	}, func(n named) []Cell { return []Cell{Key(n.name), Text(elsewhere(n))} })
}

func (b *builder) loneAddresses() Section {
	s := Section{
		ID: "lone-addresses", Title: "Addresses that only one host contacts",
		Columns: loneColumns("address", "connections"),
		Empty:   "None.", More: b.a.lone.more(),
	}
	for _, n := range b.a.lone.rows {
		s.Rows = append(s.Rows, b.loneRow(n.seen, Key(n.name)))
	}
	return s
}

func loneColumns(what, count string, more ...Column) []Column {
	columns := append([]Column{{Name: what, ID: true}}, more...)
	return append(columns, Column{Name: count, Number: true}, Column{Name: "since", Key: "first_seen"},
		Column{Name: "days", Key: "age_days", Number: true}, Column{Name: "last", Key: "last_seen"}, Column{Name: "on"})
}

func (b *builder) loneRow(s sighting.Seen, front ...Cell) []Cell {
	return append(front, Number(s.Count), Date(s.Since), b.age(s.Since), Time(s.Last), b.on(s))
}

// histogram counts keys by the number of hosts that have them.
type histogram struct {
	from   []uint32 // where each class begins
	counts []uint64
}

func newHistogram(hosts int) histogram {
	h := histogram{from: []uint32{1, 2, 3}}
	for n := uint32(10); int(n) < hosts; n *= 10 {
		h.from = append(h.from, n)
	}
	for len(h.from) > 0 && int(h.from[len(h.from)-1]) >= hosts {
		h.from = h.from[:len(h.from)-1]
	}
	h.from = append(h.from, uint32(hosts))
	h.counts = make([]uint64, len(h.from))
	return h
}

func (h histogram) add(hosts uint32) {
	i := len(h.from) - 1
	for i > 0 && hosts < h.from[i] {
		i--
	}
	h.counts[i]++
}

func (h histogram) class(i int) string {
	switch {
	case i == len(h.from)-1:
		return fmt.Sprintf("all %s", finding.Number(uint64(h.from[i])))
	case h.from[i+1]-1 == h.from[i]:
		return finding.Number(uint64(h.from[i]))
	}
	return finding.Number(uint64(h.from[i])) + " to " + finding.Number(uint64(h.from[i+1]-1))
}

func (b *builder) prevalence() Section {
	s := Section{
		ID: "prevalence", Title: "On how many hosts",
		Columns: []Column{{Name: "hosts", Key: "range", ID: true}, {Name: "names", Number: true}, {Name: "addresses", Number: true}},
	}
	for i := range b.d.histogram.from {
		first := Text(b.d.histogram.class(i))
		first.Number = cmp.Or(uint64(b.d.histogram.from[i]), 1)
		s.Rows = append(s.Rows, []Cell{first, Number(b.d.histogram.counts[i]), Number(b.a.histogram.counts[i])})
	}
	return s
}
