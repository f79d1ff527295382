package fleet

import (
	"bytes"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unsafe"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/sighting"
	"egress-monitor/lib/suffix"
)

const (
	// manyNames is how many names make a domain conspicuous.
	manyNames = 30
	// askedOnce is the average count of names below which they may carry data: a
	// dual-stack question (A and AAAA) and its repetition.
	askedOnce = 4
	// manyNetworks is the number of networks, /16 or /32, from which on the addresses
	// of a name are spread.
	manyNetworks = 20
)

// A domain sums up the names of a registrable domain on a host. A host may have a
// million of them, so only those that are reported become an Item.
type domain struct {
	whole       string
	hash        uint64
	count       uint64
	first, last sighting.Stamp
	lone        lone
	example     string // one of the lone names
	only        string // the name, of a domain that came later and is not rare
	addr        string // the first address it leads to
	wide        string // the name that leads to the most networks

	hosts, names, networks uint32
	lookups                uint32 // names that begin with an address
	watched                uint32 // names that are on a watch-list

	born, isNew, folded, overflow, answered bool
}

// lone sums up the names of a domain that few hosts ask for.
type lone struct {
	count       uint64
	first, last sighting.Stamp
	n, fresh    uint32
	born        bool
}

// names takes the rows of unique-domains.log of one host.
type names struct {
	*reading
	rows    int
	domains map[string]*domain
	key     []byte
	watched bool // the row at hand is on a watch-list, which is finding enough
}

func (n *names) visit(rec *aggregate.Record, was past) error {
	f, h, last := n.f, n.host, sighting.ParseStamp(rec.Last)
	if rec.IPs == nil {
		h.strayed[0]++
		return nil
	}
	if err := n.table.Add(*rec); err != nil {
		return err
	}
	n.rows++
	if holds, alone := f.canaries.name(rec.Key); holds {
		h.canaries[0] = max(h.canaries[0], last)
		if alone {
			return nil
		}
	}
	h.Domains++
	h.Questions = aggregate.AddCount(h.Questions, rec.Count)
	h.last[0] = max(h.last[0], last)
	item := Item{Count: rec.Count, Last: last}
	item.First, item.Born, item.New = h.age(was.first, n.since)
	n.watched = f.watchName(n, rec.Key, item)
	n.grown[0].add(rec, was, &item)
	if n.watched || !f.Allow.Name(h.Name, rec.Key) {
		return n.take(rec, item)
	}
	h.Allowed++
	return nil
}

// take takes a row that no rule allows.
func (n *names) take(rec *aggregate.Record, item Item) error {
	item.Hosts = max(1, n.f.On[Names].Hosts(sighting.Hash(rec.Key)))
	if item.New {
		n.host.NewDomains++
	}
	if fold.Wide(rec.Key) {
		n.host.wide[0].add(rec, item.First)
		return nil
	}
	if isReverse(rec.Key) {
		if item.Hosts <= n.f.rare {
			item.What = string(rec.Key)
			n.add(Reverse, item)
		}
		return n.collect(rec, reverseDomain, item)
	}
	if r, ok := n.f.Known.Name(rec.Key); ok {
		item.What, item.Note = string(rec.Key), r.Operator
		if !n.watched {
			n.add(Resolver, item)
		}
		n.meet(met{r, item})
		return n.collect(rec, sighting.Hash(rec.Key), item)
	}
	return n.collect(rec, n.domain(rec, &item), item)
}

// collect puts a row in the tables of the fleet, if few hosts have it or it is
// new.
func (n *names) collect(rec *aggregate.Record, of uint64, item Item) error {
	if item.Hosts > n.f.rare && !item.New {
		return nil
	}
	n.key = append(order.AppendUint64(n.key[:0], of), rec.Key...)
	return n.keep(&n.ofNames, n.key, item, false)
}

// In the fleet's collector a name follows the hash of its registrable domain, so
// that the names of a domain are adjacent.
var order = binary.BigEndian

// Split returns the registrable domain, as a hash, and the name of such a key.
func Split(key string) (domain, name string) { return key[:8], key[8:] }

// reverseDomain is the domain of all reverse names.
var reverseDomain = sighting.Hash([]byte("arpa"))

