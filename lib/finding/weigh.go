package finding

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"egress-monitor/lib/fleet"
)

// A weigher adds up the facts that make one thing surprising, and their words.
type weigher struct {
	j       *judge
	host    int
	kind    fleet.Kind
	crowd   *fleet.Crowd
	item    *fleet.Item
	like    int // so many more like it
	others  []fleet.Item
	special string

	surprise int
	what     []string // what it is
	facts    []fact   // what makes it surprising, or less so
}

// A fact is words, and how much they weigh.
type fact struct {
	points int
	text   string
}

func (w *weigher) say(points int, format string, args ...any) {
	w.surprise += points
	if format != "" {
		w.facts = append(w.facts, fact{points, fmt.Sprintf(format, args...)})
	}
}

// is adds a fact about the nature of the thing.
func (w *weigher) is(points int, format string, args ...any) {
	w.surprise += points
	w.what = append(w.what, fmt.Sprintf(format, args...))
}

// why returns the nature of the thing, and then the facts, the weightiest first.
func (w *weigher) why() []string {
	slices.SortStableFunc(w.facts, func(a, b fact) int { return cmp.Compare(max(b.points, -b.points), max(a.points, -a.points)) })
	why := w.what
	for _, f := range w.facts {
		why = append(why, f.text)
	}
	return why
}

func (w *weigher) weigh() {
	w.say(base[w.kind], "")
	w.nature()
	w.prevalence()
	if w.special != "" && w.item.Net == "" {
		w.say(25, "%s", w.special)
	} else {
		w.habit()
	}
	w.peers()
	w.activity()
	w.name()
}

// title returns what the finding is about: the thing itself, or the address to which
// several domains lead.
func (w *weigher) title() string {
	if w.kind == fleet.Domain && w.item.Alike > 0 && w.like == 0 {
		return w.item.Addr
	}
	return w.item.What
}

// maxOthers is how many things of a group are named.
const maxOthers = 8

// name names the others of a small group.
func (w *weigher) name() {
	if w.like == 0 || w.like > maxOthers || len(w.others) < w.like {
		return
	}
	text := "also"
	for _, o := range w.others {
		text += " " + o.What
	}
	w.say(0, "%s", text)
}

// nature adds the facts about the nature of the thing.
func (w *weigher) nature() {
	item := w.item
	switch w.kind {
	case fleet.Watched:
		w.is(0, "on the watch-list %s", item.Note)
	case fleet.Bypass:
		w.is(5, "public resolver %s", item.Note)
	case fleet.Resolver:
		w.is(0, "asks for resolver %s", item.Note)
	case fleet.Direct6:
		w.is(5, "direct, IPv6")
	case fleet.Direct4:
		w.is(0, "direct")
	case fleet.DirectKnown:
		w.known()
	case fleet.Many:
		w.many()
	case fleet.Spread:
		w.is(0, "addresses in %s networks", atLeast(item.Networks, item.Overflow))
	case fleet.Unanswered:
		w.unanswered()
	case fleet.Domain:
		w.domain()
	case fleet.Name:
		w.is(0, "%s of a common domain", several(item.Names+w.like, "name"))
		if busy(&w.j.f.Hosts[w.host]) {
			w.say(-25, "")
		}
	case fleet.Odd:
		w.is(0, "%s that others ask for", several(1+w.like, "domain"))
		if busy(&w.j.f.Hosts[w.host]) {
			w.say(-25, "")
		}
	case fleet.Internal:
		w.internal()
	case fleet.Folded:
		w.is(0, "a network, folded: which addresses is lost")
	case fleet.Lookup:
		w.is(0, "%s address look-ups in a list", Number(uint64(item.Names)))
	case fleet.Reverse:
		w.is(min(15, int(2*math.Log2(float64(w.like+1)))), "%s reverse look-ups", Number(uint64(w.like+1)))
	}
	if w.kind <= fleet.Direct4 && w.kind != fleet.Bypass && item.Note != "" && w.kind != fleet.Watched {
		w.is(0, "%s", item.Note)
	}
	if item.Net != "" && w.like == 0 {
		w.is(5, "%s", sweepText(item))
	}
	if item.Folded && w.kind != fleet.Many && w.kind != fleet.Folded {
		w.is(5, "a whole network, folded")
	}
}

