package aggregate

import (
	"bytes"
	"slices"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/ipaddr"
)

// parseIPs checks a list of addresses (or of prefixes, where many were folded into
// one), and returns it sorted, each address once and in the form that is printed.
func parseIPs(list []byte) ([]byte, error) {
	if string(list) == "-" {
		return list, nil
	}
	var before, ip []byte
	for rest := list; rest != nil; before = ip {
		ip, rest = CutIP(rest)
		if !canonical(ip) || bytes.Compare(before, ip) >= 0 {
			return sortIPs(list)
		}
	}
	return fold.Absorb(list), nil
}

// sortIPs is parseIPs for a list that another program has made: its addresses
// may be in any order, and more than once.
func sortIPs(list []byte) ([]byte, error) {
	ips := bytes.Split(list, []byte{','})
	for i, ip := range ips {
		text, ok := fold.Respell(nil, ip)
		if !ok {
			return nil, errIPs
		}
		ips[i] = text
	}
	slices.SortFunc(ips, bytes.Compare)
	return fold.Absorb(bytes.Join(slices.CompactFunc(ips, bytes.Equal), []byte{','})), nil
}

// canonical reports whether b is an address or a prefix just as it is printed.
func canonical(b []byte) bool {
	if plain(b) {
		return true
	}
	var buf [64]byte
	printed, ok := fold.Respell(buf[:0], b)
	return ok && bytes.Equal(printed, b)
}

// misspelt reports whether a key is an address that would be printed in another
// way. For most keys a few bytes are enough to return false.
func misspelt(key []byte) bool {
	if len(key) == 0 || key[0]-'0' > 9 && bytes.IndexByte(key, ':') < 0 {
		return false
	}
	return !plain(key) && fold.Misspelt(key)
}

// plain reports whether b is certainly an address as it is printed: an IPv4
// address, or an IPv6 address of which no group begins with a 0 and which is not
// IPv4-mapped. Most addresses are such, and to print each in order to compare it
// makes reading an aggregate 6 to 8 % slower.
func plain(b []byte) bool {
	if _, size := ipaddr.Read4(b); size > 0 {
		return size == len(b)
	}
	front, back, gap := bytes.Cut(b, []byte("::"))
	n, ok1 := hexGroups(front)
	m, ok2 := hexGroups(back)
	return ok1 && ok2 && (gap && n+m <= 6 || !gap && n == 8) && !bytes.HasPrefix(b, []byte("::ffff:"))
}

// hexGroups returns how many groups of an IPv6 address b has. ok is false if one
// of them begins with a 0, or is none.
func hexGroups(b []byte) (groups int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	digits := 0 // of the group
	for _, c := range b {
		switch {
		case digits > 0 && c == ':':
			groups, digits = groups+1, 0
		case digits < 4 && (c-'1' <= 8 || c-'a' <= 5 || c == '0' && digits > 0):
			digits++
		default:
			return 0, false
		}
	}
	return groups + 1, digits > 0
}
