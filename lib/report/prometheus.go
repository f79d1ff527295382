package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/fleet"
)

// PrintMetrics prints the report in the text format of Prometheus, for the
// textfile collector of its node exporter.
func (r *Report) PrintMetrics(to io.Writer) error {
	m := metrics{bufio.NewWriter(to)}
	m.gauge("egress_report_time_seconds", "When the report was made.", float64(r.Now.Unix()))
	m.gauge("egress_report_since_seconds", "What was first seen after this time is new.", float64(r.Since.Unix()))
	m.gauge("egress_report_hosts", "Hosts in the report.", float64(r.Totals.Hosts))
	m.gauge("egress_report_names", "Different names of the fleet.", float64(r.Totals.Names))
	m.gauge("egress_report_addresses", "Different addresses of the fleet.", float64(r.Totals.Addresses))
	m.gauge("egress_report_rules_idle", "Rules that are not applied, or matched nothing.", float64(len(r.Rules)))
	r.findingMetrics(m)
	r.hostMetrics(m)
	return m.w.Flush() // a bufio.Writer keeps its first error for this
}

type metrics struct{ w *bufio.Writer }

func (m metrics) head(name, help string) {
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

func (m metrics) gauge(name, help string, value float64) {
	m.head(name, help)
	fmt.Fprintf(m.w, "%s %.0f\n", name, value)
}

// label writes a value as a label: a backslash, a quote and a line feed would end
// it. Clean has left no line feed.
func label(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Clean(value))
}

func (r *Report) findingMetrics(m metrics) {
	counts, fresh := map[string]int{}, map[string]int{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Notable() {
			counts[f.Kind]++
			if f.New {
				fresh[f.Kind]++
			}
		}
	}
	m.head("egress_report_findings", "Findings that deserve attention, by kind.")
	for _, kind := range finding.Kinds() {
		fmt.Fprintf(m.w, "egress_report_findings{kind=\"%s\"} %d\n", kind, counts[kind])
	}
	m.head("egress_report_new_findings", "Those of them that are new.")
	for _, kind := range finding.Kinds() {
		fmt.Fprintf(m.w, "egress_report_new_findings{kind=\"%s\"} %d\n", kind, fresh[kind])
	}
}

func (r *Report) hostMetrics(m metrics) {
	for _, g := range []struct {
		name, help string
		value      func(*HostPage) float64
	}{
		{"egress_host_pulled_seconds", "When a host was last pulled.", func(p *HostPage) float64 { return unix(p.Pulled) }},
		{"egress_host_newest_row_seconds", "The time of its newest row.", func(p *HostPage) float64 { return unix(p.Newest) }},
		{"egress_host_findings", "Findings that deserve attention.", func(p *HostPage) float64 { return float64(r.notable(p)) }},
		{"egress_host_direct_addresses", "Public addresses that no name led to.", func(p *HostPage) float64 { return float64(p.Direct) }},
		{"egress_host_names", "Names it asks for.", func(p *HostPage) float64 { return float64(p.Names) }},
		{"egress_host_addresses", "Addresses it contacts.", func(p *HostPage) float64 { return float64(p.Addresses) }},
	} {
		m.head(g.name, g.help)
		for i := range r.Hosts {
			p := &r.Hosts[i]
			fmt.Fprintf(m.w, "%s{host=\"%s\"} %v\n", g.name, label(p.Name), int64(g.value(p)))
		}
	}
	m.head("egress_host_problem", "1 if a host may see less than there is, by why.")
	for i := range r.Hosts {
		p := &r.Hosts[i]
		for trouble := range fleet.Troubles {
			if p.troubled(trouble) {
				fmt.Fprintf(m.w, "egress_host_problem{host=\"%s\",problem=\"%s\"} 1\n", label(p.Name), finding.TroubleName(trouble))
			}
		}
	}
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

func (r *Report) notable(p *HostPage) (n int) {
	for _, i := range p.Findings {
		if r.Findings[i].Notable() {
			n++
		}
	}
	return n
}

func (p *HostPage) troubled(kind fleet.Trouble) bool {
	for _, problem := range p.Problems {
		if problem.Trouble == kind {
			return true
		}
	}
	return false
}
