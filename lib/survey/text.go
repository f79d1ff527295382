package survey

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"egress-monitor/lib/child"
	"egress-monitor/lib/truth"
)

// Line returns check's one line, as monitoring plugins print it: the state, the
// problems, the numbers. U is an unknown number.
func Line(f *Facts, v *Verdict) string {
	var text string
	switch {
	case len(v.Problems) > 0:
		var all []string
		for _, p := range v.Problems {
			all = append(all, p.Text)
		}
		text = strings.Join(all, "; ")
	default:
		text = fmt.Sprintf("names seen %d s ago, addresses %d s ago", f.ago(truth.Names), f.ago(truth.Addresses))
		if n := len(f.Gaps); n > 0 && f.isRecent(f.Gaps[n-1]) {
			text += "; " + f.Gaps[n-1].String()
		}
	}
	text = strings.ReplaceAll(text, "|", "/") // a bar begins the numbers
	return fmt.Sprintf("EGRESS %s - %s | domains=%s ips=%s", v.Severity(), text, f.File(Domains).rows(), f.File(IPs).rows())
}

func (f *File) rows() string { return f.text(int64(f.Rows), "U") }

// ago returns how many seconds ago a way was last proved to see.
func (f *Facts) ago(way string) int64 { return int64(f.State.Way(way).Good.Age(f.Now) / time.Second) }

// Text prints status for people, in printable ASCII: strangers have chosen some of
// the names in it, and a terminal obeys control bytes.
func Text(w io.Writer, f *Facts, v *Verdict) {
	var raw strings.Builder
	text(&raw, f, v)
	for line := range strings.Lines(raw.String()) {
		fmt.Fprintln(w, child.Clean(line))
	}
}

func text(w io.Writer, f *Facts, v *Verdict) {
	if !f.Enabled && !f.Half {
		fmt.Fprintln(w, "egress-monitor is off. To turn it on: egress-monitor enable")
		return
	}
	since := ""
	if f.Since != "" {
		since = " since " + f.Since
	}
	fmt.Fprintf(w, "egress-monitor is on%s: %s\n\n", since, v.Severity())
	table(w, f)
	fmt.Fprintf(w, "\nresolver     -> dnsmasq %s -> %s\n", f.Settings.Listen, child.Clean(cmp.Or(strings.Join(f.DNS.Servers, " "), "nobody")))
	if len(f.DNS.Domains) > 0 {
		fmt.Fprintf(w, "             %s: also asked of the link's own server, beside dnsmasq\n", child.Clean(strings.Join(f.DNS.Domains, " ")))
	}
	for _, note := range f.Notes {
		fmt.Fprintf(w, "note         %s\n", child.Clean(note))
	}
	gapsText(w, f)
	for _, name := range []string{Domains, IPs} {
		if file := f.File(name); file.Rejected > 0 {
			fmt.Fprintf(w, "rejected     %d damaged row(s), in %s.rejected\n", file.Rejected, file.Name)
		}
	}
	fmt.Fprintln(w)
	for _, p := range v.Problems {
		fmt.Fprintf(w, "%s: %s\n", strings.ToLower(p.Severity.String()), p.Text)
	}
	if len(v.Problems) == 0 {
		fmt.Fprintln(w, "Nothing to do.")
	}
	if !f.Root {
		fmt.Fprintln(w, "(root sees more)")
	}
}

func table(w io.Writer, f *Facts) {
	row := func(what string, names, addresses any) { fmt.Fprintf(w, "%-12s %-45v %v\n", what, names, addresses) }
	d, i := f.File(Domains), f.File(IPs)
	row("", "names", "addresses")
	row("file", d.Name, i.Name)
	row("rows", d.text(int64(d.Rows), "unknown"), i.text(int64(i.Rows), "unknown"))
	row("bytes", d.text(d.Bytes, "unknown"), i.text(i.Bytes, "unknown"))
	row("last poll", f.when(d.Poll), f.when(i.Poll))
	row("last canary", f.when(d.Canary), f.when(i.Canary))
	row("proved", f.proved(truth.Names), f.proved(truth.Addresses))
	row("source", fmt.Sprintf("dnsmasq: answers %s, logs %s", Is(f.DNS.Answers == nil), f.DNS.Logs), f.rules())
}

func (k Known) String() string { return []string{"unknown", "yes", "no"}[k] }

func (f *Facts) rules() string {
	words := []string{"none", "present", "missing"}
	var all []string
	for _, r := range f.Rules {
		all = append(all, r.Name+" "+words[r.Present])
	}
	text := "rules: " + strings.Join(all, ", ")
	if len(all) == 0 {
		text = "rules: unknown"
	}
	if f.Set != Unknown {
		text = "set: " + words[f.Set] + ", " + text
	}
	return text
}

// when returns a time with its age. A time of the future has none.
func (f *Facts) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	age := f.Now.Wall.Sub(t)
	if age < -ahead {
		return stamp(t) + " (in the future)"
	}
	return fmt.Sprintf("%s (%d s ago)", stamp(t), max(0, int64(age/time.Second)))
}

func (f *Facts) proved(way string) string {
	w := f.State.Way(way)
	if w.Good.Wall.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s (%d s ago)", stamp(w.Good.When(f.Now)), f.ago(way))
}

const shown = 5 // how many gaps status shows

func gapsText(w io.Writer, f *Facts) {
	if f.outsider() {
		fmt.Fprintf(w, "gaps         not readable for %s (group adm may)\n", f.User)
		return
	}
	if len(f.Gaps) == 0 {
		fmt.Fprintln(w, "gaps         none in 7 days")
		return
	}
	fmt.Fprintf(w, "gaps         %d in 7 days (lines that were lost before they could be read), the last:\n", len(f.Gaps))
	for _, g := range f.Gaps[max(0, len(f.Gaps)-shown):] {
		fmt.Fprintf(w, "             %s\n", g)
	}
}