// domain takes a name into its registrable domain, and returns the hash of that.
func (n *names) domain(rec *aggregate.Record, item *Item) uint64 {
	key, folded := fold.Names(rec.Key)
	of := suffix.Registrable(unsafe.String(unsafe.SliceData(key), len(key))) // only read
	d := n.domains[of]
	if d == nil {
		of = strings.Clone(of)
		hash := hashString(of)
		d = &domain{whole: of, hosts: max(1, n.f.On[Domains].Hosts(hash)), hash: hash}
		n.domains[of] = d
	}
	d.addName(item, rec, folded, n.f.rare)
	d.watched += uint32(index(n.watched))
	if item.Hosts <= n.f.rare {
		d.lone.add(item)
		if d.example == "" || item.New {
			d.example = string(rec.Key)
		}
	}
	return d.hash
}

// add takes a name that few hosts ask for.
func (l *lone) add(item *Item) {
	if l.n == 0 || item.First < l.first {
		l.first, l.born = item.First, item.Born
	}
	l.last = max(l.last, item.Last)
	l.count = aggregate.AddCount(l.count, item.Count)
	l.n++
	l.fresh += uint32(index(item.New))
}

func (d *domain) addName(item *Item, rec *aggregate.Record, folded bool, rare uint32) {
	if d.names == 0 || item.First < d.first {
		d.first, d.born, d.isNew = item.First, item.Born, item.New
	}
	d.names++
	if item.Born && d.names == 1 && d.hosts > rare {
		d.only = string(rec.Key)
	}
	d.count = aggregate.AddCount(d.count, item.Count)
	d.last = max(d.last, item.Last)
	d.folded = d.folded || folded
	d.lookups += uint32(index(beginsWithAddress(rec.Key)))
	if len(rec.IPs) == 1 || string(rec.Key) == fold.Unprintable { // "-", or any name
		return
	}
	d.answered = true
	d.addresses(rec.Key, rec.IPs)
}

// addresses takes the addresses that a name leads to.
func (d *domain) addresses(name, list []byte) {
	if d.addr == "" {
		first, _, _ := bytes.Cut(list, []byte{','})
		d.addr = string(first)
	}
	n := 1 + bytes.Count(list, []byte{','})
	if n < manyNetworks && bytes.IndexByte(list, '/') < 0 {
		return
	}
	nets, public, wide := spread(list)
	d.overflow = d.overflow || wide
	if nets >= manyNetworks && 2*nets >= public || wide {
		if d.wide == "" || uint32(nets) > d.networks {
			d.wide = string(name)
		}
		d.networks = max(d.networks, uint32(nets))
	}
}

// spread counts the networks in a list of addresses that are not the sender's
// own: /16 of IPv4 and /32 of IPv6.
func spread(list []byte) (nets, addresses int, wide bool) {
	seen := map[netip.Prefix]bool{}
	for len(list) > 0 {
		ip, rest, _ := bytes.Cut(list, []byte{','})
		list = rest
		p, ok := fold.Address(ip)
		if !ok || p.Addr().IsPrivate() || p.Addr().IsLoopback() {
			continue
		}
		bits := 32
		if p.Addr().Is4() {
			bits = 16
		}
		if !fold.Leads(p) {
			wide = true // "and more"
			continue
		}
		addresses++
		seen[netip.PrefixFrom(p.Addr(), bits).Masked()] = true
	}
	return len(seen), addresses, wide
}

func isReverse(name []byte) bool {
	return bytes.HasSuffix(name, []byte(".in-addr.arpa")) || bytes.HasSuffix(name, []byte(".ip6.arpa"))
}

