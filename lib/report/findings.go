package report

import (
	"fmt"
	"slices"
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

// findings prints the list of findings, which all other sections explain. above is the
// number of lines of the screen that are taken already.
func (p printer) findings(r *Report, above int) {
	p.line("")
	if len(r.Findings) == 0 {
		p.line(p.in(bold, "Findings"))
		p.line(indent + "None: nothing that few hosts do is new or unusual for them.")
		return
	}
	p.line(p.in(bold+yellow, "Findings, the most surprising first") + p.in(dim, "; on no other host, unless a number is given"))
	entries := r.entries()
	list := p.bestList(entries, firstScreen-above-4)
	p.line(p.in(dim, list.head()))
	for _, line := range list.shown {
		p.line(line)
	}
	if n := len(r.Findings) - list.findings; n > 0 {
		p.line(indent + p.in(dim, fmt.Sprintf("and %s more, less surprising (--findings N, --html)", finding.Number(uint64(n)))))
	}
}

// An entry is a line of the list: a finding, or the troubles of a host.
type entry struct {
	texts    []string // the columns before the reasons
	facts    []string
	needed   int // so many of the facts a line must have
	findings int
	trouble  bool
	also     bool // the first fact is the other hosts
}

// entries returns the findings for a terminal, with the troubles of a host as one.
func (r *Report) entries() (all []entry) {
	at := map[string]int{} // hosts in trouble
	for i := range r.Findings {
		f := &r.Findings[i]
		e := entry{texts: r.findingTexts(f), facts: whyFacts(f), needed: max(1, f.Telling), findings: 1}
		e.also = also(f)
		if len(r.Hosts) == 1 { // a report of one host has room for all facts
			e.needed = len(e.facts)
		}
		if !f.Trouble() || len(f.Hosts) > 1 {
			all = append(all, e)
			continue
		}
		for i, text := range e.facts { // which begin with the kind
			e.facts[i] = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(text, "was "), f.Kind+": "), f.Kind+" ")
		}
		e.trouble = len(r.Hosts) != 1
		if same, ok := at[f.Hosts[0]]; ok {
			all[same].texts[1] += ", " + f.Kind
			all[same].facts = append(all[same].facts, e.facts...)
			all[same].findings++
			continue
		}
		at[f.Hosts[0]] = len(all)
		all = append(all, e)
	}
	return all
}

// A findingList lays findings out, a line each if possible: the host and the
// thing, whatever their length, and as many of the reasons as fit.
type findingList struct {
	layout
	width    int // of the terminal, 0 is a file
	shown    []string
	findings int // that are shown
}

// bestList returns the list with the width of its second column that shows the most
// findings in so many lines, or a wider one, which is in better order, that shows
// nearly as many.
func (p printer) bestList(entries []entry, lines int) (best findingList) {
	if p.style.Width == 0 {
		best = newFindingList(entries, 0, maxPad)
		best.show(entries, p.style.Rows, lines)
		return best // a line each in any case
	}
	var lists []findingList
	most := 0
	for what := max(20, (p.style.Width-40)*2/3); what >= 12; what -= 2 {
		l := newFindingList(entries, p.style.Width, what)
		l.show(entries, p.style.Rows, lines)
		lists, most = append(lists, l), max(most, l.findings)
	}
	i := slices.IndexFunc(lists, func(l findingList) bool { return l.findings >= most-mostLess })
	return lists[i]
}

// mostLess is how many fewer findings a list in better order may show.
const mostLess = 1

func newFindingList(entries []entry, width, what int) findingList {
	l := findingList{layout: layout{columns: findingColumns, widths: []int{4, 4, 10, 4, 5, 0}}, width: width}
	limits := []int{24, what}
	for _, e := range entries[:min(len(entries), firstScreen)] {
		for n, text := range e.texts {
			if n >= len(limits) || len(text) <= limits[n] {
				l.widths[n] = max(l.widths[n], len(text))
			}
		}
	}
	return l
}

// show takes the first entries: rows findings, or if that is 0 as many as fit.
func (l *findingList) show(entries []entry, rows, lines int) {
	for _, e := range entries {
		more := l.lines(e)
		if rows > 0 && l.findings >= rows || rows == 0 && l.findings >= fewFindings && len(l.shown)+len(more) > lines {
			return
		}
		l.shown = append(l.shown, more...)
		l.findings += e.findings
	}
}

