package child

import (
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/layout"
)

// OpenAsPoller opens a plain file for reading as the poller would, if this
// process is root: nothing in the folders that others can write to is opened
// with root's privileges, and that it can be opened shows that the poller can.
// A link, a FIFO or a device in its place is an error.
func OpenAsPoller(name string) (f *os.File, err error) {
	err = As(layout.Poller, func() (err error) {
		f, err = openPlain(name)
		return err
	})
	return f, err
}

// As calls do with what a user may do to files, and as whom the firewall sees
// the sockets that it opens; the poller's group is adm. If this process is not
// root it calls do as it is.
func As(user string, do func() error) error {
	if os.Geteuid() != 0 {
		return do()
	}
	who, err := credential(user)
	if err != nil {
		return err
	}
	return as(who, do)
}

// as calls do with the file system's view of who, which each thread has for
// itself (setfsuid(2)); without fsuid 0 the capabilities about files go too
// (capabilities(7), "Effect of user ID changes").
func as(who *syscall.Credential, do func() error) error {
	t, _ := asUser.LoadOrStore(who, &thread{prepare: func() error { return become(who) }})
	return t.(*thread).call(do)
}

// asUser holds the thread of each user.
var asUser sync.Map

func become(who *syscall.Credential) error {
	if err := setGroups(who.Groups); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	unix.SetfsgidRetGid(int(who.Gid))
	unix.SetfsuidRetUid(int(who.Uid))
	// A second call returns what the first has set.
	gid, _ := unix.SetfsgidRetGid(-1)
	uid, _ := unix.SetfsuidRetUid(-1)
	if uid != int(who.Uid) || gid != int(who.Gid) {
		return fmt.Errorf("cannot become user %d", who.Uid)
	}
	return nil
}

// openPlain opens a plain file. It does not wait for a FIFO's writer.
func openPlain(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("not a plain file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
