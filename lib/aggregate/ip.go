package aggregate

import (
	"bytes"
	"net/netip"
	"slices"
	"unsafe"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/ipv4"
)

// parseIPs checks a list of addresses (or of prefixes, where many were folded
// into one), and returns it in its one form.
func parseIPs(list []byte) ([]byte, error) {
	if string(list) == "-" {
		return list, nil
	}
	var before []byte
	for rest := list; ; {
		i := bytes.IndexByte(rest, ',')
		ip := rest
		if i >= 0 {
			ip = rest[:i]
		}
		if !canonical(ip) || bytes.Compare(before, ip) >= 0 {
			return sortIPs(list)
		}
		if i < 0 {
			return absorb(list), nil
		}
		before, rest = ip, rest[i+1:]
	}
}

// sortIPs is parseIPs for a list that another program has made: its addresses
// may be in any order, and more than once.
func sortIPs(list []byte) ([]byte, error) {
	ips := bytes.Split(list, []byte{','})
	for i, ip := range ips {
		text, ok := appendCanonical(nil, ip)
		if !ok {
			return nil, errIPs
		}
		ips[i] = text
	}
	slices.SortFunc(ips, bytes.Compare)
	return absorb(bytes.Join(slices.CompactFunc(ips, bytes.Equal), []byte{','})), nil
}

// absorb takes out what prefixes of the list cover; most lists have none.
func absorb(list []byte) []byte {
	if bytes.IndexByte(list, '/') < 0 {
		return list
	}
	return fold.Absorb(list)
}

func appendCanonical(dst, b []byte) ([]byte, bool) {
	s := unsafe.String(unsafe.SliceData(b), len(b)) // only read, and not kept
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return a.AppendTo(dst), true
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked().AppendTo(dst), true
	}
	return dst, false
}

// canonical reports whether b is an address or a prefix just as it is printed.
// Every address of an aggregate is looked at in every poll, so most of them
// are known from their bytes alone: that takes 10 to 20 ns, where netip reads
// and prints one in 100.
func canonical(b []byte) bool {
	if canonicalIPv4(b) || canonicalIPv6(b) {
		return true
	}
	var buf [64]byte
	got, ok := appendCanonical(buf[:0], b)
	return ok && bytes.Equal(got, b)
}

// misspelt reports whether a key is an address that would be printed in another
// way. Most names and addresses are known not to be at a glance.
func misspelt(key []byte) bool {
	if len(key) == 0 || key[0]-'0' > 9 && bytes.IndexByte(key, ':') < 0 {
		return false
	}
	return !canonicalIPv4(key) && !canonicalIPv6(key) && fold.Misspelt(key)
}

func canonicalIPv4(b []byte) bool {
	_, size := ipv4.Read(b)
	return size > 0 && size == len(b)
}

// canonicalIPv6 knows those addresses that are in the form of RFC 5952 beyond
// doubt: with a "::" and no other group that is 0, or without it and no two
// such groups side by side. An IPv4-mapped one is not printed in groups alone.
func canonicalIPv6(b []byte) bool {
	if bytes.HasPrefix(b, []byte("::ffff:")) {
		return false
	}
	front, back, gap := bytes.Cut(b, []byte("::"))
	n, zeros, ok := hexGroups(front)
	if !ok || !gap {
		return ok && n == 8 && zeros <= 1
	}
	m, zeros2, ok := hexGroups(back)
	return ok && n+m <= 6 && zeros == 0 && zeros2 == 0
}

// hexGroups reads groups of an IPv6 address, if they have no leading zeros,
// and says how many there are, and how many at most are 0 side by side.
func hexGroups(b []byte) (groups, zeros int, ok bool) {
	if len(b) == 0 {
		return 0, 0, true
	}
	digits, run := 0, 0
	for i := 0; i <= len(b); i++ {
		switch {
		case i < len(b) && (b[i]-'0' <= 9 || b[i]-'a' <= 5):
			if digits == 4 || digits > 0 && b[i-digits] == '0' {
				return 0, 0, false
			}
			digits++
		case digits == 0 || i < len(b) && b[i] != ':':
			return 0, 0, false
		default: // the end of a group
			if digits == 1 && b[i-1] == '0' {
				run++
				zeros = max(zeros, run)
			} else {
				run = 0
			}
			groups, digits = groups+1, 0
		}
	}
	return groups, zeros, true
}
