// Package learn proposes rules for package allow: what has been there for weeks
// and still is, with the facts for a person who decides.
//
// A proposal for one name or address is a rule. One for all names or addresses
// of a host is a comment: it would hide everything that comes later. So is what
// no rule can express: a host may ask for names that read as something else.
package learn

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/fleet"
)

// stable is how long something must be known, and lately how recently it must
// have been seen.
const (
	stable = 14 * 24 * time.Hour
	lately = 7 * 24 * time.Hour
	few    = 8 // things of a kind that are proposed one by one
)

// proposer prints proposals.
type proposer struct {
	f *fleet.Fleet
	w *bufio.Writer
	n int
}

// Write prints proposals for a fleet, and returns their number.
func Write(to io.Writer, f *fleet.Fleet, clean func(string) string) (int, error) {
	p := &proposer{f: f, w: bufio.NewWriter(to)}
	fmt.Fprintf(p.w, `# Proposed by egress-report --learn at %s UTC, from %d hosts.
# Each rule is something that has been there for 14 days or more and was seen in
# the last 7. That does not make it right: look at each line, and delete what you
# do not know. Rules for all names or addresses of a host are comments: they
# would also hide what comes later. Names that no rule can express are comments, too.
`, f.Now.UTC().Format("2006-01-02 15:04"), len(f.Hosts))
	for i := range f.Hosts {
		h := &f.Hosts[i]
		if h.Begin.IsZero() || f.Now.Sub(h.Begin) < stable {
			continue
		}
		for kind := range fleet.Kinds {
			p.crowd(h, kind, clean)
		}
	}
	if p.n == 0 {
		fmt.Fprintln(p.w, "# Nothing is known for so long.")
	}
	return p.n, p.w.Flush()
}

// proposed are the kinds of things for which rules are proposed: the rule for all of
// them on a host, and their name in a comment.
var proposed = [fleet.Kinds]struct{ any, name string }{
	fleet.Bypass:      {"any-address", "public resolver by address"},
	fleet.Direct4:     {"any-address", "direct"},
	fleet.Direct6:     {"any-address", "direct"},
	fleet.DirectKnown: {"any-address", "direct, known elsewhere"},
	fleet.Internal:    {"any-address", "direct, own network"},
	fleet.Domain:      {"any-name", "rare domain"},
	fleet.Name:        {"any-name", "rare name"},
	fleet.Resolver:    {"any-name", "public resolver by name"},
	fleet.Lookup:      {"any-name", "look-ups of addresses"},
}

func (p *proposer) crowd(h *fleet.Host, kind fleet.Kind, clean func(string) string) {
	c := &h.Crowds[kind]
	any, name := proposed[kind].any, proposed[kind].name
	old := c.N[fleet.Base] + c.N[fleet.Born]
	if any == "" || old == 0 {
		return
	}
	if old > few {
		fmt.Fprintf(p.w, "# %-34s %-12s # %d %s, %d more lately\n", any, clean(h.Name), old, name, c.N[fleet.New])
		p.n++
		return
	}
	for i := range c.Items {
		if item := &c.Items[i]; p.isStable(h, item) {
			line := rule(item.What, h.Name, any == "any-address", clean)
			fmt.Fprintf(p.w, "%s # %s; since %s, last %s, count %d, on %d of %d hosts\n", line, name,
				since(h, item), item.Last.Time().Format("2006-01-02"), item.Count, item.Hosts, len(p.f.Hosts))
			p.n++
		}
	}
}

// rule returns the line that allows something on a host, or a comment, if a list
// would read that line as anything else.
func rule(what, host string, address bool, clean func(string) string) string {
	if _, err := allow.Line(what, host, address); err != nil {
		return fmt.Sprintf("# no rule for %s on %s: %s", short(clean(what)), short(clean(host)), short(clean(err.Error())))
	}
	return fmt.Sprintf("%-36s %-12s", what, host)
}

// short cuts a text that a comment has no use for: a list with a line that is too
// long cannot be read.
func short(text string) string {
	if len(text) > 300 {
		return text[:300] + "..."
	}
	return text
}

func (p *proposer) isStable(h *fleet.Host, item *fleet.Item) bool {
	return !item.New && p.f.Now.Sub(item.First.Time()) >= stable && p.f.Now.Sub(item.Last.Time()) <= lately
}

func since(h *fleet.Host, item *fleet.Item) string {
	text := item.First.Time().Format("2006-01-02")
	if !item.Born {
		text += " or before"
	}
	return text
}
