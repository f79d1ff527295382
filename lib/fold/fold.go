// Package fold makes few rows of many: a family of keys becomes one row, whose
// key stands for all of them.
//
//	*.example.com          every name below example.com
//	*.2.0.192.in-addr.arpa the reverse names of 192.0.2.0/24
//	*                      everything
//	203.0.113.0/24         every address of the prefix
//
// # What a folded row covers
//
// This is decided by the text of the keys alone, so that it stays the same
// whatever list of public suffixes a host has.
//
//   - "*.S" covers each key that ends in ".S", also "*.T.S". It does not cover
//     S itself: example.com is no subdomain of example.com, and what was asked
//     of it stays apart. S is not empty and has no dot at its end.
//   - A prefix, in the form netip.Prefix prints, covers each address and each
//     narrower prefix in it. A name that looks like an address is one here. An
//     IPv4-mapped address is the IPv6 address it is written as.
//   - "*" covers every key.
//
// So the folded rows that cover a key lie within each other. The widest of
// them takes its row: counts add, the later time stays, addresses unite. That
// holds in every merge, whether it has a limit or not. What comes out depends
// only on which folded rows there are in all inputs, and not on order or
// grouping: a merge that folds nothing itself is still addition.
//
// A question for the very name "*.example.com" is legal. Its key is that of the
// folded row, and it joins that: from then on the names below example.com are
// counted as one row. So much, and no more, whoever asks can do with one
// question: see Literal.
//
// # What is folded
//
// Nothing, up to a limit of rows. Beyond it the largest families (most rows;
// of equal ones the first by key) are folded until the rest fits. A family is
// what lies below one registrable domain (the public suffix list says which
// that is), the reverse names of a /24 or a /64, or the addresses of one. If
// there are more families than rows allowed, wider ones are taken at once:
//
//	names       *.co.uk, *.uk, *    (in-addr.arpa: of /16, /8; ip6.arpa: of /48, /32, /16)
//	addresses   /16, /8, 0.0.0.0/0  (IPv6: /48, /32, /16, ::/0), *
//
// Narrow families that fit anyway are left alone then: ten million new domains
// below one top level domain cost the detail of that one, not of all others.
//
// Lists of addresses are folded in the same way.
package fold

import "bytes"

// Folded says whether a key is that of a folded row.
func Folded(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	if key[0] == '*' {
		return nodeOf(key).star
	}
	if bytes.IndexByte(key, '/') < 0 {
		return false
	}
	return nodeOf(key).prefix.IsValid()
}
