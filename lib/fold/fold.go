// Package fold parses keys (an address, a prefix, a name, or a pattern of names),
// and folds rows if there are too many: it adds many rows to one, whose key covers
// theirs. There are two kinds of such folded rows.
//
// # Narrow rows
//
// A narrow row is the sum of keys of one owner, who made a flood:
//
//	*.example.com            every name below a registrable domain, or below a name in it
//	*.2.0.192.in-addr.arpa   the reverse names of 192.0.2.0/24 (or of a /64, or of less)
//	203.0.113.0/24           every address of a /24 or a /64, or of less
//
// It takes the rows of the keys that it covers in every merge, with a limit or
// without: counts add, the later time stays, addresses unite. The narrow rows
// that cover a key lie within each other, and the widest of them takes the row.
//
//   - "*.S" covers each key that ends in ".S" and has the same public suffix as
//     S, also "*.T.S". So *.amazonaws.com does not take names below
//     s3.amazonaws.com, which is a public suffix itself: its names have other
//     owners. "*.S" does not cover S itself either.
//   - A prefix, in the form netip.Prefix prints, covers each address and each
//     narrower prefix in it. A name that looks like an address is one here. An
//     IPv4-mapped address is the IPv6 address it is written as.
//
// # Wide rows
//
// A wide row is the sum of other keys: those that have no row of their own, because
// there was no room.
//
//	*.com, *.co.uk           names below a public suffix (or the reverse zone of more than a /24)
//	0.0.0.0/0, ::/0          addresses
//	*                        all other keys
//
// A wide row covers nothing. In a merge its key is like any other: so the rows that
// one host had no room for take nothing from another host. Prefixes wider than a /24 or
// a /64, which earlier versions made, are such rows too.
//
// So the result of a merge without a limit depends only on the inputs' rows, and not
// on their order or grouping: merging is addition.
//
// # A limit
//
// Nothing is folded up to a limit of rows. If there are more, rows go until
// three quarters of the limit are left: else each poll at the limit would have
// to fold again, and no new name would find room.
//
// Every row is of one group: the names below one public suffix; the names of
// one label; IPv4 addresses; IPv6 addresses. (The star of a folded row counts as a
// label: *.example.com is of com, *.com of the names of one label.)
// Public suffixes with no more than an eighth of all rows are one group
// together: else a thousand small floods, each with fewer rows than an ordinary
// domain, would cost the ordinary domain its rows.
//
// The crowd of a row is the rows of its group that were last counted in the same
// minute, at least as often as the row, but fewer than 64 times. They are a crowd
// only if there are more than 8, and more than a 1024th of all rows. The first crowds
// of a group, up to a sixteenth of the limit together, do not count: a new file
// begins with such rows. So a crowd comes from a flood, however old.
//
// The weakest row is one of the largest crowd; among equals the one with the
// smallest count, then the newest, and then the last by key. Take the weakest rows
// of all groups, as many as would have to go, and all that are as weak as the last of
// them: the group with most of these rows made the flood. It gives up the weakest
// rows of its crowds, as many as have to go. If it gives up all of them, and more
// than seven eighths of the limit are left, the next group gives up some, if it has
// any of those weakest rows. If all these crowds are not enough, the groups give up
// their other rows, in the same way.
// So a flood costs its own group, and the rest of an older flood goes before rows of
// no flood. Rows that are older than the flood stay, and new rows after it find room
// and keep it.
//
// The last group to give stops early, with seven eighths of the limit left at
// most, if its next row is of a smaller crowd or of none, was counted more often
// than the rows that go, or a minute or more before them: that row is not of the
// flood. This rule is for floods that are too slow to be crowds: without it, each
// would take the rows since the flood before, which left only three quarters.
//
// The rows that are given up go
//
//   - first of all into narrow rows, where one owner made the flood: if more
//     than 128 addresses of a /24 or a /64 go (half of a /24), or if at least 16
//     names of a registrable domain, or reverse names of a /24 or a /64, go and
//     fewer stay. If there are more than seven eighths of the limit left even so,
//     also names of an owner, if more than one goes and they are more than an
//     eighth of the rows that their group gives up, or than a quarter of the limit;
//     those with the most first, until few enough are left. A narrow row takes all
//     rows that it covers. If that is enough, nothing else is folded. If not, the
//     rows to give up are chosen anew from the remaining rows of the same groups, in
//     the same order, and once more narrow rows take them;
//   - or else, chosen anew, into the wide row of the group: "*.com",
//     "0.0.0.0/0", "::/0", or "*" for names of one label and of small groups.
//
// If the limit is smaller than the number of groups, all rows go into "*".
//
// # Lists of addresses
//
// A list that has more addresses than it may have keeps as many as fit, and a
// prefix that says "and more": 0.0.0.0/0 for IPv4, ::/0 for IPv6. It keeps the
// first ones in byte order, of IPv4 and of IPv6 half each if both are too many:
// the addresses learnt first are worth no more than others, and so the same ones
// stay in whatever order they come. In a list a prefix wider than
// a /24 (IPv6: than a /48) never says that the name led to one of its addresses
// (see Leads), and takes nothing; a narrower one takes what it covers.
package fold

import "bytes"

// Folded reports whether a key is that of a folded row.
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
