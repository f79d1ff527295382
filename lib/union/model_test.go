package union

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"egress-monitor/lib/testtools"
)

// model is an aggregate as a map, with the limits as aggmerge(1) and package fold
// define them. It shares no code with the code under test, not even the list of
// public suffixes.
type model testtools.Aggregate

type row = testtools.Row

func read(t testing.TB, texts ...string) model {
	t.Helper()
	return model(testtools.ReadAggregate(t, texts...))
}

func (m model) add(key string, r *row) { testtools.Aggregate(m).Add(key, r) }

func (m model) String() string { return testtools.Aggregate(m).String() }

// limited is what a merge with limits makes of it.
func (m model) limited(rows, ips int) model {
	m = m.absorbed(slices.Collect(maps.Keys(m)))
	if rows > 0 && len(m) > rows {
		m = m.folded(rows)
	}
	for _, r := range m {
		if r.IPs = coveredTaken(r.IPs); ips > 0 && len(r.IPs) > ips {
			r.IPs = cut(r.IPs, ips)
		}
	}
	return m
}

// absorbed is m after those of the keys that are narrow rows have taken what
// they cover.
func (m model) absorbed(keys []string) model {
	keys = slices.DeleteFunc(keys, func(k string) bool { return !isNarrow(k) })
	out := model{}
	for key, r := range m {
		out.add(widest(keys, key, covers), r)
	}
	return out
}

func widest(keys []string, key string, covers func(k, key string) bool) string {
	for _, k := range keys {
		if covers(k, key) {
			key = k
		}
	}
	return key
}

// bits is how long a prefix is; false is no prefix or address.
func bits(key string) (p netip.Prefix, ok bool) {
	if a, err := netip.ParseAddr(key); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(key)
	return p, err == nil
}

func below(key string) (name string, ok bool) {
	name, ok = strings.CutPrefix(key, "*.")
	return name, ok && name != "" && !strings.HasSuffix(name, ".")
}

func suffixOf(name string) string {
	s, _ := publicsuffix.PublicSuffix(name)
	return s
}

func inZone(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

func labels(name string) int { return strings.Count(name, ".") + 1 }

func isNarrow(key string) bool {
	if name, ok := below(key); ok {
		switch {
		case inZone(name, "in-addr.arpa"):
			return labels(name) >= 5
		case inZone(name, "ip6.arpa"):
			return labels(name) >= 18
		}
		return suffixOf(name) != name
	}
	p, ok := bits(key)
	return ok && strings.Contains(key, "/") && (p.Addr().Is4() && p.Bits() >= 24 || p.Addr().Is6() && p.Bits() >= 64)
}

// covers says whether a narrow row stands for key, which is another one.
func covers(narrow, key string) bool {
	p, ok := bits(key)
	if outer, isPrefix := bits(narrow); isPrefix {
		return ok && narrow != key && outer.Bits() <= p.Bits() && outer.Contains(p.Addr())
	}
	if ok || narrow == key || !strings.HasSuffix(key, narrow[1:]) {
		return false
	}
	name := key
	if n, ok := below(key); ok {
		name = n
	}
	return suffixOf(name) == suffixOf(narrow[2:])
}

// coveredTaken is a list without what its prefixes cover, if these are not wide.
func coveredTaken(ips map[string]bool) map[string]bool {
	if ips == nil {
		return nil
	}
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(ips)), func(k string) bool { return !strings.Contains(k, "/") || leadsNowhere(k) })
	out := map[string]bool{}
	for ip := range ips {
		out[widest(keys, ip, covers)] = true
	}
	return out
}

func leadsNowhere(ip string) bool {
	p, _ := bits(ip)
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		return p.Bits() < 96+24
	}
	return p.Addr().Is4() && p.Bits() < 24 || p.Addr().Is6() && p.Bits() < 48
}

// cut takes the last address of the family that has more than its half, one
// after the other, until there is room for all and for what says "and more".
func cut(ips map[string]bool, limit int) map[string]bool {
	more4, more6, v4, v6 := 0, 0, []string{}, []string{}
	for _, ip := range slices.Sorted(maps.Keys(ips)) {
		switch is6 := strings.Contains(ip, ":"); {
		case leadsNowhere(ip) && is6:
			more6 = 1
		case leadsNowhere(ip):
			more4 = 1
		case is6:
			v6 = append(v6, ip)
		default:
			v4 = append(v4, ip)
		}
	}
	for len(v4)+len(v6)+more4+more6 > limit {
		if len(v4) > 0 && (len(v4) >= len(v6) || len(v6) == 0) {
			v4, more4 = v4[:len(v4)-1], 1
		} else {
			v6, more6 = v6[:len(v6)-1], 1
		}
	}
	out := map[string]bool{}
	for _, ip := range slices.Concat(v4, v6, slices.Repeat([]string{"0.0.0.0/0"}, more4), slices.Repeat([]string{"::/0"}, more6)) {
		out[ip] = true
	}
	return out
}

