package transact

import (
	"bytes"
	"net/netip"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/ipaddr"
)

// extra takes a line with a prefix, which names its transaction.
func (t *Tracker) extra(l *dnsmasq.Line, now int64) {
	k := key{l.PID, l.Serial}
	p := t.process(l.PID)
	if p.shape != nothing {
		t.endBlock(p) // dnsmasq was started again, now with extra
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

// leave closes the transaction of a process's last line if it was answered: no
// more lines of it will come.
func (t *Tracker) leave(p *process) {
	if x := t.open.at(p.last); x != nil && x.answered {
		t.open.remove(p.last.at)
	}
}

// asked counts a query, and opens its transaction if addresses can answer it. It
// returns the index of the transaction, or 0. The caller has closed any transaction
// with the key k.
func (t *Tracker) asked(k key, l *dnsmasq.Line, now int64) (at uint32) {
	id := t.count(now)
	if l.Type == dnsmasq.OtherType {
		return 0
	}
	at = t.open.add(k, now, t.newest)
	x := &t.open.list[at]
	x.id = id
	x.wait[l.Type] = 1
	return at
}

// count counts a query for t.name, and returns the entry of the name.
func (t *Tracker) count(now int64) (id uint32) {
	t.latest, t.counted = t.table.Add(t.name, t.times, now), true
	return t.latest
}

// canonical returns a name in canonical form, valid until the next call.
func (t *Tracker) canonical(name []byte) []byte {
	name, _ = dnsmasq.Canonical(&t.scratch[0], name)
	return name
}

// answer returns the address in a line that answers a query of that type for the
// name of the transaction at; ok is false if there is none. An address in an answer
// of upstream to ANY is text: dnsmasq does not log the addresses there.
func (t *Tracker) answer(l *dnsmasq.Line, at uint32, typ dnsmasq.Type) (ip netip.Addr, ok bool) {
	if ip, ok = t.turned(l, at); !ok {
		ip, ok = ipaddr.Parse(l.Value)
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

// turned returns the address of a line in which address and name have changed
// places ("config ADDRESS is NAME").
func (t *Tracker) turned(l *dnsmasq.Line, at uint32) (ip netip.Addr, ok bool) {
	if l.Kind != dnsmasq.Local {
		return ip, false
	}
	if ip, ok = ipaddr.Parse(l.Name); !ok {
		return ip, false
	}
	asked := t.open.nameOf(at)
	t.scratch[2] = dnsmasq.AppendName(t.scratch[2][:0], l.Value)
	return ip, bytes.Equal(t.scratch[2], asked) && !bytes.Equal(l.Name, asked)
}

// credit adds an address to the name of the query.
func (t *Tracker) credit(at uint32, ip netip.Addr) {
	x := &t.open.list[at]
	if x.id == unnamed {
		x.id = t.table.Add(t.open.nameOf(at), 0, x.asked)
	}
	t.table.AddIP(x.id, ip)
}
