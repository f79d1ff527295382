package transact

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/dnsmasq"
)

// extra takes a line that says to which transaction it belongs.
func (t *Tracker) extra(l *dnsmasq.Line, now int64) {
	k := key{l.PID, l.Serial}
	p := t.process(l.PID)
	if p.shape != nothing {
		t.endBlock(p) // it was started again, with the option
	}
	if p.last.key != k {
		t.leave(p)
		p.last = ref{k, t.open.find(k, nil)}
	}
	if l.Kind == dnsmasq.Query {
		// A daemon in a container often has the same pid when it starts again.
		if t.open.at(p.last) != nil {
			t.open.remove(p.last.at)
		}
		p.last.at = t.asked(k, l, now)
		return
	}
	x := t.open.at(p.last)
	if x == nil || x.until < t.newest {
		return
	}
	if l.Kind == dnsmasq.Forwarded {
		x.answered, x.until = false, t.newest+openFor
		return
	}
	if ip, ok := t.answer(l, p.last.at, x.typ()); ok {
		t.credit(p.last.at, ip)
	}
	if l.Kind != dnsmasq.Stale {
		x.answered, x.until = true, t.newest+moreFor
	}
}

// leave ends the transaction that a process wrote of before, if it was
// answered: nothing more will be said of it.
func (t *Tracker) leave(p *process) {
	if x := t.open.at(p.last); x != nil && x.answered {
		t.open.remove(p.last.at)
	}
}

// asked counts a question, and opens its transaction if addresses can answer
// it. There is none with that key any more.
func (t *Tracker) asked(k key, l *dnsmasq.Line, now int64) (at uint32) {
	id := t.count(l, now)
	if l.Type == dnsmasq.OtherType {
		return 0
	}
	at = t.open.add(k, now, t.newest)
	x := &t.open.list[at]
	x.id = id
	x.wait[l.Type] = 1
	return at
}

// count counts a question. Most that are not for A follow one for A of the same
// name, which need not be sought again: 2 % of dnsparse.
func (t *Tracker) count(l *dnsmasq.Line, now int64) (id uint32) {
	name := t.name
	t.Questions += t.times
	if l.Type != dnsmasq.A && t.counted && bytes.Equal(t.table.Key(t.latest), name) {
		t.table.AddTo(t.latest, t.times, now)
		return t.latest
	}
	t.latest, t.counted = t.table.Add(name, t.times, now), true
	return t.latest
}

// canonical is a name as it is a key. It is good until the next one.
func (t *Tracker) canonical(name []byte) []byte {
	return dnsmasq.Canonical(&t.scratch[0], name)
}

// answer is the address that a line gives to a question of that type for the
// name of a transaction, if it gives one. What upstream seems to send for ANY
// are texts: dnsmasq does not log addresses there.
func (t *Tracker) answer(l *dnsmasq.Line, at uint32, typ dnsmasq.Type) (ip netip.Addr, ok bool) {
	if ip, ok = t.turned(l, at); !ok {
		ip, ok = dnsmasq.Address(l.Value)
	}
	switch typ {
	case dnsmasq.A:
		ok = ok && ip.Is4()
	case dnsmasq.AAAA:
		ok = ok && ip.Is6()
	default:
		ok = ok && l.Kind != dnsmasq.Reply
	}
	return ip, ok
}

// turned is the address of a line that has it in the place of the name, and the
// name that was asked in the place of the address.
func (t *Tracker) turned(l *dnsmasq.Line, at uint32) (ip netip.Addr, ok bool) {
	if l.Kind != dnsmasq.Local {
		return ip, false
	}
	if ip, ok = dnsmasq.Address(l.Name); !ok {
		return ip, false
	}
	asked := t.open.nameOf(at)
	t.scratch[2] = dnsmasq.AppendName(t.scratch[2][:0], l.Value)
	return ip, bytes.Equal(t.scratch[2], asked) && !bytes.Equal(l.Name, asked)
}

// credit notes an address for the name that was asked.
func (t *Tracker) credit(at uint32, ip netip.Addr) {
	x := &t.open.list[at]
	if x.id == unnamed {
		x.id = t.table.Add(t.open.nameOf(at), 0, x.asked)
	}
	t.table.AddIP(x.id, ip)
}