// internal is a connection inside. That to the metadata is where credentials are.
func (w *weigher) internal() {
	if w.item.Note != "" {
		w.is(20, "direct, to %s", w.item.Note)
	} else {
		w.is(0, "direct, own network")
	}
}

func (w *weigher) known() {
	switch n := w.item.Known; {
	case n > 0:
		w.is(0, "direct, but a name led %s to it", several(int(n), "other host"))
	default:
		w.is(0, "direct, but names lead to its network")
	}
}

func (w *weigher) many() {
	n := w.item.Names
	if w.item.Folded {
		w.is(15, "many names of one domain, folded")
		return
	}
	w.is(min(15, int(math.Log2(float64(n))-4)), "%s names of one domain", Number(uint64(n)))
}

func (w *weigher) unanswered() {
	if w.like == 0 {
		w.is(-10, "domain, without an answer")
		return
	}
	w.is(min(15, 2*int(math.Log2(float64(w.like+1)))), "%s domains without an answer", Number(uint64(w.like+1)))
}

func (w *weigher) domain() {
	item := w.item
	switch {
	case w.like > 0:
		w.is(0, "%s domains", Number(uint64(w.like+1)))
	case item.Alike > 0:
		w.is(5, "%d domains lead to it", item.Alike+1)
		w.say(0, "such as %s", item.What)
	case item.Names > 1:
		w.is(0, "domain, %d names, to %s", item.Names, item.Addr)
	default:
		w.is(0, "domain, to %s", item.Addr)
	}
}

// prevalence weighs how few hosts of the fleet have the thing.
func (w *weigher) prevalence() {
	hosts := len(w.j.f.Hosts)
	switch {
	case w.kind == fleet.Reverse:
		return
	case w.kind == fleet.Odd:
		w.say(0, "on %d of %d hosts", w.item.Hosts, hosts)
		return
	case hosts == 1:
		w.say(-15, "") // what others do is not known
		return
	}
	points := rarity(w.item.Hosts, hosts)
	switch {
	case w.kind == fleet.Watched:
	case w.like > 0:
		w.say(points, "")
	case w.item.Hosts <= 1:
		w.say(points, "") // words for that are only where others have it, too
	default:
		w.say(points, "on %d of %d hosts", w.item.Hosts, hosts)
	}
}

// rarity returns 15 for one host of ten or more, and negative from half of the hosts
// on.
func rarity(on uint32, hosts int) int {
	if on <= 1 {
		return min(15, hosts*3/2)
	}
	share := float64(on) / float64(hosts)
	if share >= .5 {
		return -25
	}
	return min(15, int(-3*math.Log2(share)))
}

// habit compares with what the host does otherwise: of new things how many came
// in such a time before, of old ones how many there are.
func (w *weigher) habit() {
	switch {
	case w.kind == fleet.Watched:
		return
	case w.item.New:
		w.novelty()
		return
	case w.item.Born:
		w.say(12, "")
	}
	if w.like > 0 {
		w.crowded()
		return
	}
	switch n := w.crowd.All(); {
	case n == 1:
		w.say(20, "its only one")
	case w.item.Born && w.crowd.N[fleet.Base] == 0 && n <= 3:
		w.say(16, "none before")
	case w.item.Born && w.crowd.N[fleet.Born] <= 3 && w.crowd.N[fleet.New] <= 3:
		w.say(16, "came after %s others", Number(uint64(w.crowd.N[fleet.Base])))
	case n <= 3:
		w.say(12, "")
	case n <= 8:
		w.say(0, "")
	default:
		w.say(-20, "it has %s others", Number(uint64(n-1)))
	}
}

