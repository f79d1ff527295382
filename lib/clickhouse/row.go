package clickhouse

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/resolvers"
)

// line is a row of data in the making, as TabSeparated has it.
type line []byte

func (l line) text(s []byte) line {
	for _, c := range s {
		if c == '\\' || c == '\t' || c == '\n' {
			l = append(l, '\\')
		}
		if c == '\t' || c == '\n' {
			c = map[byte]byte{'\t': 't', '\n': 'n'}[c]
		}
		l = append(l, c)
	}
	return append(l, '\t')
}

func (l line) number(n uint64) line { return append(strconv.AppendUint(l, n, 10), '\t') }

func (l line) flag(yes bool) line {
	if yes {
		return append(l, "1\t"...)
	}
	return append(l, "0\t"...)
}

// What DateTime holds, in seconds since 1970, with a day to spare: servers print
// 0 in a way of their own.
var (
	earliest = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2105, 12, 31, 0, 0, 0, 0, time.UTC)
)

// time appends a time, UTC, in the only form that all versions read alike.
func (l line) time(t time.Time) line {
	if t.Before(earliest) {
		t = earliest
	} else if t.After(latest) {
		t = latest
	}
	return append(t.UTC().AppendFormat(l, "2006-01-02 15:04:05"), '\t')
}

// stamp is time for one of aggregate.TimeLayout.
func (l line) stamp(b []byte) line {
	if year := string(b[:4]); "1971" <= year && year <= "2104" {
		l = append(append(l, b[:10]...), ' ')
		return append(append(l, b[11:19]...), '\t')
	}
	t, err := time.Parse(aggregate.TimeLayout, string(b))
	if err != nil {
		t = earliest
	}
	return l.time(t)
}

// array appends a list of addresses.
func (l line) array(list []byte) line {
	if string(list) == "-" {
		return append(l, "[]\t"...)
	}
	l = append(l, "['"...)
	l = append(l, bytes.ReplaceAll(list, []byte{','}, []byte("','"))...)
	return append(l, "']\t"...)
}

// end ends the row.
func (l line) end() line {
	l[len(l)-1] = '\n'
	return l
}

// folded returns the column folded of a key.
func folded(key []byte) uint64 {
	switch {
	case fold.Narrow(key):
		return 1
	case fold.Wide(key):
		return 2
	}
	return 0
}

// canaryName reports whether egress-monitor itself asks for a name.
func canaryName(key []byte) bool {
	for _, name := range []string{layout.CanaryName, layout.SystemCanaryName} {
		if rest, ok := strings.CutSuffix(string(key), name); ok && (rest == "" || strings.HasSuffix(rest, ".")) {
			return true
		}
	}
	return false
}

func canaryAddress(p netip.Prefix) bool {
	for _, text := range []string{layout.CanaryIP4, layout.CanaryIP6} {
		if canary, ok := fold.Address([]byte(text)); ok && canary == p {
			return true
		}
	}
	return false
}

// operator returns the value of the column resolver. For a wide row it is empty: such a
// row stands for many operators.
func operator(key []byte, r *resolvers.Resolver, ok bool) []byte {
	if !ok || fold.Wide(key) {
		return nil
	}
	return []byte(r.Operator)
}