func (l findingList) head() string {
	line := ""
	for i, name := range heads(l.columns) {
		line += indent + l.pad(i, name)
	}
	return line
}

func (l findingList) lines(e entry) (lines []string) {
	line := indent + l.pad(0, e.texts[0]) + indent + l.pad(1, e.texts[1])
	numbers := ""
	for i := 2; i <= 4; i++ {
		numbers += indent + l.pad(i, e.texts[i])
	}
	if l.width > 0 && len(line)+len(numbers) > l.width {
		lines = append(lines, strings.TrimRight(line, " "))
		line = strings.Repeat(" ", l.from(2)-len(indent))
	}
	line += numbers
	if why, ok := l.reasons(e, l.width-len(line)-len(indent)); ok {
		return append(lines, line+indent+why)
	}
	if hosts := indent + e.facts[0]; e.also && len(line)+len(hosts) <= l.width {
		line += hosts
		e.facts = e.facts[1:]
	}
	lines = append(lines, line)
	why, ok := l.reasons(e, l.width-len(whyIndent))
	if ok {
		return append(lines, whyIndent+why)
	}
	for _, part := range fill(strings.Join(e.facts, "; "), l.width-len(whyIndent)) {
		lines = append(lines, whyIndent+part)
	}
	return lines
}

const (
	whyIndent = "        "
	// more is printed in place of reasons that a line has no room for.
	more = " .."
)

// reasons returns as many of the facts as there is room for, if those that are needed
// are among them.
func (l findingList) reasons(e entry, room int) (string, bool) {
	all := strings.Join(e.facts, "; ")
	if l.width == 0 || len(all) <= room {
		return all, true
	}
	for n := len(e.facts) - 1; n >= e.needed; n-- {
		if some := strings.Join(e.facts[:n], "; ") + more; len(some) <= room {
			return some, true
		}
	}
	if first := fill(all, room-len(more)); e.trouble && room >= leastTrouble {
		return first[0] + more, true
	}
	return "", false
}

// leastTrouble is the number of characters for which a line must have room, of the text
// of a host's trouble. The table below the findings has the whole text.
const leastTrouble = 24

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

// findingTexts returns a finding for a terminal, without the reasons. Large counts,
// which one host can make up, do not push the reasons into another line.
func (r *Report) findingTexts(f *finding.Finding) []string {
	all := texts(r.findingCells(f))[:5]
	if !f.Trouble() {
		all[4] = short(f.Count)
	}
	return all
}

// short returns a number in six characters at most.
func short(n uint64) string {
	if n < 100_000 {
		return finding.Number(n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.5 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.3g%c", value, "kMGTPE"[unit])
}

func hostCell(f *finding.Finding) Cell {
	c := Host(f.Hosts[0])
	c.List = f.Hosts
	if n := len(f.Hosts) - 1; n > 0 {
		c.Text += fmt.Sprintf(" +%s", finding.Number(uint64(n)))
	}
	return c
}

func whatCell(f *finding.Finding) Cell {
	if f.What == "" {
		return Text(f.Kind)
	}
	c := Key(f.What)
	if f.Like > 0 {
		c.Text += " +" + finding.Number(uint64(f.Like))
	}
	return c
}

// whyText returns the facts, and the hosts that the first column does not name.
func whyText(f *finding.Finding) string { return strings.Join(whyFacts(f), "; ") }

// also reports whether the other hosts of a finding are so few that they are named
// first.
func also(f *finding.Finding) bool {
	return len(f.Hosts) > 1 && len(f.Hosts) <= 4 && !f.Trouble()
}

// whyFacts returns the facts of whyText, one by one. If there are few other hosts, they
// come first.
func whyFacts(f *finding.Finding) []string {
	facts := cleanAll(f.Why)
	if len(f.Hosts) == 1 {
		return facts
	}
	others := cleanAll(f.Hosts[1:])
	shown := others[:min(len(others), 8)]
	hosts := "also on " + strings.Join(shown, " ")
	if n := len(others) - len(shown); n > 0 {
		hosts += " +" + finding.Number(uint64(n))
	}
	if also(f) {
		return append([]string{hosts}, facts...)
	}
	return append(facts, hosts)
}
