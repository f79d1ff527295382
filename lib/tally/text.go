package tally

import (
	"bytes"
	"net/netip"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/keysort"
)

// An ipText is where the text of an address stands.
type ipText struct {
	head     keysort.Head // all of an IPv4 address
	from, to int
}

// appendIPs appends the addresses of an entry as a record has them, in the
// order of their texts.
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

// texts is what says that there were more addresses.
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
	ip := &t.addrs.at(n - 1).ip
	if [12]byte(ip[:12]) != [12]byte{10: 0xff, 11: 0xff} {
		return netip.AddrFrom16(*ip).AppendTo(dst)
	}
	for i, b := range ip[12:] {
		if i > 0 {
			dst = append(dst, '.')
		}
		if b >= 100 {
			dst = append(dst, '0'+b/100)
		}
		if b >= 10 {
			dst = append(dst, '0'+b/10%10)
		}
		dst = append(dst, '0'+b%10)
	}
	return dst
}

// A day is the day of the time printed last: most records have the same.
type day struct {
	begin int64
	text  [len("2006-01-02T")]byte
}

// appendTime does what aggregate.AppendTime does.
func (d *day) appendTime(dst []byte, unix int64) []byte {
	sec := unix - d.begin
	if d.text[0] == 0 || uint64(sec) >= 86400 {
		from := len(dst)
		dst = aggregate.AppendTime(dst, unix)
		if len(dst)-from == len(aggregate.TimeLayout) {
			d.begin, d.text = unix-(unix%86400+86400)%86400, [len(d.text)]byte(dst[from:])
		}
		return dst
	}
	dst = append(dst, d.text[:]...)
	h, m, s := byte(sec/3600), byte(sec/60%60), byte(sec%60)
	return append(dst, '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10, ':', '0'+s/10, '0'+s%10, 'Z')
}
