// Package finding judges what package fleet has counted: which things deserve a
// person's attention, the most surprising first, each with the facts that put it
// there.
//
// A thing is surprising if few hosts have it, if this host has few like it or
// suddenly many, if hosts of the same role have none, and if it is new. There is
// no list of bad things behind this and no model: see weigh, where each fact has
// its weight and its words.
//
// # Adding a finding
//
// The records hold, for each name and address of a host, the count and the first
// and last time, and nothing about the time between: how often a name was asked at
// night, or in an hour, cannot be found (see fleet.Item for all that can).
//
// A finding about something that a host's summary (fleet.Host) has already touches
// this package alone. Write a method of judge that goes through j.f.Hosts and
// returns findings, as freshFindings does, give its kind a name in extra, and
// append its findings in List:
//
//	Finding{Hosts: []string{h.Name}, Kind: "mixed", What: "...", Why: []string{"the facts"},
//		Count: h.Connections, Last: h.Newest.Time(), on: i, surprise: 70}
//
// Count and Last are columns of their own, and so is Since, if the summary has it.
// New marks the finding as new in the time of the report. surprise is 30 (worth a line) to 110 (new, the only one, on a quiet host); from
// notable (60) on a finding deserves attention. The text, the page, JSON and
// Prometheus then have the new kind. Name it in egress-report(1), too, and renew the
// golden test of Prometheus: UPDATE=1 go test ./cmd/egress-report. Test the finding
// in TestWorlds: plant the thing at the end of bad, in world_test.go, for in a small
// world that runs out of hosts the last ones share a host, and many rows there hide what
// was planted before. The pattern is a part of What or Why of the finding. To see one
// world alone, use plain, as the tests in change_test.go do.
//
// A thing that has to be counted anew needs package fleet, too: a Kind there (names.go
// or addresses.go). Here it needs a row of kinds, and its words in nature.
package finding

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"egress-monitor/lib/fleet"
	"egress-monitor/lib/sighting"
)

// A Finding is one line of the list.
type Finding struct {
	Hosts   []string // the first ones by name, if the same is true of several
	Kind    string   // a stable name: see Kinds
	What    string   // the name or the address
	Like    int      // the number of others like it, on the same host
	Item    fleet.Item
	Count   uint64
	Since   time.Time // zero is not known
	Old     bool      // it is as old as the records, or older
	New     bool
	Last    time.Time
	Why     []string // the facts
	Telling int      // the number of facts, from the first, that a line must have

	surprise int
	later    int // subtracted for its place in the list: the host has many
	on       int // the number of the host, -1 for several
}

// List returns all findings of a fleet, the most surprising first.
func List(f *fleet.Fleet) []Finding {
	j := judge{f: f, roles: rolesOf(f), byName: map[string]role{}, fresh: map[string]bool{}}
	j.count()
	fresh := j.freshFindings()
	for i := range f.Hosts {
		j.byName[j.roles[i].name] = j.roles[i]
		for kind := range fleet.Kinds {
			j.crowd(i, kind)
		}
	}
	all := append(j.troubles(), j.merged()...)
	all = append(all, fresh...)
	slices.SortStableFunc(all, compare)
	return takeTurns(all, max(ownTurns, smallFleet/len(f.Hosts)))
}

// compare returns the order of findings: the most surprising first.
func compare(a, b Finding) int {
	return cmp.Or(cmp.Compare(b.surprise, a.surprise), cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What),
		cmp.Compare(strings.Join(a.Hosts, " "), strings.Join(b.Hosts, " ")))
}

const (
	// kindTurns is how many findings of one kind keep their place.
	kindTurns = 6
	// shareTurns is how many of these places one host takes.
	shareTurns = 2
	// ownTurns is how many findings of one host keep their place in the list: in
	// a small fleet, more.
	ownTurns   = 5
	smallFleet = 120 // findings of all hosts together
	// laterTurn is how much less each further one of a host weighs, laterKind each
	// further one of a kind.
	laterTurn, laterKind = 5, 2
)

// takeTurns moves two sorts of findings further down: those of a host that has many,
// which would hide the other hosts, by its nature or on purpose; and those of a kind
// that many hosts have. Troubles and matches of a watch-list keep their place.
func takeTurns(all []Finding, own int) []Finding {
	type place struct {
		host int
		kind string // any
	}
	turns, ofKind := map[place]int{}, map[string]int{}
	for i := range all {
		f := &all[i]
		if f.surprise >= kinds[fleet.Watched].base || f.Trouble() {
			continue
		}
		turns[place{f.on, f.Kind}]++
		if turns[place{f.on, f.Kind}] <= shareTurns || f.on < 0 {
			ofKind[f.Kind]++
		}
		f.later = laterKind * max(0, ofKind[f.Kind]-kindTurns)
		if f.on >= 0 {
			turns[place{f.on, ""}]++
			f.later += laterTurn * max(0, turns[place{f.on, ""}]-own)
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Compare(b.surprise-b.later, a.surprise-a.later)
	})
	return all
}

