package polls

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/layout"
)

// Repair gives files back to the poller that root owns: an aggregate that was
// restored from a backup with cp is root's, and no poll could replace it, since its
// folder is sticky.
func (p *Poller) Repair() {
	uid, gid, err := owner()
	if err != nil {
		return // the pipeline cannot be started either, which is reported
	}
	log, state := p.Settings.LogDir, p.Settings.StateDir
	for _, name := range []string{
		log + "/unique-domains.log", log + "/unique-ips.log",
		state + "/domains.cursor", state + "/ips.cursor", state + "/set.cursor",
		state + "/domains.lock", state + "/ips.lock",
	} {
		p.tell(name, uid, gid, 0o640)
	}
	// aggmerge's locks, which nobody else may be able to open (package store).
	for _, name := range []string{log + "/unique-domains.log.lock", log + "/unique-ips.log.lock"} {
		p.tell(name, uid, gid, lockMode)
	}
}

const lockMode fs.FileMode = 0o600

func (p *Poller) tell(name string, uid, gid int, mode fs.FileMode) {
	switch healed, err := giveBack(name, uid, gid, mode); {
	case err != nil:
		p.say("cannot heal: %s: %v", name, err)
	case healed:
		p.say("healed: %s is %s's again", name, layout.Poller)
	}
}

func (p *Poller) say(format string, args ...any) { p.Say(fmt.Appendf(nil, format+"\n", args...)) }

// owner returns the user and the group that own the poller's files.
func owner() (uid, gid int, err error) {
	who, err := user.Lookup(layout.Poller)
	if err != nil {
		return 0, 0, err
	}
	adm, err := user.LookupGroup(layout.Readers)
	if err != nil {
		return 0, 0, err
	}
	uid, err = strconv.Atoi(who.Uid)
	gid, other := strconv.Atoi(adm.Gid)
	return uid, gid, errors.Join(err, other)
}

var errHard = errors.New("it belongs to somebody else, and this kernel lets anybody link to any file (sysctl fs.protected_hardlinks=1): chown it by hand")

// giveBack changes the owner of a plain file with one name if somebody else owns it,
// and closes a lock that others can open. It refuses where the kernel lets users
// link to files of others: the poller could have linked any file there.
func giveBack(name string, uid, gid int, mode fs.FileMode) (healed bool, err error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular() || st.Nlink != 1:
		return false, nil
	case int(st.Uid) == uid && mode == lockMode && info.Mode().Perm()&^lockMode != 0:
		return true, f.Chmod(lockMode)
	case int(st.Uid) == uid:
		return false, nil
	}
	if hard, err := os.ReadFile("/proc/sys/fs/protected_hardlinks"); err != nil || !bytes.HasPrefix(hard, []byte("1")) {
		return false, errHard
	}
	return true, errors.Join(f.Chown(uid, gid), f.Chmod(mode))
}
