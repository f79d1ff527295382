package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fleet"
)

// A Chart is a picture that answers the question in its title: bars with their
// numbers, drawn by the page as lines of text and rectangles.
type Chart struct {
	Title string
	Rows  []ChartRow
	More  int // rows that were left out
}

// A ChartRow is one bar.
type ChartRow struct {
	Label string
	Value uint64
	Width int // of 100
	Host  string
}

const maxChartRows = 12

// Missing is how many rows were left out, for the template.
func (c Chart) Missing() string { return finding.Number(uint64(c.More)) }

func (b *builder) charts() []Chart {
	return []Chart{b.findingsOfHosts(), b.newPerWeek(), b.hostsOfDomains()}
}

// scale sets the widths: the largest value takes all.
func (c Chart) scale() Chart {
	most := uint64(1)
	for _, r := range c.Rows {
		most = max(most, r.Value)
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		r.Width = int(float64(r.Value) / float64(most) * 100)
		if r.Value > 0 {
			r.Width = max(1, r.Width)
		}
	}
	return c
}

func (b *builder) findingsOfHosts() Chart {
	counts := map[string]uint64{}
	for i := range b.all {
		for _, name := range b.all[i].Hosts {
			if b.all[i].Notable() {
				counts[name]++
			}
		}
	}
	c := Chart{Title: "Which hosts have most to look at? (findings)"}
	for name, n := range counts {
		c.Rows = append(c.Rows, ChartRow{Label: Clean(name), Value: n, Host: name})
	}
	slices.SortFunc(c.Rows, func(x, y ChartRow) int { return cmp.Or(cmp.Compare(y.Value, x.Value), cmp.Compare(x.Label, y.Label)) })
	c.More = max(0, len(c.Rows)-maxChartRows)
	c.Rows = c.Rows[:len(c.Rows)-c.More]
	return c.scale()
}

// weeks is how many the chart of new things has.
const weeks = 8

// newPerWeek counts what few hosts have by the week in which it was first seen.
func (b *builder) newPerWeek() Chart {
	var counts [weeks]uint64
	for i := range b.f.Hosts {
		for n, count := range b.f.Hosts[i].Weeks {
			counts[n] += uint64(count)
		}
	}
	c := Chart{Title: "What is new each week? (domains that few hosts have, and addresses no name led to)"}
	for n := weeks - 1; n >= 0; n-- {
		from := b.f.Now.Add(-time.Duration(n+1) * 7 * 24 * time.Hour)
		c.Rows = append(c.Rows, ChartRow{Label: "from " + from.UTC().Format("2006-01-02"), Value: counts[n]})
	}
	for len(c.Rows) > 1 && c.Rows[0].Value == 0 {
		c.Rows = c.Rows[1:]
	}
	return c.scale()
}

// hostsOfDomains returns how many domains are on how many hosts.
func (b *builder) hostsOfDomains() Chart {
	h := newHistogram(len(b.f.Hosts))
	b.f.On[fleet.Domains].Each(h.add)
	c := Chart{Title: "On how many hosts are domains? (domains)"}
	for i := range h.from {
		c.Rows = append(c.Rows, ChartRow{Label: fmt.Sprintf("on %s", h.class(i)), Value: h.counts[i]})
	}
	return c.scale()
}

// Number returns the value, for the page.
func (r ChartRow) Number() string { return finding.Number(r.Value) }