// crowded weighs a group of old things: the larger, the more it is what the host is
// there for.
func (w *weigher) crowded() {
	switch n := w.like + 1; {
	case w.kind == fleet.Bypass && n <= 8: // one program with a list of resolvers
		w.say(18, "")
	case w.item.Born && w.kind == fleet.Unanswered && w.crowd.N[fleet.Base] == 0 && w.crowd.N[fleet.New] == 0:
		w.say(20, "came at once")
	case n <= 4:
		w.say(5, "")
	case n <= 8:
		w.say(0, "")
	default:
		w.say(-20, "usual for it")
	}
}

// novelty weighs how unusual a new thing is for the host.
func (w *weigher) novelty() {
	usual := w.usual()
	n := float64(w.crowd.N[fleet.New])
	switch {
	case usual < .5 && w.crowd.N[fleet.Base]+w.crowd.N[fleet.Born] == 0:
		w.say(40, "new, its first")
	case usual < 1:
		w.say(32, "new")
	case n > 5*usual:
		w.say(30, "new, usually %s", Number(uint64(usual+.5)))
	case n <= 2*usual && usual >= 3:
		w.say(-15, "new, as usual: %s before", Number(uint64(usual+.5)))
	case usual < 3:
		w.say(20, "new")
	default:
		w.say(8, "new, usually %s", Number(uint64(usual+.5)))
	}
}

// usual returns how many things of the kind came in a time as long as that of
// the report: as far as the records reach back, or else a part of what was
// there when they began.
func (w *weigher) usual() float64 {
	f, h := w.j.f, &w.j.f.Hosts[w.host]
	atFirst := float64(w.crowd.N[fleet.Base]) / 8
	window := f.Now.Sub(f.Since)
	before := f.Since.Sub(h.Begin)
	if h.Begin.IsZero() || before < time.Hour {
		return atFirst
	}
	rate := float64(w.crowd.N[fleet.Born]) * float64(window) / float64(max(before, window/4))
	return max(rate, min(atFirst, 1))
}

// peers compares with hosts of the same role: a new thing with what is new on
// them, for each of them may have had something of the kind for long.
func (w *weigher) peers() {
	r := w.j.roles[w.host]
	if r.hosts < 3 || w.kind == fleet.Watched {
		return
	}
	others, none := r.have[w.kind]-1, "no"
	if w.item.New && others > 0 && w.kind != fleet.Reverse {
		others, none = r.new[w.kind]-1, "new on no"
	}
	switch share := float64(others) / float64(r.hosts-1); {
	case others == 0:
		w.say(10, "%s other %s", none, r.name)
	case others == 1, share < .2:
		w.say(5, "")
	case share >= .75:
		w.say(-20, "like most %s", r.name)
	case share >= .4:
		w.say(-12, "like many %s", r.name)
	}
}

// activity weighs whether the thing is still in use, and how steadily.
func (w *weigher) activity() {
	f := w.j.f
	first, last := w.item.First.Time(), w.item.Last.Time()
	if last.Before(f.Since) && last.Before(f.Now.Add(-3*24*time.Hour)) {
		w.say(-18, "not since %s", last.Format("2006-01-02"))
		return
	}
	if days := last.Sub(first).Hours() / 24; w.like == 0 && w.item.First != 0 && days >= 2 {
		if daily := float64(w.item.Count) / days; daily >= 4 && w.item.Lasts() {
			w.say(6, "%s a day", Number(uint64(daily+.5)))
		}
	}
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Number(uint64(n)) + " " + what + "s"
}

func atLeast(n int, more bool) string {
	if more {
		return "more than " + Number(uint64(n))
	}
	return Number(uint64(n))
}

// Number returns a number with its digits in groups of three.
func Number(n uint64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
