package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The heading of the table. Each line has as many cells.
var heading = []string{"work", "compared with", "ours", "theirs", "ratio", "reach at least", "stretch", "verdict"}

// A table gathers measurements, and prints them in the end.
type table struct {
	lines [][]string
	notes []string
}

// ratio adds a comparison: the medians, the median of the ratios of runs beside
// each other, and the bounds of the middle half of these. Without thresholds it
// only explains other lines.
func (t *table) ratio(work, against string, ours, theirs []time.Duration, reach, stretch float64) {
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i].Seconds()/theirs[i].Seconds())
	}
	slices.Sort(ratios)
	n, ratio := len(ratios), median(ratios)
	line := []string{work, against, seconds(median(ours)), seconds(median(theirs)),
		fmt.Sprintf("%.2f (%.2f–%.2f)", ratio, ratios[n/4], ratios[n-1-n/4]), "", "", ""}
	if reach > 0 {
		line = append(line[:5], fmt.Sprintf("%.2f", reach), fmt.Sprintf("%.2f", stretch), verdict(ratio, reach, stretch))
	}
	t.lines = append(t.lines, line)
}

// memory adds a peak, in bytes; the thresholds are in MiB.
func (t *table) memory(work string, peak int64, reach, stretch float64) {
	mib := float64(peak) / (1 << 20)
	t.lines = append(t.lines, []string{work, "", fmt.Sprintf("%.1f MiB", mib), "", "",
		fmt.Sprintf("%g MiB", reach), fmt.Sprintf("%g MiB", stretch), verdict(mib, reach, stretch)})
}

func (t *table) skip(work, why string) {
	t.lines = append(t.lines, []string{work, why, "", "", "", "", "", "skipped"})
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

func (t *table) print(w io.Writer) {
	lines := append([][]string{heading}, t.lines...)
	width := make([]int, len(heading))
	for _, l := range lines {
		for i, c := range l {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, l := range lines {
		var b strings.Builder
		for i, c := range l {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i < 2 || i == len(l)-1 {
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
