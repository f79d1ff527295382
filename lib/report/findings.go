package report

import (
	"fmt"
	"strings"

	"egress-monitor/lib/finding"
)

const (
	// firstScreen is how many lines a first screen has.
	firstScreen = 50
	// fewFindings are shown also where they take more lines than that.
	fewFindings = 20
	// minWhy is how narrow the last column may become before it goes below the
	// others.
	minWhy = 26
)

var findingColumns = []Column{{Name: "host", ID: true}, {Name: "what", ID: true}, {Name: "since"}, {Name: "days", Number: true}, {Name: "count", Number: true}, {Name: "why"}}

// findings prints the list that everything else is there to explain.
func (p printer) findings(r *Report) {
	p.line("")
	if len(r.Findings) == 0 {
		p.line(p.in(bold, "Findings"))
		p.line(indent + "None: nothing that few hosts do is new or unusual for them.")
		return
	}
	p.line(p.in(bold+yellow, "Findings, the most surprising first"))
	s := r.findingTable(p.style)
	l := layout{s.Columns, s.widths(0), p.style.Width == 0}
	why := len(l.widths) - 1
	used := 0
	for _, w := range l.widths[:why] {
		used += w + len(indent)
	}
	l.widths[why] = maxPad
	if p.style.Width > 0 {
		l.widths[why] = max(minWhy, p.style.Width-used-len(indent))
	}
	p.line(p.in(dim, l.lines(heads(s.Columns))[0]))
	left := firstScreen - len(r.Lead) - 6
	shown := 0
	for i, row := range s.Rows {
		lines := l.lines(texts(row))
		if p.style.Rows > 0 && i >= p.style.Rows || p.style.Rows == 0 && i >= fewFindings && len(lines) > left {
			break
		}
		for _, line := range lines {
			p.line(line)
		}
		left -= len(lines)
		shown++
	}
	if n := len(r.Findings) - shown; n > 0 {
		p.line(indent + p.in(dim, fmt.Sprintf("and %s more, less surprising (--findings N, --html)", group(uint64(n)))))
	}
}

func heads(columns []Column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = strings.ToUpper(c.Name)
	}
	return all
}

func texts(cells []Cell) []string {
	all := make([]string, len(cells))
	for i, c := range cells {
		all[i] = c.Text
	}
	return all
}

// findingTable is the list for a terminal: narrow columns, so that the reasons
// have room. A longer name pushes what follows into the next line.
func (r *Report) findingTable(style TextStyle) Section {
	s := Section{Columns: findingColumns}
	limits := []int{10, 30}
	switch {
	case style.Width == 0:
		limits = []int{20, maxPad}
	case style.Width >= 120:
		limits = []int{16, 44}
	case style.Width < 90:
		limits = []int{8, 22}
	}
	for i := range r.Findings {
		s.Rows = append(s.Rows, r.findingCells(&r.Findings[i]))
	}
	var widths [2]int
	for _, row := range s.Rows[:min(len(s.Rows), firstScreen)] {
		for i, limit := range limits {
			if n := len(row[i].Text); n <= limit {
				widths[i] = max(widths[i], n)
			}
		}
	}
	s.fixed = []int{max(widths[0], 4), max(widths[1], 4)}
	return s
}

func (r *Report) findingCells(f *finding.Finding) []Cell {
	since, age := Cell{Text: "-"}, Cell{Text: "-"}
	if !f.Since.IsZero() {
		since = timeCell(f.Since)
		since.Text = since.Text[:10]
		if f.Old && !f.Trouble() {
			since.Text = "<" + since.Text
		}
		age = Number(days(r.Now, f.Since))
	}
	count := Number(f.Count)
	if f.Trouble() {
		count = Cell{Text: "-"}
	}
	return []Cell{hostCell(f), whatCell(f), since, age, count, Text(whyText(f))}
}

func hostCell(f *finding.Finding) Cell {
	c := Host(f.Hosts[0])
	c.List = f.Hosts
	if n := len(f.Hosts) - 1; n > 0 {
		c.Text += fmt.Sprintf(" +%s", group(uint64(n)))
	}
	return c
}

func whatCell(f *finding.Finding) Cell {
	if f.What == "" {
		return Text(f.Kind)
	}
	c := Key(f.What)
	if f.Like > 0 {
		c.Text += " +" + group(uint64(f.Like))
	}
	return c
}

// whyText is the facts, and the hosts that the first column does not name.
func whyText(f *finding.Finding) string {
	text := strings.Join(f.Why, "; ")
	if len(f.Hosts) > 1 {
		others := f.Hosts[1:]
		shown := others[:min(len(others), 8)]
		text += "; also " + strings.Join(shown, " ")
		if n := len(others) - len(shown); n > 0 {
			text += " +" + group(uint64(n))
		}
	}
	return text
}
