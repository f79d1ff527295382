package join

import (
	"errors"
	"io"
	"net/netip"
	"slices"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/union"
)

var (
	errNotAddress = errors.New("key: not an address")
	errDomain     = errors.New("has addresses: not a row of addresses")
	errChanged    = errors.New("the names have changed while they were read")
)

// EachAddress calls visit with each row of addresses, and with the numbers of the
// names that led to it (see Name).
func (t *Table) EachAddress(ips *union.Reader, visit func(rec aggregate.Record, names []uint32) error) error {
	var names []uint32
	for ips.Next() {
		rec := ips.Record()
		var ok bool
		names, ok = t.lookupKey(names[:0], rec.Key)
		switch {
		case !ok:
			ips.Skip(errNotAddress)
			continue
		case rec.IPs != nil:
			ips.Skip(errDomain)
			continue
		}
		if err := visit(rec, names); err != nil {
			return err
		}
	}
	return ips.Err()
}

// lookupKey is Lookup for a key. It returns false if the key is not an address.
// The key * stands for all addresses.
func (t *Table) lookupKey(dst []uint32, key []byte) ([]uint32, bool) {
	if string(key) == "*" {
		dst = t.Lookup(dst, everyIPv4)
		dst = t.Lookup(dst, everyIPv6)
		slices.Sort(dst)
		return slices.Compact(dst), true
	}
	p, ok := fold.Address(key)
	if ok {
		dst = t.Lookup(dst, p)
	}
	return dst, ok
}

var everyIPv4, everyIPv6 = netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")

// Print writes each row of addresses with the names that led there in a fourth
// field, separated by commas; "-" if there is none.
func (t *Table) Print(w io.Writer, ips *union.Reader) error {
	var buf []byte
	return t.EachAddress(ips, func(rec aggregate.Record, names []uint32) error {
		buf = rec.Append(buf[:0])
		buf[len(buf)-1] = ' '
		buf = append(t.appendNames(buf, names), '\n')
		_, err := w.Write(buf)
		return err
	})
}

func (t *Table) appendNames(dst []byte, names []uint32) []byte {
	if len(names) == 0 {
		return append(dst, '-')
	}
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendName(dst, t.Name(n))
	}
	return dst
}

// appendName appends a name. The name "-", which somebody may ask for, is escaped:
// "-" alone means that there is no name.
func appendName(dst, name []byte) []byte {
	if string(name) == "-" {
		return append(dst, `\045`...)
	}
	return append(dst, name...)
}

// PrintDirect writes the rows of addresses that no name led to, unchanged, and the
// rows for many addresses to some of which no name can have led (see Known).
func (t *Table) PrintDirect(w io.Writer, ips *union.Reader) error {
	var buf []byte
	return t.EachAddress(ips, func(rec aggregate.Record, _ []uint32) error {
		if p, ok := fold.Address(rec.Key); ok && t.Known(p) {
			return nil
		}
		buf = rec.Append(buf[:0])
		_, err := w.Write(buf)
		return err
	})
}

// PrintUnvisited writes the rows of domains none of whose addresses was contacted.
// The table must have been made of the same file.
func (t *Table) PrintUnvisited(w io.Writer, ips *union.Reader, domains *union.File) error {
	visited := make([]bool, t.Len())
	err := t.EachAddress(ips, func(_ aggregate.Record, names []uint32) error {
		for _, n := range names {
			visited[n] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	r, n := domains.Rows(), 0
	var buf []byte
	for r.Next() {
		rec := r.Record()
		if rec.IPs == nil {
			continue // Read has skipped it too
		}
		if n == len(visited) {
			return errChanged
		}
		if !visited[n] && string(rec.IPs) != "-" {
			buf = rec.Append(buf[:0])
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		n++
	}
	return r.Err()
}
