package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"egress-monitor/lib/finding"
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
	return page.Execute(w, pageData{
		Report: r,
		Style:  template.CSS(pageStyle),
		Script: template.JS(pageScript),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript),
	})
}

type pageData struct {
	*Report
	Style  template.CSS
	Script template.JS
	Policy string
}

// hash names a text in a content security policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Missing returns how many rows were left out, for the template.
func (s Section) Missing() string { return finding.Number(uint64(s.More)) }

// Sort returns the sort key of a cell in a browser: a number, or a text, with
// a letter before an address, so that it is not taken for a number.
func (c Cell) Sort() string {
	switch {
	case c.order != "":
		return "a" + c.order
	case c.Number > 0 || strings.Trim(c.Text, "0") == "":
		return fmt.Sprint(c.Number)
	}
	return c.Text
}

// A pageCell is a cell with its links and its class.
type pageCell struct {
	Cell
	Class, Label string
	Links        []link
	Rest         string // links that are left out
}

type link struct{ To, Text string }

// maxLinks is how many hosts a cell of the page names.
const maxLinks = 12

func (r *Report) pageCell(c Cell, in Column) pageCell {
	p := pageCell{Cell: c, Label: in.Name, Class: classOf(c, in)}
	if c.Host {
		for _, name := range c.List[:min(len(c.List), maxLinks)] {
			p.Links = append(p.Links, link{r.anchor(name), Clean(name)})
		}
		if n := len(c.List) - maxLinks; n > 0 {
			p.Rest = "+" + finding.Number(uint64(n))
		}
	}
	return p
}

// classOf returns the classes of a cell, for the style.
func classOf(c Cell, in Column) string {
	class := ""
	switch {
	case in.Number:
		class = "number"
	case c.Exact != "", c.order != "" && len(c.Text) < 46:
		class = "time"
	case in.Name == "kind":
		class = "kind"
	case in.Name == "why" || in.Name == "leads to":
		class = "words"
	}
	if in.ID {
		class += " id"
	}
	if c.Host && !slices.ContainsFunc(c.List, func(name string) bool { return len(name) > longWord }) {
		class += " short"
	}
	return strings.TrimPrefix(class, " ")
}

// anchor returns the place of a host in the page. Names of hosts are written by
// others, so it is made of the number.
func (r *Report) anchor(name string) string { return fmt.Sprintf("#h%d", r.ids[name]) }

// A pageSection is a section with its cells.
type pageSection struct {
	Section
	Body [][]pageCell
}

func (r *Report) section(s Section) pageSection {
	p := pageSection{Section: s, Body: make([][]pageCell, len(s.Rows))}
	for i, cells := range s.Rows {
		p.Body[i] = make([]pageCell, len(cells))
		for n, c := range cells {
			p.Body[i][n] = r.pageCell(c, s.Columns[n])
		}
	}
	return p
}

// Tables returns the sections, the findings first.
func (d pageData) Tables() (all []pageSection) {
	all = append(all, d.section(d.findingSection()))
	for _, s := range d.Sections {
		all = append(all, d.section(s))
	}
	return all
}

// Of returns the things of a host.
func (d pageData) Of(p HostPage) pageSection { return d.section(p.Things) }

// Others returns how many hosts like this one have no link.
func (d pageData) Others(p HostPage) int { return max(0, len(p.Peers)-1-len(d.LinksTo(p))) }

// LinksTo returns links to hosts, but not to the one whose page it is.
func (d pageData) LinksTo(p HostPage) (links []link) {
	at := max(0, slices.Index(p.Peers, p.Name)-maxLinks/2) // the nearest by name
	for _, name := range p.Peers[at:min(len(p.Peers), at+maxLinks)] {
		if name != p.Name {
			links = append(links, link{d.anchor(name), Clean(name)})
		}
	}
	return links
}

// Shown returns the findings of a host that the page shows.
func (d pageData) Shown(p HostPage) (all []pageFinding) {
	for _, n := range p.Findings {
		if n < maxPageFindings {
			all = append(all, pageFinding{n + 1, &d.Findings[n]})
		}
	}
	return all
}

type pageFinding struct {
	Rank int
	*finding.Finding
}

// Text returns the subject and the reasons of a finding.
func (f pageFinding) Text() string {
	return whatCell(f.Finding).Text + ": " + Clean(whyText(f.Finding))
}

// maxPageFindings is how many findings the page has.
const maxPageFindings = 500

func (r *Report) findingSection() Section {
	s := Section{ID: "findings", Title: "Findings, the most surprising first", Alert: true,
		Note:    "What few hosts do, what is unusual for the host itself or for hosts like it, and what is new; on no other host, unless a number of hosts is given. \"+4\" behind a name or an address: so many more like it, on the page of the host. \"<\": seen at the first pull, so it may be older.",
		Empty:   "None: nothing that few hosts do is new or unusual for them.",
		Columns: append([]Column{{Name: "#", Number: true}, {Name: "host", ID: true}, {Name: "kind"}}, findingColumns[1:]...)}
	s.Columns = append(s.Columns[:7:7], Column{Name: "last"}, findingColumns[5])
	for i := range r.Findings[:min(len(r.Findings), maxPageFindings)] {
		f := &r.Findings[i]
		c := r.findingCells(f)
		why := Text(strings.Join(f.Why, "; "))
		c[0].Text = Clean(f.Hosts[0])
		if f.What == "" { // the kind is enough
			c[1] = Text("-")
		}
		s.Rows = append(s.Rows, []Cell{Number(uint64(i + 1)), c[0], Text(f.Kind), c[1], c[2], c[3], c[4], timeCell(f.Last), why})
	}
	s.More = max(0, len(r.Findings)-maxPageFindings)
	return s
}

// AnchorOf returns the place of a host in the page.
func (d pageData) AnchorOf(name string) string { return d.anchor(name) }
