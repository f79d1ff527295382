// Package flood finds out from an aggregate alone whether it has reached a bound:
// whether rows were folded into others (package fold), and whether names led to
// more addresses than their lists have room for.
//
// It is made for a check each minute. Most of a file is never parsed: only lines
// that begin with a star, or hold a slash, can be of interest. A million rows
// (110 MB) take 30 to 40 ms, most of which is the kernel's copying. The 100,000
// rows that a server may have by default take 4 ms.
package flood

import (
	"bytes"
	"io"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
)

// most is how many rows of a kind a Report holds; further ones are only counted.
const most = 100

// A Report holds the folded rows of a file.
type Report struct {
	Rows int // all lines of the file

	Wide     int   // rows for others: *.com, *, 0.0.0.0/0 (fold.Wide)
	WideRows []Row // the first 100 of them

	Narrow int // rows for the keys of one owner: *.example.com, 192.0.2.0/24 (fold.Narrow)

	Overflowed     int   // names whose lists of addresses are not whole (fold.Overflowed)
	OverflowedRows []Row // the first 100 of them; without wide rows
}

// A Row is a row in a Report.
type Row struct {
	Key      string
	Count    uint64
	Last     string // aggregate.TimeLayout
	Networks int    // entries of its list of addresses
}

// Seen reports whether a bound has cost the file names or addresses that no other
// file has.
func (r *Report) Seen() bool { return r.Wide+r.Overflowed > 0 }

// Read reads an aggregate, in bounded memory. Lines that are not records are
// ignored. Errors call the input name.
func Read(f io.Reader, name string) (*Report, error) {
	in := batch.NewScanner(f, name)
	in.Max, in.Buffer = aggregate.MaxRow, 256<<10
	r := &Report{}
	for in.More() {
		ready := in.Ready()
		r.lines(ready)
		in.Advance(len(ready), 0)
	}
	return r, in.Err()
}

// lines adds whole lines to the report.
func (r *Report) lines(text []byte) {
	r.Rows += bytes.Count(text, []byte{'\n'})
	star, slash := nextStar(text, 0), next(text, 0, '/')
	for at := min(star, slash); at < len(text); at = min(star, slash) {
		from := bytes.LastIndexByte(text[:at], '\n') + 1
		end := next(text, at, '\n')
		r.line(text[from:end])
		if star < end {
			star = nextStar(text, end)
		}
		if slash < end {
			slash = next(text, end, '/')
		}
	}
}

// next returns the index of the first c at or after from, or the length of text.
func next(text []byte, from int, c byte) int {
	if i := bytes.IndexByte(text[from:], c); i >= 0 {
		return from + i
	}
	return len(text)
}

// nextStar returns the index of the next line that begins with a star, or the
// length of text. from is 0 or the end of a line.
func nextStar(text []byte, from int) int {
	if from == 0 && len(text) > 0 && text[0] == '*' {
		return 0
	}
	if i := bytes.Index(text[from:], []byte("\n*")); i >= 0 {
		return from + i + 1
	}
	return len(text)
}

func (r *Report) line(line []byte) {
	rec, err := aggregate.Parse(line)
	switch {
	case err != nil:
	case fold.Wide(rec.Key):
		r.Wide++
		r.WideRows = appendRow(r.WideRows, rec)
	case fold.Overflowed(rec.IPs):
		r.Overflowed++
		r.OverflowedRows = appendRow(r.OverflowedRows, rec)
	}
	if err == nil && fold.Narrow(rec.Key) {
		r.Narrow++
	}
}

func appendRow(rows []Row, rec aggregate.Record) []Row {
	if len(rows) == most {
		return rows
	}
	row := Row{Key: string(rec.Key), Count: rec.Count, Last: string(rec.Last)}
	if len(rec.IPs) > len("-") {
		row.Networks = bytes.Count(rec.IPs, []byte{','}) + 1
	}
	return append(rows, row)
}
