package report

import (
	"cmp"
	"strings"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"
	"egress-monitor/lib/suffix"
)

// domain is the names of one registrable domain.
type domain struct {
	hash    string
	name    string
	example string
	names   int
	alone   bool // all of them on one host, and the same one
	seen    sighting.Seen
	lone    alike // names that one host alone has seen
	fresh   alike // names that are new
}

// domainTops is what is kept of all names.
type domainTops struct {
	fresh     *top[named]
	domains   *top[domain]
	lone      *top[named]
	histogram histogram
}

// readDomains goes through all names, those of a registrable domain in a row.
func (b *builder) readDomains() error {
	b.d.fresh = newTop(b.max, newness)
	b.d.domains = newTop(b.max, func(x, y domain) int {
		return cmp.Or(cmp.Compare(y.names, x.names), cmp.Compare(y.seen.Count, x.seen.Count), cmp.Compare(x.name, y.name))
	})
	b.d.lone = newTop(b.max, byFewest)
	b.d.histogram = newHistogram(len(b.f.Hosts))
	b.f.On[fleet.Names].Each(b.d.histogram.add)
	var now domain
	err := b.f.Domains.Each(func(row *sighting.Row) error {
		hash, name := fleet.Split(row.Key)
		all := row.Seen[sighting.All]
		hosts := max(all.Hosts, b.f.On[fleet.Names].Hosts(sighting.Hash([]byte(name))))
		if hash != now.hash {
			b.endDomain(now)
			of := registrable(name)
			now = domain{hash: hash, name: of, alone: b.f.On[fleet.Domains].Hosts(sighting.Hash([]byte(of))) <= 1,
				fresh: alike{to: b.d.fresh}, lone: alike{to: b.d.lone}}
		}
		if s := row.Seen[sighting.New]; s.Hosts > 0 {
			now.fresh.add(named{name, 1, s, hosts, s.Hosts < hosts})
		}
		now.add(name, all, hosts)
		return nil
	})
	b.endDomain(now)
	return err
}

func (d *domain) add(name string, s sighting.Seen, hosts uint32) {
	if hosts == 1 {
		d.lone.add(named{name: name, names: 1, seen: s, hosts: 1})
	}
	d.seen.Again(s.On[0], s.Count, s.Since, s.Last)
	d.names++
	d.example = name
}

// endDomain adds the row of a domain: on one host only, or with
// names that are on one host only.
func (b *builder) endDomain(d domain) {
	d.fresh.flush()
	switch {
	case d.names == 0:
	case d.alone:
		b.d.domains.add(d)
	default:
		d.lone.flush()
	}
}

// registrable returns the domain that somebody has registered: one label more
// than the public suffix.
func registrable(name string) string {
	for _, reverse := range []string{"in-addr.arpa", "ip6.arpa"} {
		if strings.HasSuffix(name, "."+reverse) {
			return reverse // somebody's addresses, and not their names
		}
	}
	return suffix.Registrable(strings.TrimPrefix(name, "*."))
}