type judge struct {
	f      *fleet.Fleet
	roles  []role // of each host
	byName map[string]role
	found  []Finding
	fresh  map[string]bool // what is new to the fleet, and a finding of its own
	busy   []bool          // hosts to which many things come
	begins []time.Time     // the first pulls of the hosts, in order
}

// crowd judges the things of a kind on a host: a few one by one, many as one,
// but for those that stand out; new ones apart from old ones.
func (j *judge) crowd(host int, kind fleet.Kind) {
	c := &j.f.Hosts[host].Crowds[kind]
	if c.All() == 0 {
		return
	}
	for age := range fleet.Ages {
		n, items := c.N[age], c.Of(age)
		if kind == fleet.Odd || kind == fleet.DirectKnown {
			items = slices.DeleteFunc(items, func(i fleet.Item) bool { return j.fresh[i.What] })
			n -= len(c.Of(age)) - len(items)
		}
		switch {
		case n == 0, apart(kind, age, n):
		case n > kinds[kind].alone || n > 1 && age == fleet.Base && kind != fleet.Watched:
			rest, taken := j.standOut(host, kind, c, items)
			j.group(host, kind, c, age, n+c.Alike[age]-taken, rest)
		default:
			for i := range items {
				j.add(host, kind, c, items[i], 0, items[i].Count, fact{})
			}
		}
	}
}

// apart reports whether things are listed in tables only: the fleet's own networks,
// as they were at the first pull, and a few reverse look-ups.
func apart(kind fleet.Kind, age fleet.Age, n int) bool {
	return kind == fleet.Internal && age == fleet.Base || kind == fleet.Reverse && n < few
}

// standOut takes those out of a crowd that are unlike the rest, and counts them.
func (j *judge) standOut(host int, kind fleet.Kind, c *fleet.Crowd, items []fleet.Item) (rest []fleet.Item, taken int) {
	lines := 0
	for _, item := range items {
		if why := unlike(kind, c, &item); why.text != "" && lines < standing(&item) {
			lines++
			taken += 1 + item.Alike
			j.add(host, kind, c, item, 0, item.Count, why)
			continue
		}
		rest = append(rest, item)
	}
	return rest, taken
}

// standing returns how many things like item have a line of their own in a crowd: one
// of those that were there from the beginning, two of those that came later.
func standing(item *fleet.Item) int {
	if item.Born {
		return 2
	}
	return 1
}

// unlike returns the fact that sets a thing apart from the others of its kind, or none.
func unlike(kind fleet.Kind, c *fleet.Crowd, item *fleet.Item) fact {
	switch {
	case item.Alone != "" && item.Born:
		return fact{25, "alone in " + item.Alone}
	case item.Net != "":
		return fact{0, sweepText(item)}
	case item.Back > 0 && backs(c) <= 2:
		return fact{30, backText(item)}
	case kind != fleet.Direct4 && kind != fleet.Direct6 && (kind != fleet.Domain || !item.Born):
		return fact{}
	}
	lasting, others := c.Lasting[fleet.Base]+c.Lasting[fleet.Born]+c.Lasting[fleet.New], c.All()
	if item.Born { // things that came later are compared only with others that came later
		lasting, others = lasting-c.Lasting[fleet.Base], others-c.N[fleet.Base]
	}
	often := item.Count >= 20*c.Typical && item.Count >= 200
	switch {
	case others < 8:
	case kind == fleet.Domain && !(item.Lasts() && often):
	case item.Lasts() && lasting*10 <= others:
		points := min(25, int(4*math.Log2(float64(others)/float64(lasting))))
		return fact{points, fmt.Sprintf("comes back for days, of %d others %s", others-1, does(lasting-1))}
	case often:
		return fact{18, fmt.Sprintf("often, %d others %s each", c.All()-1, Number(c.Typical))}
	}
	return fact{}
}

// backs counts the things of a crowd that came back.
func backs(c *fleet.Crowd) (n int) {
	for i := range c.Items {
		if c.Items[i].Back > 0 {
			n++
		}
	}
	return n
}

func backText(item *fleet.Item) string {
	return fmt.Sprintf("came back after %d days", item.Back)
}

