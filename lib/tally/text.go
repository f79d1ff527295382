package tally

import (
	"bytes"
	"net/netip"
	"slices"

	"egress-monitor/lib/keysort"
)

// An ipText is the text of an address in Table.texts.
type ipText struct {
	head     keysort.Head // its beginning, which is all of an IPv4 address
	from, to int
}

// appendIPs appends the addresses of an entry as in a record, in the order of
// their texts.
func (t *Table) appendIPs(dst []byte, e *entry) []byte {
	switch e.addrCount {
	case 0:
		return append(dst, '-')
	case 1:
		return t.appendIP(dst, e.nextAddr)
	}
	buf, list := t.texts[:0], t.ips[:0]
	n := e.nextAddr
	for range e.addrCount {
		from := len(buf)
		buf = t.appendIP(buf, n)
		list = append(list, ipText{keysort.HeadOf(buf[from:]), from, len(buf)})
		n = t.addrs.at(n - 1).next
	}
	for _, text := range e.more.texts() {
		from := len(buf)
		buf = append(buf, text...)
		list = append(list, ipText{keysort.HeadOf(buf[from:]), from, len(buf)})
	}
	slices.SortFunc(list, func(x, y ipText) int {
		if x.head != y.head {
			return x.head.Compare(y.head)
		}
		return bytes.Compare(buf[x.from:x.to], buf[y.from:y.to])
	})
	for _, ip := range list {
		dst = append(append(dst, buf[ip.from:ip.to]...), ',')
	}
	t.texts, t.ips = buf, list
	return dst[:len(dst)-1]
}

// texts returns the prefixes that mean "and others".
func (m more) texts() (list []string) {
	if m&more4 != 0 {
		list = append(list, "0.0.0.0/0")
	}
	if m&more6 != 0 {
		list = append(list, "::/0")
	}
	return list
}

func (t *Table) appendIP(dst []byte, n uint32) []byte {
	return netip.AddrFrom16(t.addrs.at(n - 1).ip).Unmap().AppendTo(dst)
}
