package listeners

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/runfile"
)

var native = binary.NativeEndian

// A process is a running process.
type process struct {
	pid, uid int
	exe      string // "" for a kernel thread
}

// holders returns the processes that hold the sockets. A socket that several
// processes share belongs to the first of them, by process ID, that is not root, if
// there is one: a parent may have opened it for a child.
func (f *Finder) holders(sockets []socket) ([]Resolver, error) {
	all, err := f.processes()
	if err != nil {
		return nil, err
	}
	var found []Resolver
	for _, p := range all {
		var addrs []string
		for inode := range f.descriptors(p.pid) {
			if i := slices.IndexFunc(sockets, func(s socket) bool { return s.inode == inode }); i >= 0 {
				addrs = append(addrs, sockets[i].addr.String())
			}
		}
		if len(addrs) == 0 {
			continue
		}
		slices.Sort(addrs)
		found = append(found, Resolver{Program: filepath.Base(p.exe), PID: p.pid, UID: p.uid, User: f.userName(p.uid), Addrs: addrs})
	}
	found = slices.DeleteFunc(found, func(r Resolver) bool {
		return r.UID == 0 && r.Program == "systemd" // it holds a socket for a unit
	})
	slices.SortFunc(found, func(a, b Resolver) int {
		return cmp.Or(cmp.Compare(a.UID, b.UID), strings.Compare(a.Program, b.Program), cmp.Compare(a.PID, b.PID))
	})
	return slices.CompactFunc(found, func(a, b Resolver) bool { return a.UID == b.UID && a.Program == b.Program }), nil
}

// processes returns the running processes, without those that end meanwhile.
func (f *Finder) processes() (all []process, err error) {
	entries, err := os.ReadDir(f.path())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if uid, ok := f.uid(e.Name()); ok {
			exe, _ := os.Readlink(f.path(e.Name(), "exe"))
			all = append(all, process{pid, uid, strings.TrimSuffix(exe, " (deleted)")})
		}
	}
	return all, nil
}

// uid returns the effective user of a process: "Uid: real effective saved fs".
func (f *Finder) uid(pid string) (int, bool) {
	text, err := os.ReadFile(f.path(pid, "status"))
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(text), "\nUid:")
	line, _, _ := strings.Cut(rest, "\n")
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return 0, false
	}
	uid, err := strconv.Atoi(fields[1])
	return uid, err == nil
}

// descriptors returns the inodes of the sockets that a process holds.
func (f *Finder) descriptors(pid int) func(yield func(uint64) bool) {
	dir := f.path(strconv.Itoa(pid), "fd")
	return func(yield func(uint64) bool) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return // the process is gone
		}
		for _, e := range entries {
			link, err := os.Readlink(filepath.Join(dir, e.Name()))
			text, ok := strings.CutPrefix(link, "socket:[")
			if err != nil || !ok {
				continue
			}
			inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
			if err == nil && !yield(inode) {
				return
			}
		}
	}
}

// judge decides for each resolver whether its questions may be left out.
func (f *Finder) judge(found []Resolver) {
	all, err := f.processes()
	open := f.anybodyMayListen()
	for i := range found {
		r := &found[i]
		switch {
		case r.UID == 0:
			r.Why = "it runs as root, whose questions are logged"
		case r.UID >= 1000:
			r.Why = fmt.Sprintf("it runs as %s, which is no system account", r.User)
		case open:
			r.Why = "anybody may listen on port 53 here (net.ipv4.ip_unprivileged_port_start)"
		case err != nil:
			r.Why = err.Error()
		default:
			if other := stranger(all, found, *r); other != "" {
				r.Why = fmt.Sprintf("%s runs as %s, too", other, r.User)
				break
			}
			r.LeftOut, r.Why = true, fmt.Sprintf("no other program runs as %s", r.User)
		}
	}
}

// stranger returns a program that runs as the same user and is no name server; ""
// if there is none.
func stranger(all []process, found []Resolver, r Resolver) string {
	for _, p := range all {
		if p.uid == r.UID && p.exe != "" && !slices.ContainsFunc(found, func(o Resolver) bool {
			return o.UID == p.uid && o.Program == filepath.Base(p.exe)
		}) {
			return filepath.Base(p.exe)
		}
	}
	return ""
}

func (f *Finder) anybodyMayListen() bool {
	text, err := os.ReadFile(f.path("sys/net/ipv4/ip_unprivileged_port_start"))
	first, err2 := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && err2 == nil && first <= 53
}

// A cacheFile holds the resolvers found last. They stay valid as long as the same
// sockets are open.
type cacheFile struct {
	Key   string
	Found []Resolver
}

func (f *Finder) cached(key string) ([]Resolver, bool) {
	var c cacheFile
	ok := runfile.Load(f.Cache, &c) && c.Key == key && f.stillThere(c.Found)
	return c.Found, ok
}

// stillThere reports whether the same processes still hold the sockets.
func (f *Finder) stillThere(found []Resolver) bool {
	for _, r := range found {
		exe, err := os.Readlink(f.path(strconv.Itoa(r.PID), "exe"))
		uid, ok := f.uid(strconv.Itoa(r.PID))
		if err != nil || !ok || uid != r.UID || filepath.Base(strings.TrimSuffix(exe, " (deleted)")) != r.Program {
			return false
		}
	}
	return true
}

func (f *Finder) cache(key string, found []Resolver) {
	if f.Cache != "" {
		runfile.Save(f.Cache, cacheFile{key, found}) // if it fails, only the next search takes longer
	}
}
