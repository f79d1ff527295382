package finding

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/fold"
)

// A weigher adds up the facts that make one thing surprising, and their words.
type weigher struct {
	j       *judge
	host    int
	kind    fleet.Kind
	crowd   *fleet.Crowd
	item    *fleet.Item
	like    int // how many more things of the host are like it
	others  []fleet.Item
	special fact // in which way it is unlike the others of its kind

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

// why returns what the thing is, and then the facts: those that put it in the list, the
// weightiest first, and then those that speak against it.
func (w *weigher) why() []string {
	slices.SortStableFunc(w.facts, func(a, b fact) int { return cmp.Compare(b.points, a.points) })
	why := w.what
	for _, f := range w.facts {
		why = append(why, f.text)
	}
	return why
}

// telling returns how many facts of why a line must have: what the thing is, and
// if that is ordinary, the weightiest of the others.
func (w *weigher) telling() int {
	if kinds[w.kind].ordinary {
		return len(w.what) + 1
	}
	return len(w.what)
}

func (w *weigher) weigh() {
	w.say(kinds[w.kind].base, "")
	w.nature()
	w.prevalence()
	w.topLevel()
	switch {
	case w.special.text == "" || w.item.Net != "" || w.comeback():
		w.habit()
	default:
		w.say(w.special.points, "%s", w.special.text)
	}
	w.peers()
	w.age()
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
		w.is(0, "on watch-list %s", item.Note)
	case fleet.Bypass:
		w.is(5, "public resolver %s", item.Note)
	case fleet.Resolver:
		w.is(0, "resolver %s, by name", item.Note)
	case fleet.Direct6:
		w.is(5, "direct, IPv6")
	case fleet.Direct4:
		w.is(0, "direct")
	case fleet.DirectKnown:
		w.known()
	case fleet.Many:
		w.many()
	case fleet.Spread:
		w.is(0, "in %s networks", atLeast(item.Networks, item.Overflow))
	case fleet.Unanswered:
		w.unanswered()
	case fleet.Domain:
		w.domain()
	case fleet.Name:
		w.is(w.ifBusy(-25), "%s of a common domain", several(item.Names+w.like, "name"))
	case fleet.Odd:
		w.is(w.ifBusy(-25), "%s known elsewhere", several(1+w.like, "domain"))
	case fleet.Internal:
		w.internal()
	case fleet.Grown:
		w.is(0, "%s times as often as before", Number(uint64(w.item.Times)))
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
		w.is(min(15, 2*int(math.Log2(float64(item.Alike+1)))), "%s", sweepText(item))
	}
	if item.Folded && w.kind != fleet.Many && w.kind != fleet.Folded {
		w.is(5, "a whole network, folded")
	}
}

// ifBusy returns the points if many things come to the host.
func (w *weigher) ifBusy(points int) int {
	if w.j.busy[w.host] {
		return points
	}
	return 0
}

// internal adds the fact that the address is inside. The metadata address (Note) weighs
// more: it hands out credentials.
func (w *weigher) internal() {
	if w.item.Note != "" {
		w.is(20, "%s", w.item.Note)
	} else {
		w.is(0, "own network")
	}
}

// known names the hosts by whose names an address is known. A host can make up
// names: a reader must see whom to believe.
func (w *weigher) known() {
	text := w.leaders()
	switch {
	case text == "":
		w.is(0, "direct, names lead to its network")
	case w.like == 0:
		w.is(0, "direct, a name led %s to it", text)
	default:
		w.is(0, "direct, names led %s there", text)
	}
}

// maxLeaders is how many hosts are named by whose names a group is known.
const maxLeaders = 3

