// Package fold reads what a key stands for, an address, a prefix, a name or many
// names, and makes few rows of many: rows that are too many go into a row whose
// key stands for all of them. There are two kinds of such folded rows.
//
// # Narrow rows
//
// A narrow row stands for keys of one owner, whose flood it was:
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
//     S, also "*.T.S". So *.amazonaws.com does not take what lies below
//     s3.amazonaws.com, which is a public suffix itself: that is of other
//     owners. It does not cover S itself either.
//   - A prefix, in the form netip.Prefix prints, covers each address and each
//     narrower prefix in it. A name that looks like an address is one here. An
//     IPv4-mapped address is the IPv6 address it is written as.
//
// # Wide rows
//
// A wide row stands for others: keys that have no row of their own, because
// there was no room.
//
//	*.com, *.co.uk           names below a public suffix (or the reverse zone of more than a /24)
//	0.0.0.0/0, ::/0          addresses
//	*                        what is left
//
// It covers nothing. In a merge it is a key like any other: so what one host
// had no room for takes nothing from another host. Prefixes wider than a /24 or
// a /64, which earlier versions made, are such rows too.
//
// So what comes out of a merge without a limit depends only on which narrow
// rows there are in all inputs, and not on order or grouping: merging is
// addition.
//
// # A limit
//
// Nothing is folded up to a limit of rows. If there are more, rows go until
// three quarters of the limit are left: else each poll at the limit would have
// to fold again, and no name that is new would find room.
//
// Every row is of one group: the names below one public suffix; the names of
// one label; IPv4 addresses; IPv6 addresses. (A folded row is of the group that
// its family is of: *.example.com is of com, *.com of the names of one label.)
// Public suffixes with no more than an eighth of all rows are one group
// together: else a thousand small floods, each smaller than what an ordinary
// domain has, would cost the ordinary domain its rows.
//
// A crowd is rows of one group that were last counted in the same minute: of a
// row, those that were counted at least as often as it, but fewer than 64 times,
// if they are more than a 1024th of all rows and more than 8. The first crowds of
// a group, up to a sixteenth of the limit together, are none: that is how a file
// begins. So crowds are of floods, whenever these came.
//
// The weakest row is one of the largest crowd; of equal ones the one with the
// smallest count, then the newest, and then the last by key. If the weakest rows
// of all went until there are few enough: the group that most of them are of, and
// of those that are as weak as the last of them, made the flood. It gives up the
// weakest of its crowds, as many rows as have to go; if that is all of them, and
// more than seven eighths of the limit are left, the next group some, if it has
// any of those weakest rows. If all these crowds are not enough, the groups give
// up their other rows, in the same way.
// So a flood costs its own group, and what is left of older floods goes before
// rows of none. What was there before it stays, and what is new afterwards finds
// room and keeps it.
//
// The last group to give stops early, with seven eighths of the limit left at
// most, where its next row is of a smaller crowd or of none, was counted more often
// than the rows that go, or a minute or more before them: that row is not of what
// goes. This is for floods that are too slow to be crowds: without it, each would
// take what came since the one before, as the file is down to three quarters then.
//
// The rows that are given up go
//
//   - first of all into narrow rows, where one owner made the flood: if more
//     than 128 addresses of a /24 or a /64 go (half of a /24), or if at least 16
//     names of a registrable domain, or reverse names of a /24 or a /64, go and
//     fewer stay. If there are more than seven eighths of the limit left even so,
//     also names of an owner, if more than one goes and they are more than an
//     eighth of what their group gives up, or than a quarter of the limit; those
//     with the most first, until there are not. A narrow row takes everything
//     that it covers. If that is enough, nothing else is folded. If not, what
//     goes is chosen anew from what the same groups have then, in the same
//     order, and once more narrow rows are made of it;
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
// which ones were learnt first says nothing about what they are worth, and so
// the same ones stay in whatever order they come. In a list a prefix wider than
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
