package report

import (
	"encoding/json"
	"io"
	"time"

	"egress-monitor/lib/aggregate"
)

// version is that of the schema in egress-report(1): it rises when a key changes
// its meaning or goes.
const version = 1

// PrintJSON prints the report as one JSON object. Its schema is in
// egress-report(1).
func (r *Report) PrintJSON(w io.Writer) error {
	all := map[string]any{
		"version": version, "time": stamp(r.Now), "since": stamp(r.Since), "totals": r.totals(),
		"findings": r.findings(), "tables": r.tables(), "hosts": r.hosts(), "rules": r.Rules,
	}
	if r.Rules == nil {
		all["rules"] = []string{}
	}
	to := json.NewEncoder(w)
	to.SetIndent("", " ")
	to.SetEscapeHTML(true)
	return to.Encode(all)
}

// stamp returns a time as JSON has it; null is not known.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(aggregate.TimeLayout)
}

func (r *Report) totals() map[string]any {
	t := &r.Totals
	return map[string]any{
		"hosts": t.Hosts, "hosts_with_problems": t.Troubled, "hosts_first_pulled_since": t.FirstPulls,
		"names": t.Names, "addresses": t.Addresses, "questions": t.Questions, "connections": t.Connections,
		"name_rows": t.NameRows, "address_rows": t.AddressRows, "allowed_rows": t.Allowed, "new_names": t.NewNames, "new_addresses": t.NewAddresses,
		"new_addresses_of_known_names": t.NewNamed, "direct_addresses": t.Direct, "own_addresses": t.Own, "findings": len(r.Findings),
		"newest_row": nilDash(Time(t.Newest)),
	}
}

func nilDash(c Cell) any {
	if c.Exact == "" {
		return nil
	}
	return c.Exact
}

func (r *Report) findings() []map[string]any {
	all := make([]map[string]any, 0, len(r.Findings))
	for i := range r.Findings {
		f := &r.Findings[i]
		o := map[string]any{
			"rank": i + 1, "kind": f.Kind, "hosts": cleanAll(f.Hosts), "what": Clean(f.What), "more_like_it": f.Like, "count": f.Count,
			"first_seen": stamp(f.Since), "may_be_older": f.Old, "new": f.New, "notable": f.Notable(), "last_seen": stamp(f.Last),
			"age_days": nil, "why": cleanAll(f.Why), "on_hosts": f.Item.Hosts, "names": f.Item.Names, "networks": f.Item.Networks,
			"address": Clean(f.Item.Addr),
		}
		if !f.Since.IsZero() {
			o["age_days"] = days(r.Now, f.Since)
		}
		all = append(all, o)
	}
	return all
}

func cleanAll(texts []string) []string {
	clean := make([]string, len(texts))
	for i, s := range texts {
		clean[i] = Clean(s)
	}
	return clean
}

func (r *Report) tables() map[string]any {
	all := map[string]any{}
	for i := range r.Sections {
		s := &r.Sections[i]
		all[s.ID] = map[string]any{"title": s.Title, "rows": s.objects(), "more": s.More}
	}
	return all
}

func (r *Report) hosts() []map[string]any {
	all := make([]map[string]any, 0, len(r.Hosts))
	for i := range r.Hosts {
		p := &r.Hosts[i]
		ranks := make([]int, len(p.Findings))
		for n := range ranks {
			ranks[n] = p.Findings[n] + 1
		}
		all = append(all, map[string]any{"name": Clean(p.Name), "findings": ranks, "peers": cleanAll(p.Peers), "things": p.Things.objects(), "more": p.Things.More})
	}
	return all
}

// objects returns the rows by the keys of their columns.
func (s *Section) objects() []map[string]any {
	rows := make([]map[string]any, 0, len(s.Rows))
	for _, cells := range s.Rows {
		row := map[string]any{}
		for i, c := range s.Columns {
			row[c.key()] = cells[i].value(c)
		}
		rows = append(rows, row)
	}
	return rows
}

func (c Cell) value(in Column) any {
	switch {
	case c.Text == "-" && c.Number == 0:
		return nil
	case in.Number:
		return c.Number
	case c.Exact != "":
		return c.Exact
	case c.List != nil && !in.ID:
		return cleanAll(c.List)
	}
	return c.Text
}
