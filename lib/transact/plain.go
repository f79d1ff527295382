package transact

import (
	"bytes"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/ipaddr"
)

// The lines of a plain log do not name their transaction. It follows from how
// dnsmasq writes (2.79 to 2.93):
//
//   - Its own answers, and the first "forwarded", come right after the query, in
//     the same process.
//   - An answer from upstream is a block of "reply" lines, without another line
//     of that process in it. It begins with the name of the query, and goes on
//     along the chain: after a <CNAME> comes its target, after an address another
//     address of the same name.
//   - Two blocks can touch. A line for a name that has an open query of its own
//     begins the next block if its address was in the block already, or is of the
//     other family.
//
// Not decidable: if a name has an open query for addresses and one for TXT, which
// of them a text answers that looks like an address.

// plain takes a line without a prefix.
func (t *Tracker) plain(l *dnsmasq.Line, now int64) {
	p := t.process(l.PID)
	switch l.Kind {
	case dnsmasq.Query:
		t.endBlock(p)
		t.plainQuery(p, l, now)
	case dnsmasq.Forwarded:
		t.forwarded(p)
	case dnsmasq.Reply:
		t.reply(p, l)
	case dnsmasq.Local, dnsmasq.Stale:
		t.own(p, l)
	}
}

// forwarded makes dnsmasq's own lines before it the first part of an answer: the
// links of a chain that it knew, or a stale answer.
func (t *Tracker) forwarded(p *process) {
	if x := t.alive(p.of); x != nil && p.local {
		x.until = t.newest + openFor
		p.clear()
	}
	t.endBlock(p)
	if p.last.plain() {
		p.last, p.asked = ref{}, dnsmasq.OtherType
	}
}

func (t *Tracker) plainQuery(p *process, l *dnsmasq.Line, now int64) {
	id := t.count(now)
	t.leave(p)
	p.last, p.asked = ref{}, l.Type
	if l.Type == dnsmasq.OtherType {
		return
	}
	name := t.table.Key(id)
	k := plainKeyOf(l.PID, name)
	at := t.open.find(k, name)
	if at != 0 && t.open.list[at].until < t.newest {
		t.open.remove(at)
		at = 0
	}
	if at == 0 {
		at = t.open.add(k, now, t.newest)
	}
	x := &t.open.list[at]
	x.id = id
	x.asked, x.until = max(x.asked, now), t.newest+openFor
	x.wait[l.Type] += uint8(min(t.times, uint64(255-x.wait[l.Type])))
	p.last = ref{k, at}
}

// own takes one of dnsmasq's own answers.
func (t *Tracker) own(p *process, l *dnsmasq.Line) {
	if !p.local {
		t.endBlock(p)
	}
	if !p.last.plain() || t.alive(p.last) == nil {
		return // for example a TXT answer of 2.85, which has no prefix in an extra log
	}
	name := t.canonical(l.Name)
	if _, ok := t.turned(l, p.last.at); !ok && !t.isOwn(p, name, l.Source) {
		return
	}
	t.note(p, p.last, shapeOf(l.Value), name, l.Value)
	p.local = true
	if ip, ok := t.answer(l, p.last.at, p.asked); ok {
		t.credit(p.last.at, ip)
	}
}

// isOwn reports whether name, of one of dnsmasq's own answers, is the name of the
// query or the next one of its chain.
func (t *Tracker) isOwn(p *process, name, sourceAndName []byte) bool {
	if p.local {
		return p.shape == alias || p.tail == hashName(name)
	}
	asked := t.open.nameOf(p.last.at)
	if bytes.Equal(name, asked) {
		return true
	}
	t.scratch[1] = dnsmasq.AppendName(t.scratch[1][:0], sourceAndName)
	source, ok := bytes.CutSuffix(t.scratch[1], asked) // SOURCE is a path that may hold spaces
	return ok && bytes.HasSuffix(source, []byte(`\032`))
}

// reply takes an answer from upstream.
func (t *Tracker) reply(p *process, l *dnsmasq.Line) {
	name := t.canonical(l.Name)
	is := shapeOf(l.Value)
	of := p.of
	if p.local || !t.continues(p, name, is, l.Value) {
		t.endBlock(p)
		of = t.pending(p.pid, name)
	}
	x := t.alive(of)
	if x == nil {
		return
	}
	t.note(p, of, is, name, l.Value)
	typ := dnsmasq.A
	if is == ipv6 {
		typ = dnsmasq.AAAA
	}
	if ip, ok := ipaddr.Parse(l.Value); ok && x.wait[typ] > 0 {
		t.credit(of.at, ip)
	}
}

// pending returns the open transaction of a process and a name.
func (t *Tracker) pending(pid uint32, name []byte) ref {
	k := plainKeyOf(pid, name)
	return ref{k, t.open.find(k, name)}
}

func plainKeyOf(pid uint32, name []byte) key {
	return key{pid | plainKey, uint32(hashName(name))}
}

// alive returns the transaction of r, or nil if it is closed or its time is over.
func (t *Tracker) alive(r ref) *transaction {
	if x := t.open.at(r); x != nil && x.until >= t.newest {
		return x
	}
	return nil
}