// wideOf is the wide row of the group of a key.
func wideOf(key string) string {
	if p, ok := bits(key); ok {
		switch {
		case p.Bits() == 0 && key != "0.0.0.0" && key != "::":
			return "*"
		case p.Addr().Is4():
			return "0.0.0.0/0"
		}
		return "::/0"
	}
	name := key
	if n, ok := below(key); ok {
		name = n
	}
	if strings.HasSuffix(name, ".") || key == "*" {
		return "*"
	}
	s := suffixOf(name)
	if s == name {
		_, parent, ok := strings.Cut(name, ".")
		if !ok {
			return "*"
		}
		s = suffixOf(parent)
	}
	return "*." + s
}

// ownerOf is the narrow row that could take a key; "" if there is none.
func ownerOf(key string) string {
	if p, ok := bits(key); ok {
		most := 64
		if p.Addr().Is4() {
			most = 24
		}
		if p.Bits() <= most {
			return ""
		}
		return netip.PrefixFrom(p.Addr(), most).Masked().String()
	}
	name := key
	if n, ok := below(key); ok {
		name = n
	}
	if strings.HasSuffix(name, ".") || key == "*" {
		return ""
	}
	keep := labels(suffixOf(name)) + 1
	switch {
	case inZone(name, "in-addr.arpa"):
		keep = 5
	case inZone(name, "ip6.arpa"):
		keep = 18
	}
	all := strings.Split(name, ".")
	if len(all) <= keep {
		return ""
	}
	return "*." + strings.Join(all[len(all)-keep:], ".")
}

// A heap is a group: its rows, the strongest first.
type heap struct {
	wide string
	keys []string
	size int
	rank int // how many of them are as weak as the weakest of all that would go

	crowd   map[string]int // how large the crowd is that a row is of
	crowded int            // how many rows are of a crowd
}

// groups are the heaps of m: one for each large group and those that are no
// public suffix, and one of all others.
func (m model) groups(limit int) map[string]*heap {
	sizes := map[string]int{}
	for key := range m {
		if key != "*" {
			sizes[wideOf(key)]++
		}
	}
	all := map[string]*heap{"small": {wide: "*"}}
	for wide, n := range sizes {
		if !strings.HasPrefix(wide, "*.") || n*8 > len(m) && n > 1 {
			all[wide] = &heap{wide: wide}
		}
	}
	for _, wide := range []string{"*", "0.0.0.0/0", "::/0"} {
		all[wide] = &heap{wide: wide}
	}
	m.fill(limit, all)
	var keys []string
	crowd := map[string]int{}
	for _, g := range all {
		keys = append(keys, g.keys...)
		maps.Copy(crowd, g.crowd)
	}
	m.sort(keys, crowd)
	if len(keys) == 0 {
		return all
	}
	last := keys[min(len(keys), limit-limit/4)-1]
	for _, g := range all {
		for _, key := range g.keys {
			if m.compare(key, last, crowd) >= 0 {
				g.rank++
			}
		}
	}
	return all
}

func (m model) of(all map[string]*heap, key string) *heap {
	if g := all[wideOf(key)]; g != nil {
		return g
	}
	return all["small"]
}

func (m model) sort(keys []string, crowd map[string]int) {
	slices.SortFunc(keys, func(x, y string) int { return cmp.Or(m.compare(x, y, crowd), cmp.Compare(x, y)) })
}

// compare compares the strength of two rows, apart from their keys.
func (m model) compare(x, y string, crowd map[string]int) int {
	return cmp.Or(crowd[x]-crowd[y], m[y].Count-m[x].Count, cmp.Compare(m[x].Last, m[y].Last))
}

// fill puts the rows into their groups.
func (m model) fill(limit int, all map[string]*heap) {
	for _, g := range all {
		g.keys, g.size, g.crowd, g.crowded = nil, 0, map[string]int{}, 0
	}
	for key := range m {
		if all[key] != nil || key == "*" {
			continue // the row of a group is given up by none
		}
		g := m.of(all, key)
		g.keys = append(g.keys, key)
		g.size++
	}
	for _, g := range all {
		m.findCrowds(g, limit)
		m.sort(g.keys, g.crowd)
	}
}

// findCrowds counts for each row of a group those of its minute that were counted
// as often or more often, but fewer than 64 times, if those are many.
func (m model) findCrowds(g *heap, limit int) {
	many := max(8, len(m)/1024)
	minutes := map[string]int{}
	for _, key := range g.keys {
		r := m[key]
		if r.Count >= 64 {
			continue
		}
		minutes[r.Last[:16]]++
		n := 0
		for _, other := range g.keys {
			if o := m[other]; o.Last[:16] == r.Last[:16] && o.Count >= r.Count && o.Count < 64 {
				n++
			}
		}
		if n > many {
			g.crowd[key] = n
		}
	}
	first := 0
	for _, minute := range slices.Sorted(maps.Keys(minutes)) {
		if minutes[minute] <= many {
			continue
		}
		if first += minutes[minute]; first > limit/16 {
			break
		}
		maps.DeleteFunc(g.crowd, func(key string, _ int) bool { return m[key].Last[:16] == minute })
	}
	g.crowded = len(g.crowd)
}

