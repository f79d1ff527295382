package folders

import (
	"os/user"
	"strconv"

	"egress-monitor/lib/layout"
)

// LookUp finds the numbers of our users and groups.
func LookUp() IDs {
	return IDs{Poller: UserID(layout.Poller), PollerGroup: GroupID(layout.Poller), Resolver: UserID(layout.Resolver),
		Readers: GroupID(layout.Readers)}
}

// UserID returns the number of a user; -1 if there is none.
func UserID(name string) int {
	if u, err := user.Lookup(name); err == nil {
		return number(u.Uid)
	}
	return -1
}

// GroupID returns the number of a group; -1 if there is none.
func GroupID(name string) int {
	if g, err := user.LookupGroup(name); err == nil {
		return number(g.Gid)
	}
	return -1
}

func number(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return -1
}
