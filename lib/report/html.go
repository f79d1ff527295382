package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

var page = template.Must(template.New("page").Parse(pageText))

// PrintHTML prints the report as a page that needs nothing else. It may run the
// one script and use the one style that are in it (which are named by their
// hashes), and may load nothing.
func (r *Report) PrintHTML(w io.Writer) error {
	return page.Execute(w, map[string]any{
		"Report": r,
		"Style":  template.CSS(pageStyle),
		"Script": template.JS(pageScript),
		"Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript),
		"Chart":  chartOf(r.Bars),
	})
}

// hash names a text in a content security policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Missing is how many rows were left out, for the template.
func (s Section) Missing() string { return group(uint64(s.More)) }

// Sort is what a cell is sorted by in a browser: a number, or its text.
func (c Cell) Sort() any {
	if c.Number > 0 || strings.Trim(c.Text, "0") == "" {
		return c.Number
	}
	return c.Text
}

// A chart is the connections of the hosts as bars.
type chart struct {
	Width, Height int
	Bars          []chartBar
	Lines         []chartLine
}

type chartBar struct {
	X, Y, Width, Height   int
	DirectY, DirectHeight int
	Title                 string
}

type chartLine struct {
	Y    int
	Text string
}

const (
	chartHeight = 160
	chartLeft   = 90
	chartBars   = 840 // the width for all bars, unless they grow too thin or too fat
)

// chartOf draws on a logarithmic scale: a fleet has hosts with ten connections
// and hosts with ten million.
func chartOf(bars []Bar) chart {
	pitch := min(40, max(7, chartBars/max(1, len(bars))))
	c := chart{Width: chartLeft + max(160, len(bars)*pitch), Height: chartHeight + 20}
	most := uint64(1)
	for _, b := range bars {
		most = max(most, b.Connections)
	}
	top := math.Ceil(math.Log10(float64(most) + 1))
	height := func(n uint64) int { return int(math.Log10(float64(n)+1) / top * chartHeight) }
	for n, i := uint64(1), 0.0; i <= top && i < 20; n, i = n*10, i+1 {
		if i == 0 || top < 7 || int(i)%2 == 0 {
			c.Lines = append(c.Lines, chartLine{chartHeight + 10 - height(n), group(n)})
		}
	}
	for i, b := range bars {
		h, d := height(b.Connections), height(b.Direct)
		c.Bars = append(c.Bars, chartBar{
			X: chartLeft + i*pitch, Y: chartHeight + 10 - h, Width: pitch - 2, Height: h,
			DirectY: chartHeight + 10 - d, DirectHeight: d,
			Title: b.Label + ": " + plural64(b.Connections, "connection") + ", " + group(b.Direct) + " of them direct",
		})
	}
	return c
}

// Label is in front of a bar.
func (c chart) Label() int { return chartLeft - 8 }

// Left is where the bars begin.
func (c chart) Left() int { return chartLeft }
