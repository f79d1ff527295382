package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"egress-monitor/lib/finding"
)

// TextStyle is how a report is printed for a terminal, or for a file.
type TextStyle struct {
	Color bool
	Rows  int // of the list of findings, at most; 0 is as many as fit on a screen
	Width int // of the terminal; 0 is a file, where no line is broken
}

const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"

	indent = "  "
	// maxPad is how far a long name pushes the columns behind it.
	maxPad = 64
	// minCell is how narrow a column of words may become.
	minCell = 10
	// longWord is how long a word may be that is not broken: a host, a date.
	longWord = 24
	// noteWidth is where notes are wrapped, at most.
	noteWidth = 96
)

// Print prints the report.
func (r *Report) Print(w io.Writer, style TextStyle) error {
	p := printer{bufio.NewWriter(w), style}
	p.line(p.in(bold, r.Title))
	p.findings(r, 1+p.wrapped(strings.Join(r.Lead, "\n"), ""))
	for i := range r.Sections {
		p.section(&r.Sections[i])
	}
	return p.w.Flush() // a bufio.Writer keeps its first error for this
}

type printer struct {
	w     *bufio.Writer
	style TextStyle
}

func (p printer) line(s string) { fmt.Fprintln(p.w, s) }

func (p printer) in(color, s string) string {
	if !p.style.Color || s == "" {
		return s
	}
	return color + s + plain
}

func (p printer) section(s *Section) {
	title := p.in(bold, s.Title)
	if s.Alert && len(s.Rows) > 0 {
		title = p.in(bold+yellow, s.Title)
	}
	p.line("")
	p.line(title)
	if len(s.Rows) == 0 {
		p.line(indent + s.Empty)
		return
	}
	p.wrapped(s.Note, dim)
	p.table(s)
	if s.More > 0 {
		p.line(indent + p.in(dim, "and "+finding.Number(uint64(s.More))+" more"))
	}
}

func (p printer) table(s *Section) {
	s = s.narrow(p.style.Width)
	l := layout{s.Columns, s.widths(p.style.Width), p.style.Width == 0}
	for _, line := range l.lines(heads(s.Columns)) {
		p.line(p.in(dim, line))
	}
	for _, cells := range s.Rows {
		for _, line := range l.lines(texts(cells)) {
			p.line(line)
		}
	}
}

// narrow returns the section for a terminal. If it is too wide it loses columns, which
// the page and JSON still have: the time at which things were last seen; and if it is
// too wide even with broken cells, also the example of many names and the first pull.
func (s *Section) narrow(terminal int) *Section {
	if terminal > 0 && s.total(s.widths(0)) > terminal {
		s = s.without("last_seen")
	}
	for _, key := range []string{"example", "first_pull"} {
		if terminal > 0 && s.total(s.widths(terminal)) > terminal {
			s = s.without(key)
		}
	}
	return s
}

// total returns how wide a table is.
func (s *Section) total(widths []int) int {
	total := len(indent) * len(widths)
	for _, w := range widths {
		total += w
	}
	return total
}

// without returns the section without a column.
func (s *Section) without(key string) *Section {
	i := slices.IndexFunc(s.Columns, func(c Column) bool { return c.key() == key })
	if i < 0 {
		return s
	}
	less := *s
	less.Columns = slices.Concat(s.Columns[:i], s.Columns[i+1:])
	less.Rows = make([][]Cell, len(s.Rows))
	for n, cells := range s.Rows {
		less.Rows[n] = slices.Concat(cells[:i], cells[i+1:])
	}
	return &less
}

// widths returns the widths of the columns. If a terminal is too narrow for all, the
// widest one of words gives way first, and what identifies a row last.
func (s *Section) widths(terminal int) []int {
	widths := make([]int, len(s.Columns))
	total := len(indent) * len(widths)
	for i, c := range s.Columns {
		widths[i] = len(c.Name)
		for _, cells := range s.Rows {
			widths[i] = max(widths[i], min(len(cells[i].Text), maxPad))
		}
		total += widths[i]
	}
	least := s.least()
	for terminal > 0 && total > terminal {
		give := s.widest(widths, least, false)
		if give < 0 {
			give = s.widest(widths, least, true)
		}
		if give < 0 {
			break
		}
		widths[give]--
		total--
	}
	return widths
}

// least returns how narrow the columns may become: as the longest word in them,
// if it is not broken.
func (s *Section) least() []int {
	least := make([]int, len(s.Columns))
	for i, c := range s.Columns {
		least[i] = minCell
		for _, cells := range s.Rows {
			for word := range strings.FieldsSeq(cells[i].Text) {
				if !c.ID && len(word) <= longWord {
					least[i] = max(least[i], len(word))
				}
			}
		}
	}
	return least
}

// widest returns the widest column that can be narrower, -1 if there is none.
func (s *Section) widest(widths, least []int, id bool) int {
	widest := -1
	for i, c := range s.Columns {
		if c.Number || c.ID != id || widths[i] <= least[i] {
			continue
		}
		if widest < 0 || widths[i] > widths[widest] {
			widest = i
		}
	}
	return widest
}

// A layout is columns and their widths.
type layout struct {
	columns []Column
	widths  []int
	whole   bool // no line is broken: for a file
}

// lines lays a row out: numbers to the right, texts to the left. Nothing is cut:
// a text that is too long goes on in the next lines of its column, and a name or
// an address is printed in one piece, with the columns after it in the next line.
func (l layout) lines(texts []string) (lines []string) {
	line := ""
	var rest []string // of each column
	for i, text := range texts {
		parts := l.parts(i, text)
		rest = append(rest, strings.Join(parts[1:], "\n"))
		if from := l.from(i); len(line) > from-len(indent) && !l.whole {
			lines = append(lines, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", from-len(indent))
		}
		line += indent + l.pad(i, parts[0])
	}
	lines = append(lines, strings.TrimRight(line, " "))
	for more := true; more; {
		more, line = false, ""
		for i := range rest {
			part, others, _ := strings.Cut(rest[i], "\n")
			rest[i] = others
			more = more || part != ""
			line += indent + l.pad(i, part)
		}
		if more {
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	return lines
}

// from returns the position at which the text of a column begins.
func (l layout) from(i int) int {
	at := len(indent) * (i + 1)
	for _, w := range l.widths[:i] {
		at += w
	}
	return at
}

func (l layout) pad(i int, text string) string {
	blanks := strings.Repeat(" ", max(0, l.widths[i]-len(text)))
	if l.columns[i].Number {
		return blanks + text
	}
	return text + blanks
}

// parts returns the lines of a cell, one at least.
func (l layout) parts(i int, text string) []string {
	if c := l.columns[i]; c.ID || c.Number || l.whole || len(text) <= l.widths[i] {
		return []string{text}
	}
	return fill(text, l.widths[i])
}

// fill breaks a text into lines of a width: between words, and within a word that
// is longer than that.
func fill(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		for most := max(width, longWord); line == "" && len(word) > most; {
			lines, word = append(lines, word[:most]), word[most:]
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// wrapped prints paragraphs in lines that are not too long, and counts these.
func (p printer) wrapped(text, color string) (lines int) {
	if text == "" {
		return 0
	}
	width := noteWidth
	if p.style.Width > 0 {
		width = min(width, p.style.Width)
	}
	for paragraph := range strings.SplitSeq(text, "\n") {
		for _, line := range fill(paragraph, width-len(indent)) {
			p.line(indent + p.in(color, line))
			lines++
		}
	}
	return lines
}