func sweepText(item *fleet.Item) string {
	_, bits, _ := strings.Cut(item.Net, "/")
	return fmt.Sprintf("%s of its /%s", Number(uint64(1+item.Alike)), bits)
}

func does(n int) string {
	switch n {
	case 0:
		return "none does"
	case 1:
		return "1 does"
	}
	return fmt.Sprintf("%d do", n)
}

// group makes one finding of many things.
func (j *judge) group(host int, kind fleet.Kind, c *fleet.Crowd, age fleet.Age, n int, items []fleet.Item) {
	if len(items) == 0 {
		return
	}
	first := items[0]
	first.First, first.Last = c.First[age], c.Last[age]
	j.add(host, kind, c, first, n-1, c.Count[age], fact{}, items[1:]...)
}

// add weighs a finding and puts its facts into words.
func (j *judge) add(host int, kind fleet.Kind, c *fleet.Crowd, item fleet.Item, like int, count uint64, special fact, others ...fleet.Item) {
	w := weigher{others: others, j: j, host: host, kind: kind, crowd: c, item: &item, like: like, special: special}
	w.weigh()
	if w.surprise < worthwhile {
		return
	}
	if item.Net != "" && like == 0 {
		like = item.Alike
	}
	f := Finding{
		Hosts: []string{j.f.Hosts[host].Name}, Kind: kinds[kind].name, What: w.title(), Like: like, Item: item, Count: count,
		Since: item.First.Time(), Old: !item.Born, New: item.New, Last: item.Last.Time(), Why: w.why(), Telling: w.telling(), surprise: w.surprise, on: host,
	}
	j.found = append(j.found, f)
}

// worthwhile is how surprising something must be to be a finding at all.
const worthwhile = 30

// merged makes one finding of those that few hosts share.
func (j *judge) merged() (all []Finding) {
	at := map[string]int{}
	for _, f := range j.found {
		key := f.Kind + " " + f.What
		i, ok := at[key]
		if !ok || f.Like > 0 || all[i].Like > 0 {
			if f.Like == 0 {
				at[key] = len(all)
			}
			all = append(all, f)
			continue
		}
		all[i].join(f)
	}
	for i := range all {
		j.whole(&all[i])
	}
	return all
}

// whole lowers a finding that all hosts of a role have, and no others: the thing is
// more likely a part of their task.
func (j *judge) whole(f *Finding) {
	if f.New || f.Trouble() || len(f.Hosts) < 2 || int(f.Item.Hosts) != len(f.Hosts) {
		return
	}
	r := j.byName[fleet.Role(f.Hosts[0])]
	for _, host := range f.Hosts {
		if fleet.Role(host) != r.name {
			return
		}
	}
	if r.hosts == len(f.Hosts) {
		f.surprise -= 25
		f.Why = append(f.Why, "all "+r.name)
	}
}

// join adds another host for which the same is true.
func (f *Finding) join(o Finding) {
	if o.surprise > f.surprise {
		f.Why, f.surprise = o.Why, o.surprise
	}
	f.Hosts = append(f.Hosts, o.Hosts...)
	f.Count += o.Count
	if o.Since.Before(f.Since) {
		f.Since, f.Old, f.New = o.Since, o.Old, o.New
	}
	if o.Last.After(f.Last) {
		f.Last = o.Last
	}
	f.on = -1
}

// freshFindings returns what is new to the fleet, and on several hosts at once. What came to
// the same hosts is one finding.
func (j *judge) freshFindings() (all []Finding) {
	at := map[string]int{}
	for _, fresh := range j.sortedFresh() {
		j.fresh[fresh.What] = true
		f := j.freshFinding(fresh)
		key := strings.Join(f.Hosts, " ")
		if i, ok := at[key]; ok {
			all[i].Like++
			all[i].Count += f.Count
			continue
		}
		at[key] = len(all)
		all = append(all, f)
	}
	return all
}

// freshFor is the time for which a new thing is worth a line.
const freshFor = 31 * 24 * time.Hour

// freshHosts is the number of quiet hosts to which a thing must come to be news,
// however many busy hosts have it, too.
const freshHosts = 3

// sortedFresh returns the things that are new to all hosts, and that came to hosts
// which do not reach something new each day.
func (j *judge) sortedFresh() (all []*fleet.Fresh) {
	for _, fresh := range j.f.Fresh {
		quiet := 0
		for _, n := range fresh.On {
			if !j.busy[n] {
				quiet++
			}
		}
		known := j.f.Now.Sub(fresh.First.Time()) > freshFor
		if !known && len(fresh.On)+j.joined(fresh.First) >= int(fresh.Item.Hosts) && (quiet >= freshHosts || 2*quiet > len(fresh.On)) {
			all = append(all, fresh)
		}
	}
	slices.SortFunc(all, func(a, b *fleet.Fresh) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What)) })
	return all
}

