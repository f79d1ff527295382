package child

import (
	"fmt"
	"os/user"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/layout"
)

// known are the users that were found: the minute asks for them twenty times.
var known sync.Map

// credential looks up one of our users.
func credential(name string) (*syscall.Credential, error) {
	if c, ok := known.Load(name); ok {
		return c.(*syscall.Credential), nil
	}
	c, err := lookUp(name)
	if err == nil {
		known.Store(name, c)
	}
	return c, err
}

// lookUp reads passwd and group. The poller's group is adm, whose members may
// read what it writes.
func lookUp(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("no user %s (egress-monitor enable makes it)", name)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	c := &syscall.Credential{Uid: number(u.Uid), Gid: number(u.Gid)}
	if name == layout.Poller {
		adm, err := user.LookupGroup(layout.Readers)
		if err != nil {
			return nil, err
		}
		c.Gid = number(adm.Gid)
	}
	for _, g := range groups {
		if n := number(g); n != 0 {
			c.Groups = append(c.Groups, n)
		}
	}
	if c.Uid == 0 || c.Gid == 0 {
		return nil, fmt.Errorf("user %s is root", name)
	}
	return c, nil
}

func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32) // 0, root's, is never taken
	return uint32(n)
}

// unprivileged calls start on a thread that can never again gain a privilege,
// and so neither can the process that is started. That the kernel clears the other
// capability sets of a process that leaves uid 0 is in capabilities(7). setpriv(1)
// does the same with an exec more.
func unprivileged(start func() error) error { return deprived.call(start) }

var deprived = thread{prepare: giveUp}

func giveUp() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	for capability := 0; ; capability++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(capability), 0, 0, 0)
		if err != nil {
			break // behind the last that the kernel knows
		}
		if has == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(capability), 0, 0, 0); err != nil {
			return fmt.Errorf("capability bounding set: %w", err)
		}
	}
	return dropInheritable()
}

func dropInheritable() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	if err := unix.Capset(&head, &data[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}
