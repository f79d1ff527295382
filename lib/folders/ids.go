package folders

import (
	"os/user"
	"strconv"

	"egress-monitor/lib/layout"
)

// LookUp finds the numbers of our users and groups.
func LookUp() IDs {
	return IDs{Poller: uid(layout.Poller), PollerGroup: gid(layout.Poller), Resolver: uid(layout.Resolver), Readers: gid(layout.Readers)}
}

func uid(name string) int {
	u, err := user.Lookup(name)
	if err != nil {
		return -1
	}
	return number(u.Uid)
}

func gid(name string) int {
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1
	}
	return number(g.Gid)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// UserID returns the number of a user; -1 if there is none.
func UserID(name string) int { return uid(name) }
