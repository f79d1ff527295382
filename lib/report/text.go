package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// TextStyle is how a report is printed for a terminal, or for a file.
type TextStyle struct {
	Color bool
	Width int // of the terminal; 0 is a file, where nothing is cut
}

const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"

	indent = "  "
	// maxPad is how far a long name pushes the columns behind it.
	maxPad = 64
	// minCell is what is left of a cell that is cut.
	minCell = 16
	// noteWidth is where notes are wrapped, at most.
	noteWidth = 96
)

// Print prints the report.
func (r *Report) Print(w io.Writer, style TextStyle) error {
	p := printer{bufio.NewWriter(w), style}
	p.line(p.in(bold, r.Title))
	p.wrapped(strings.Join(r.Lead, "\n"), "")
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
		p.line(indent + p.in(dim, "and "+group(uint64(s.More))+" more"))
	}
}

func (p printer) table(s *Section) {
	widths := s.widths(p.style.Width)
	var head []string
	for _, c := range s.Columns {
		head = append(head, strings.ToUpper(c.Name))
	}
	p.line(p.in(dim, row(head, s.Columns, widths)))
	for _, cells := range s.Rows {
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = c.Text
			if p.style.Width > 0 {
				texts[i] = cut(c.Text, widths[i])
			}
		}
		p.line(row(texts, s.Columns, widths))
	}
}

// widths are those of the columns. If a terminal is too narrow for all, the
// widest one gives way first.
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
	for terminal > 0 && total > terminal {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minCell {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// row lays cells out: numbers to the right, texts to the left.
func row(texts []string, columns []Column, widths []int) string {
	var b strings.Builder
	for i, text := range texts {
		b.WriteString(indent)
		pad := strings.Repeat(" ", max(0, widths[i]-len(text)))
		if columns[i].Number {
			b.WriteString(pad + text)
		} else {
			b.WriteString(text + pad)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// cut takes the middle out of a text that is too long: of a name, both ends
// tell something.
func cut(text string, width int) string {
	if len(text) <= width {
		return text
	}
	front := (width - 2) / 3
	return text[:front] + ".." + text[len(text)-(width-2-front):]
}

// wrapped prints paragraphs in lines that are not too long.
func (p printer) wrapped(text, color string) {
	if text == "" {
		return
	}
	width := noteWidth
	if p.style.Width > 0 {
		width = min(width, p.style.Width)
	}
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(indent)+len(line)+1+len(word) > width {
				p.line(indent + p.in(color, line))
				line = ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		p.line(indent + p.in(color, line))
	}
}
