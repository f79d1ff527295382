package fold

import (
	"bytes"
	"slices"
)

// Absorb takes out of a sorted list of addresses and prefixes those that a
// prefix of the list covers, if that is one that Leads. The list that it
// returns may be the same one.
func Absorb(list []byte) []byte {
	var s prefixSet
	entries := bytes.Split(list, []byte{','})
	for _, e := range entries {
		if p, ok := parsePrefix(e); ok && bytes.IndexByte(e, '/') >= 0 && Leads(p) {
			s.add(p)
		}
	}
	return rewrite(list, entries, &s)
}

// List folds a sorted list of addresses and prefixes into limit of them at most,
// or two, if that is more: one for IPv4 and one for IPv6.
func List(list []byte, limit int) []byte {
	if bytes.Count(list, []byte{','}) < limit {
		return list
	}
	entries := bytes.Split(list, []byte{','})
	c := NewCounter(max(limit, 2))
	for _, e := range entries {
		c.Add(e)
	}
	var s prefixSet
	for _, family := range c.choose() {
		s.add(family.prefix)
	}
	return rewrite(list, entries, &s)
}

// rewrite puts prefixes into the place of what they cover.
func rewrite(list []byte, entries [][]byte, s *prefixSet) []byte {
	if len(s.keys) == 0 {
		return list
	}
	changed := false
	for i, e := range entries {
		p, ok := parsePrefix(e)
		if !ok {
			continue
		}
		if top := s.top(p); top != "" && top != string(e) {
			entries[i], changed = []byte(top), true
		}
	}
	if !changed {
		return list
	}
	slices.SortFunc(entries, bytes.Compare)
	return bytes.Join(slices.CompactFunc(entries, bytes.Equal), []byte{','})
}
