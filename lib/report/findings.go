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
	list := r.findingList(p.style.Width)
	p.line(p.in(dim, list.head()))
	left, shown := firstScreen-len(r.Lead)-6, 0
	for i := range r.Findings {
		lines := list.lines(r.findingTexts(&r.Findings[i]))
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

// A findingList lays findings out: the host and the thing in one line, whatever
// their length; the reasons behind them if they fit there, or else in lines of
// their own.
type findingList struct {
	layout
	width int // of the terminal, 0 is a file
}

func (r *Report) findingList(width int) findingList {
	l := findingList{layout{columns: findingColumns, widths: []int{4, 4, 10, 4, 5, 0}}, width}
	limits := []int{24, maxPad}
	if width > 0 {
		limits[1] = max(20, (width-40)/2)
	}
	for i := range r.Findings[:min(len(r.Findings), firstScreen)] {
		for n, text := range r.findingTexts(&r.Findings[i])[:5] {
			if n >= len(limits) || len(text) <= limits[n] {
				l.widths[n] = max(l.widths[n], len(text))
			}
		}
	}
	return l
}

func (l findingList) head() string {
	line := ""
	for i, c := range l.columns {
		line += indent + l.pad(i, strings.ToUpper(c.Name))
	}
	return line
}

func (l findingList) lines(texts []string) (lines []string) {
	line := indent + l.pad(0, texts[0]) + indent + l.pad(1, texts[1])
	numbers := ""
	for i := 2; i <= 4; i++ {
		numbers += indent + l.pad(i, texts[i])
	}
	if l.width > 0 && len(line)+len(numbers) > l.width {
		lines = append(lines, strings.TrimRight(line, " "))
		line = strings.Repeat(" ", l.from(2)-len(indent))
	}
	line += numbers
	why := texts[5]
	if l.width == 0 || len(line)+len(indent)+len(why) <= l.width {
		return append(lines, line+indent+why)
	}
	lines = append(lines, line)
	for _, part := range fill(why, l.width-len(whyIndent)) {
		lines = append(lines, whyIndent+part)
	}
	return lines
}

const whyIndent = "        "

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

// findingTexts returns a finding for a terminal. A count of more than ten
// digits, which one host can make up, does not push the reasons into another
// line.
func (r *Report) findingTexts(f *finding.Finding) []string {
	all := texts(r.findingCells(f))
	if f.Count >= 1e10 && !f.Trouble() {
		all[4] = fmt.Sprintf("%.1e", float64(f.Count))
	}
	return all
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

// whyText returns the facts, and the hosts that the first column does not name.
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