// beginsWithAddress reports whether a name is the look-up of an address in a
// list: 4.3.2.1.list.example, or 32 hexadecimal digits.
func beginsWithAddress(name []byte) bool {
	labels, hex := 0, 0
	for len(name) > 0 {
		label, rest, _ := bytes.Cut(name, []byte{'.'})
		if len(label) == 1 && isHex(label[0]) {
			hex++
		} else if !isOctet(label) || hex > labels {
			break
		}
		labels++
		name = rest
	}
	return (labels == 4 || hex == 32 && labels == 32) && len(name) > 0
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

func isOctet(label []byte) bool {
	n := 0
	for _, c := range label {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return len(label) > 0 && len(label) <= 3 && n <= 255
}

func (w *folded) add(rec *aggregate.Record, since sighting.Stamp) {
	w.rows++
	w.count = aggregate.AddCount(w.count, rec.Count)
	if w.what == "" || w.since == 0 || since < w.since {
		w.what, w.since = string(rec.Key), since
	}
}

// finish makes items of the domains.
func (n *names) finish() {
	for _, d := range n.ordered() {
		n.host.overflow += index(d.overflow)
		if d.watched == d.names {
			continue
		}
		if kind, item, ok := d.kind(n.f.rare, uint32(len(n.f.Hosts))); ok {
			item.TopLevel = n.f.loneTop(d.whole)
			n.add(kind, item)
		}
		if d.born && d.hosts > n.f.rare {
			n.odd(d)
		}
	}
	n.crowds[Domain] = together(n.crowds[Domain])
}

// ordered returns the domains. If there are more than can be held, it sorts
// them by name, so that each report holds the same ones.
func (n *names) ordered() []*domain {
	all := slices.Collect(maps.Values(n.domains))
	if len(all) > maxHeld {
		slices.SortFunc(all, func(a, b *domain) int { return strings.Compare(a.whole, b.whole) })
	}
	return all
}

// loneTop returns the top-level domain of a name if only one host of many asks
// for names below it.
func (f *Fleet) loneTop(name string) string {
	top := topLevel(name)
	if len(f.Hosts) < 5 || name == fold.Unprintable || f.On[topLevels].Hosts(hashString(top)) > 1 {
		return ""
	}
	return top
}

// odd takes a domain that came after the first pull, and that many hosts have.
func (n *names) odd(d *domain) {
	item := d.item(d.whole)
	if d.names == 1 {
		item.Name = d.only
	}
	n.takeFresh(item)
	if n.f.On[roleKeys].Hosts(ofRole(d.hash, n.role)) <= 1 {
		n.add(Odd, item)
	}
}

// item returns the item of a domain, called by it or by a name.
func (d *domain) item(what string) Item {
	return Item{
		What: what, Count: d.count, First: d.first, Last: d.last, Born: d.born, New: d.isNew, Hosts: d.hosts, Names: int(d.names),
		Networks: int(d.networks), Overflow: d.overflow, Folded: d.folded, Addr: d.addr,
	}
}

// kind returns the item of a domain, and its kind; ok is false if the domain is
// ordinary. Names with unprintable bytes, which are one row, are as many names as there
// are questions; in a fleet half of which has them they are ordinary.
func (d *domain) kind(rare, hosts uint32) (kind Kind, item Item, ok bool) {
	few := d.hosts <= rare
	asked := d.count / uint64(max(1, d.names))
	l := &d.lone
	switch {
	case d.whole == fold.Unprintable && d.count >= manyNames:
		return Many, d.item(d.whole), few || 2*d.hosts < hosts
	case d.lookups*2 > d.names && d.names >= manyNames && few:
		return Lookup, d.item(d.whole), true
	case d.folded, l.n >= manyNames && asked < askedOnce && (few || l.n*10 >= d.names*9):
		item = d.item(d.whole)
		item.New = item.New || l.fresh*2 > l.n
		return Many, item, true
	case d.networks > 0 || d.overflow:
		return Spread, d.item(d.wide), true
	case few && d.names == 1:
		return []Kind{Unanswered, Domain}[index(d.answered)], d.item(d.example), true
	case few && !d.answered:
		return Unanswered, d.item(d.whole), true
	case few:
		return Domain, d.item(d.whole), true
	case l.n > 0 && d.lookups == 0:
		// a domain that has a new name each day has nothing new
		return Name, Item{What: d.example, Count: l.count, First: l.first, Last: l.last, Born: l.born, New: l.fresh*2 > l.n, Names: int(l.n), Hosts: 1}, true
	}
	return 0, item, false
}

// together makes one item of those domains that lead to the same address. It does not
// depend on their order.
func together(items []Item) []Item {
	at := map[string]int{}
	kept := items[:0]
	for _, item := range items {
		i, ok := at[item.Addr]
		if !ok {
			at[item.Addr] = len(kept)
			kept = append(kept, item)
			continue
		}
		same := &kept[i]
		if item.What < same.What {
			same.What, same.TopLevel = item.What, item.TopLevel
		}
		same.Names += item.Names
		same.join(&item)
	}
	return kept
}

func hashString(s string) uint64 {
	return sighting.Hash(unsafe.Slice(unsafe.StringData(s), len(s)))
}