// givenUp are the rows of m that go, and where to: the group with the most weak
// rows gives up the weakest of its crowds, until three quarters of the limit are
// left or it has none, then the next, if more than seven eighths are left; and so
// once more, with all rows.
func (m model) givenUp(limit int, all map[string]*heap) (into map[string]string, gives map[string]int) {
	names := slices.SortedFunc(maps.Keys(all), func(x, y string) int {
		return cmp.Or(all[y].rank-all[x].rank, strings.Compare(bySize(x), bySize(y)))
	})
	gives = map[string]int{}
	enough := limit - limit/8
	crowded := func(g *heap) int {
		if g.rank == 0 {
			return 0 // the flood is not of this group
		}
		return g.crowded
	}
	for _, most := range []func(*heap) int{crowded, func(g *heap) int { return g.size }} {
		for _, name := range names {
			given := gives[name]
			before := m.left(all, gives, name, given)
			if before <= enough {
				break
			}
			n := given
			for n < most(all[name]) && m.left(all, gives, name, n) > limit-limit/4 {
				n++
			}
			if n > given && m.left(all, gives, name, n) < before { // else it would be one row for another
				gives[name] = m.paused(all[name], n, enough-m.left(all, gives, name, n))
			}
		}
	}
	if m.left(all, gives, "small", gives["small"]) > limit {
		return m.allGone(), nil
	}
	into = map[string]string{}
	for name, n := range gives {
		g := all[name]
		for _, key := range g.keys[g.size-n:] {
			into[key] = g.wide
		}
	}
	return into, gives
}

// paused is how many of the n weakest rows of a group go, if up to spare of them
// may stay: those after which there is another crowd, a step in counts, or a pause.
func (m model) paused(g *heap, n, spare int) int {
	for fewer := max(1, n-max(0, spare)); fewer < n; fewer++ {
		at := g.size - fewer
		if at > 0 && m.outlasts(g.keys[at-1], g.keys[at], g.crowd) {
			return fewer
		}
	}
	return n
}

func (m model) outlasts(key, next string, crowd map[string]int) bool {
	x, y := m[key], m[next]
	return crowd[key] < crowd[next] || crowd[key] == crowd[next] && x.Count > y.Count || toTime(y.Last).Sub(toTime(x.Last)) >= time.Minute
}

func toTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// bySize orders groups of the same size: that of the small ones comes last.
func bySize(name string) string { return strings.Replace(name, "small", "~", 1) }

// left is how many rows there are when the groups have given so many, and one of
// them n.
func (m model) left(all map[string]*heap, gives map[string]int, name string, n int) int {
	left, made := len(m), map[string]bool{}
	for x, g := range all {
		given := gives[x]
		if x == name {
			given = n
		}
		if left -= given; given > 0 && m[g.wide] == nil {
			made[g.wide] = true
		}
	}
	return left + len(made)
}

func (m model) allGone() map[string]string {
	into := map[string]string{}
	for key := range m {
		into[key] = "*"
	}
	return into
}

func (m model) folded(limit int) model {
	all := m.groups(limit)
	into, gives := m.givenUp(limit, all)
	for range 2 {
		narrow := m.flooded(limit, into, gives, all)
		if len(narrow) == 0 {
			break
		}
		m = m.absorbed(narrow)
		if len(m) <= limit-limit/8 {
			return m
		}
		m.fill(limit, all)
		into, gives = m.givenUp(limit, all)
	}
	out := model{}
	for key, r := range m {
		out.add(cmp.Or(into[key], key), r)
	}
	return out
}

// flooded are the narrow rows that would take a good part of what goes.
func (m model) flooded(limit int, into map[string]string, gives map[string]int, all map[string]*heap) (narrow []string) {
	if gives == nil {
		return nil
	}
	gone, stay := map[string]int{}, map[string]int{}
	for key := range m {
		if into[key] != "" {
			gone[ownerOf(key)]++
		} else {
			stay[ownerOf(key)]++
		}
	}
	delete(gone, "")
	for owner, n := range gone {
		group := wideOf(owner)
		if all[group] == nil {
			group = "small"
		}
		_, isName := below(owner)
		if isName && (n >= 16 && n > stay[owner] || n > 1 && (n > gives[group]/8 || n > limit/4)) || !isName && n > 128 {
			narrow = append(narrow, owner)
		}
	}
	slices.SortFunc(narrow, func(x, y string) int { return cmp.Or(gone[y]-gone[x], cmp.Compare(x, y)) })
	left, sure, others := len(m), []string{}, []string{}
	for _, owner := range narrow {
		if _, isName := below(owner); !isName || gone[owner] >= 16 && gone[owner] > stay[owner] {
			sure = append(sure, owner)
			left -= gone[owner] + stay[owner] - 1
		} else {
			others = append(others, owner)
		}
	}
	for _, owner := range others {
		if left > limit-limit/8 {
			sure = append(sure, owner)
			left -= gone[owner] + stay[owner] - 1
		}
	}
	return sure
}