// joined returns how many hosts were first pulled after a time. The things of such a
// host are no news: they came with the host.
func (j *judge) joined(after sighting.Stamp) int {
	i, _ := slices.BinarySearchFunc(j.begins, after.Time(), func(begin, at time.Time) int {
		return cmp.Or(begin.Compare(at), -1) // the first one that is later
	})
	return len(j.begins) - i
}

// count prepares which hosts are busy, and when each was first pulled.
func (j *judge) count() {
	for i := range j.f.Hosts {
		h := &j.f.Hosts[i]
		j.busy = append(j.busy, j.isBusy(h))
		if !h.Begin.IsZero() {
			j.begins = append(j.begins, h.Begin)
		}
	}
	slices.SortFunc(j.begins, time.Time.Compare)
}

// isBusy reports whether so many things come to a host, which no other has, that one
// more means little.
func (j *judge) isBusy(h *fleet.Host) bool {
	n := 0
	for _, kind := range []fleet.Kind{fleet.Domain, fleet.Unanswered, fleet.Direct4} {
		c := &h.Crowds[kind]
		n += c.N[fleet.Born] + c.N[fleet.New]
		if h.Begin.IsZero() {
			n += c.N[fleet.Base]
		}
	}
	weeks := j.f.Now.Sub(h.Begin).Hours() / (7 * 24)
	return float64(n) > 10*min(max(1, weeks), 100)
}

func (j *judge) freshFinding(fresh *fleet.Fresh) Finding {
	f := Finding{Kind: newInFleet, What: cmp.Or(fresh.Name, fresh.What), Item: fresh.Item, Count: fresh.Count, Since: fresh.First.Time(),
		New: fresh.New, Last: fresh.Last.Time(), on: -1}
	for _, n := range fresh.On {
		f.Hosts = append(f.Hosts, j.f.Hosts[n].Name)
	}
	kind := "domain"
	if fresh.Names == 0 {
		kind = "direct"
	}
	f.Why = []string{kind + " new to the fleet", fmt.Sprintf("on %d of %d hosts", len(fresh.On), len(j.f.Hosts))}
	f.surprise = 85 + min(10, rarity(uint32(len(fresh.On)), len(j.f.Hosts)))
	if !fresh.New {
		f.surprise -= 10
		f.Why[0] = kind + " that came to the fleet"
	}
	return f
}

// troubles returns the problems of hosts. A trouble that many hosts have is one
// finding.
func (j *judge) troubles() (all []Finding) {
	by := [fleet.Troubles][]Finding{}
	for i := range j.f.Hosts {
		h := &j.f.Hosts[i]
		var of [fleet.Troubles]*Finding
		for _, p := range h.Problems {
			if f := of[p.Trouble]; f != nil {
				f.Why = append(f.Why, p.Text)
				continue
			}
			of[p.Trouble] = &Finding{Hosts: []string{h.Name}, Kind: troubles[p.Trouble].name, Since: p.Since, Why: []string{p.Text},
				New: p.Since.IsZero() || p.Since.After(j.f.Since), surprise: troubles[p.Trouble].base, on: i, Last: h.Newest.Time()}
		}
		for kind, f := range of {
			if f != nil {
				by[kind] = append(by[kind], *f)
			}
		}
	}
	for _, some := range by {
		all = append(all, sharedTrouble(some)...)
	}
	return all
}

// maxTroubles is how many hosts with the same trouble have a line each.
const maxTroubles = 5

func sharedTrouble(some []Finding) []Finding {
	if len(some) <= maxTroubles {
		return some
	}
	slices.SortStableFunc(some, func(a, b Finding) int { return a.Since.Compare(b.Since) }) // the worst first
	one := some[0]
	one.Why = []string{fmt.Sprintf("%d hosts, such as: %s", len(some), some[0].Why[0])}
	for _, f := range some[1:] {
		one.Hosts = append(one.Hosts, f.Hosts...)
	}
	one.on = -1
	return []Finding{one}
}

// Notable reports whether a finding deserves attention even where there are many;
// the others can be read when there is time.
func (f *Finding) Notable() bool { return f.surprise >= notable }

const notable = 60

// Trouble reports whether a finding is a problem of a host, whose records may be
// incomplete.
func (f *Finding) Trouble() bool {
	return slices.ContainsFunc(troubles[:], func(t trouble) bool { return t.name == f.Kind })
}
