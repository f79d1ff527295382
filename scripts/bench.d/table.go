package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// A line of the table.
type line struct {
	work, against  string
	ours, theirs   string
	result         string
	reach, stretch string
	verdict        string
}

var heading = line{"work", "compared with", "ours", "theirs", "ratio", "reach at least", "stretch", "verdict"}

func (l line) cells() []string {
	return []string{l.work, l.against, l.ours, l.theirs, l.result, l.reach, l.stretch, l.verdict}
}

// A table gathers what was measured, and prints it when it is whole.
type table struct {
	lines []line
	notes []string
}

// ratio adds a comparison. Without thresholds it is there to explain others.
func (t *table) ratio(work, against string, r ratio, reach, stretch float64) {
	l := line{work: work, against: against, ours: seconds(r.ours), theirs: seconds(r.theirs),
		result: fmt.Sprintf("%.2f (%.2f–%.2f)", r.value, r.low, r.high)}
	if reach > 0 {
		l.reach, l.stretch, l.verdict = fmt.Sprintf("%.2f", reach), fmt.Sprintf("%.2f", stretch), verdict(r.value, reach, stretch)
	}
	t.lines = append(t.lines, l)
}

// memory adds a peak, in bytes; the thresholds are in MiB.
func (t *table) memory(work string, peak int64, reach, stretch float64) {
	mib := float64(peak) / (1 << 20)
	t.lines = append(t.lines, line{work: work, ours: fmt.Sprintf("%.1f MiB", mib),
		reach: fmt.Sprintf("%g MiB", reach), stretch: fmt.Sprintf("%g MiB", stretch), verdict: verdict(mib, reach, stretch)})
}

func (t *table) skip(work, why string) {
	t.lines = append(t.lines, line{work: work, against: why, verdict: "skipped"})
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func verdict(value, reach, stretch float64) string {
	switch {
	case value <= stretch:
		return "stretch"
	case value <= reach:
		return "reached"
	}
	return "MISSED"
}

func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// print prints the table, for a terminal or as Markdown.
func (t *table) print(w io.Writer, markdown bool) {
	if markdown {
		t.markdown(w)
		return
	}
	lines := append([]line{heading}, t.lines...)
	width := make([]int, len(heading.cells()))
	for _, l := range lines {
		for i, c := range l.cells() {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, l := range lines {
		var b strings.Builder
		for i, c := range l.cells() {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i < 2 || i == len(width)-1 {
				b.WriteString(c + pad + "  ")
			} else {
				b.WriteString(pad + c + "  ")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintln(w)
	for _, n := range t.notes {
		fmt.Fprintln(w, n)
	}
}

func (t *table) markdown(w io.Writer) {
	row := func(cells []string) {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	row(heading.cells())
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|---|")
	for _, l := range t.lines {
		row(l.cells())
	}
	fmt.Fprintln(w)
	for _, n := range t.notes {
		fmt.Fprintf(w, "- %s\n", strings.ReplaceAll(n, "|", `\|`))
	}
}