// leaders names the other hosts on which names led to the thing, or to the things of
// the group. Of one thing it names the first host, and counts the others.
func (w *weigher) leaders() string {
	var names []string
	more := false
	for _, item := range append([]fleet.Item{*w.item}, w.others...) {
		if item.Known == 0 {
			continue
		}
		more = more || item.Known > 1
		if name := w.j.f.Hosts[item.Leader].Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case w.like == 0 && more:
		return names[0] + " and " + several(int(w.item.Known)-1, "other host")
	case more, len(names) > maxLeaders, w.like > len(w.others):
		return strings.Join(names[:min(len(names), maxLeaders)], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

func (w *weigher) many() {
	n := w.item.Names
	if w.item.What == fold.Unprintable {
		w.is(min(15, int(math.Log2(float64(w.item.Count))-4)), unprintable)
		return
	}
	if w.item.Folded {
		w.is(15, "many names below it, folded")
		return
	}
	w.is(min(15, int(math.Log2(float64(n))-4)), "%s names below it", Number(uint64(n)))
}

// unprintable describes the row that counts all questions for such names.
const unprintable = "names with unprintable bytes"

func (w *weigher) unanswered() {
	if w.like == 0 && w.item.What == fold.Unprintable {
		w.is(-10, unprintable)
		return
	}
	if w.like == 0 {
		w.is(-10, "domain, without an answer")
		return
	}
	w.is(min(15, 2*int(math.Log2(float64(w.like+1)))), "%s without an answer", Number(uint64(w.like+1)))
}

func (w *weigher) domain() {
	item := w.item
	switch {
	case w.like > 0:
		w.is(0, "%s domains", Number(uint64(w.like+1)))
	case item.Alike > 0:
		w.is(10, "%d domains lead to it", item.Alike+1)
		w.say(0, "such as %s", item.What)
	case item.Names > 1:
		w.is(0, "domain")
		w.say(0, "%d names, to %s", item.Names, item.Addr)
	default:
		w.is(0, "domain")
		w.say(0, "to %s", item.Addr)
	}
}

// prevalence weighs how few hosts of the fleet have the thing.
func (w *weigher) prevalence() {
	hosts := len(w.j.f.Hosts)
	switch {
	case w.kind == fleet.Reverse:
		return
	case w.kind == fleet.Odd, w.kind == fleet.Internal && w.item.Note != "":
		w.say(0, "on %d of %d hosts", w.item.Hosts, hosts)
		return
	case hosts == 1:
		w.say(-15, "") // there is no other host to compare with
		return
	}
	points := rarity(w.item.Hosts, hosts)
	switch {
	case w.kind == fleet.Watched:
	case w.like > 0:
		w.say(points, "")
	case w.item.Hosts <= 1:
		w.say(points, "") // the line has no words for this: see the head of the list
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

// habit compares the thing with others of its kind on the host: a new thing with how
// many came in an equal time before, an old one with how many there are.
func (w *weigher) habit() {
	switch {
	case w.kind == fleet.Watched:
		return
	case w.kind == fleet.Grown:
		w.say(min(40, 10+4*int(math.Log2(float64(w.item.Times)))), "")
		return
	case w.comeback():
		w.say(30, "%s", backText(w.item))
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

// comeback reports whether a thing came back after a long time, on a host where
// few things do.
func (w *weigher) comeback() bool { return w.item.Back > 0 && w.like == 0 && backs(w.crowd) <= 2 }

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
		w.say(40+w.size(), "its first")
	case usual < 1:
		w.say(32, "new")
	case n > 5*usual:
		w.say(30+w.size(), "new, usually %s", Number(uint64(usual+.5)))
	case n <= 2*usual && usual >= 3:
		w.say(-15, "new, as usual: %s before", Number(uint64(usual+.5)))
	case usual < 3:
		w.say(20, "new")
	default:
		w.say(8, "new, usually %s", Number(uint64(usual+.5)))
	}
}

// size weighs how many new things came, where none or few did before. The kinds Unanswered
// and Reverse weigh that number in nature.
func (w *weigher) size() int {
	if w.like == 0 || w.kind == fleet.Unanswered || w.kind == fleet.Reverse {
		return 0
	}
	return min(12, int(2*math.Log2(float64(w.like+1))))
}

// usual returns how many things of the kind usually come in a time as long as that of
// the report. It is the mean since the records began or, if they are too short, a part
// of the things that were there when they began.
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

// peers compares the host with others of the same role: how many of them have anything
// of the kind; for a new thing, anything new of the kind.
func (w *weigher) peers() {
	r := w.j.roles[w.host]
	if r.of < 3 || w.kind == fleet.Watched || w.comeback() {
		return
	}
	others, none := r.have[w.kind]-1, "no"
	if w.item.New && others > 0 && w.kind != fleet.Reverse {
		others, none = r.new[w.kind]-1, "new on no"
	}
	switch share := float64(others) / float64(r.of-1); {
	case others == 0:
		w.say(10, "%s other %s", none, r.peers)
	case others == 1, share < .1:
		w.say(5, "")
	case share < .2:
	case share >= .75:
		w.say(-20, "like most %s", r.many())
	case share >= .4:
		w.say(-12, "like many %s", r.many())
	default:
		w.say(-6, "like %d other %s", others, r.many())
	}
}

// age weighs for how long a thing has been in the list: after weeks without action it
// is less likely to need any.
func (w *weigher) age() {
	if w.kind == fleet.Watched || w.kind == fleet.Grown || w.item.New || w.comeback() {
		return
	}
	since := w.j.f.Hosts[w.host].Begin
	if w.item.Born {
		since = w.item.First.Time()
	}
	if weeks := int(w.j.f.Now.Sub(since).Hours() / (7 * 24)); !since.IsZero() {
		w.say(-2*min(max(0, weeks-2), 8), "")
	}
}

// topLevel weighs that no other host asks for names below the same top-level domain.
func (w *weigher) topLevel() {
	if w.item.TopLevel != "" && w.like == 0 && w.item.Hosts <= 1 {
		w.say(8, "only one to ask for %s", w.item.TopLevel)
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
