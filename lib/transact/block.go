package transact

import (
	"slices"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/ipaddr"
)

// A block is the answer that a process is writing to a plain log.
type block struct {
	of    ref          // the transaction it answers
	asked dnsmasq.Type // the type of the process's last query
	local bool         // it is dnsmasq's own answer to that query
	shape shape        // of the last line
	links uint8        // aliases so far
	tail  uint64       // hash of the name of the last line
	seen  []uint64     // hashes of its addresses
}

// A shape is a kind of answer, as far as its value shows it.
type shape uint8

const (
	nothing   shape = iota
	alias           // <CNAME>
	ipv4            // an address, or text that looks like one
	ipv6            //
	noIPv4          // NODATA-IPv4
	noIPv6          // NODATA-IPv6
	noName          // NXDOMAIN
	something       // <MX>, NODATA, text
)

const (
	// maxLinks is how many links of a chain dnsmasq logs.
	maxLinks = 10
	// maxSeen is how many addresses of a block are remembered.
	maxSeen = 16
)

// continues reports whether a line from upstream continues the block of the
// process's last line.
func (t *Tracker) continues(p *process, name []byte, is shape, value []byte) bool {
	x := t.alive(p.of)
	switch {
	case x == nil || p.shape == nothing:
		return false
	case p.shape == alias:
		return p.links < maxLinks && (x.wait[dnsmasq.A] > 0 || x.wait[dnsmasq.AAAA] > 0 || t.pending(p.pid, name).at == 0)
	case p.tail != hashName(name) || is != p.shape:
		return false
	case is == ipv4 || is == ipv6:
		return !p.saw(value) || t.pending(p.pid, name).at == 0
	}
	return is == something
}

// note makes a line the last one of the process's block.
func (t *Tracker) note(p *process, of ref, is shape, name, value []byte) {
	p.of, p.shape, p.tail = of, is, hashName(name)
	if x := &t.open.list[of.at]; x.questions() == 1 {
		x.until = t.newest + moreFor
	}
	switch is {
	case alias:
		p.links++
	case ipv4, ipv6:
		if len(p.seen) < maxSeen && !p.saw(value) {
			p.seen = append(p.seen, hashName(value))
		}
	}
}

func (b *block) saw(value []byte) bool {
	return slices.Contains(b.seen, hashName(value))
}

func (b *block) clear() {
	*b = block{asked: b.asked, seen: b.seen[:0]}
}

// endBlock ends a block: its transaction waits for one query less.
func (t *Tracker) endBlock(p *process) {
	if x := t.open.at(p.of); x != nil {
		if typ := p.answers(x); x.wait[typ] > 0 {
			x.wait[typ]--
		}
		if x.wait == [4]uint8{} {
			t.open.remove(p.of.at)
		}
	}
	p.clear()
}

// answers returns the type of the query that a block has answered.
func (b *block) answers(x *transaction) dnsmasq.Type {
	switch {
	case b.local:
		return b.asked
	case b.shape == ipv4 || b.shape == noIPv4:
		return dnsmasq.A
	case b.shape == ipv6 || b.shape == noIPv6:
		return dnsmasq.AAAA
	case x.wait[dnsmasq.ANY] > 0:
		return dnsmasq.ANY
	case b.shape == something || b.shape == alias && b.links < maxLinks:
		return dnsmasq.OtherType
	case x.wait[dnsmasq.A] > 0:
		return dnsmasq.A
	}
	return dnsmasq.AAAA
}

func shapeOf(value []byte) shape {
	if ip, ok := ipaddr.Parse(value); ok {
		if ip.Is4() {
			return ipv4
		}
		return ipv6
	}
	switch string(value) {
	case "<CNAME>":
		return alias
	case "NODATA-IPv4":
		return noIPv4
	case "NODATA-IPv6":
		return noIPv6
	case "NXDOMAIN":
		return noName
	}
	return something
}

// hashName returns the FNV-1a hash of a name. It is part of carry lines, so it is
// the same in every run.
func hashName(name []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range name {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
