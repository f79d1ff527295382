package listeners

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// A proc is a folder that looks like /proc.
type proc struct {
	*testing.T
	dir string
}

func newProc(t *testing.T) *proc {
	p := &proc{t, t.TempDir()}
	p.put("thread-self/net/udp", head)
	p.put("sys/net/ipv4/ip_unprivileged_port_start", "1024\n")
	return p
}

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"

func (p *proc) put(name, text string) {
	p.Helper()
	testtools.Must(p.T, os.MkdirAll(filepath.Dir(p.dir+"/"+name), 0o755))
	testtools.Write(p.T, p.dir+"/"+name, text)
}

// run starts a process, which holds sockets.
func (p *proc) run(pid, uid int, exe string, inodes ...int) {
	p.Helper()
	p.put(fmt.Sprintf("%d/status", pid), fmt.Sprintf("Name:\tx\nUid:\t0\t%d\t%d\t%d\nGid:\t0\t0\t0\t0\n", uid, uid, uid))
	dir := fmt.Sprintf("%s/%d", p.dir, pid)
	testtools.Must(p.T, os.Symlink(exe, dir+"/exe"))
	testtools.Must(p.T, os.Mkdir(dir+"/fd", 0o755))
	testtools.Must(p.T, os.Symlink("/dev/null", dir+"/fd/0"))
	for i, inode := range inodes {
		testtools.Must(p.T, os.Symlink(fmt.Sprintf("socket:[%d]", inode), fmt.Sprintf("%s/fd/%d", dir, i+3)))
	}
}

func (p *proc) find(cache string) string {
	p.Helper()
	f := &Finder{Proc: p.dir, Cache: cache, user: func(uid int) string { return fmt.Sprint("u", uid) }}
	found, err := f.Resolvers()
	testtools.Must(p.T, err)
	var b strings.Builder
	for _, r := range found {
		fmt.Fprintf(&b, "%s %d %s %s %v: %s\n", r.Program, r.PID, r.User, strings.Join(r.Addrs, ","), r.LeftOut, r.Why)
	}
	return b.String()
}

func (p *proc) want(what, got, want string) {
	p.Helper()
	if got != want {
		p.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func udp(addr string, port, state, inode int) string {
	return fmt.Sprintf(" 1234: %s:%04X 00000000:0000 %02X 00000000:00000000 00:00000000 00000000     0        0 %d 2 0000000000000000 0\n", addr, port, state, inode)
}

func TestNobodyListens(t *testing.T) {
	p := newProc(t)
	p.put("thread-self/net/udp", head+udp("0100007F", 5353, 7, 9)+udp("0100007F", 53, 1, 10)+"garbage\n\n")
	p.run(9, 5, "/usr/sbin/other", 9, 10)
	p.want("others", p.find(""), "")
}

func TestResolvers(t *testing.T) {
	p := newProc(t)
	p.put("thread-self/net/udp", head+udp("0100007F", 53, 7, 101)+udp("3500007F", 53, 7, 102)+udp("0100A8C0", 53, 7, 103)+udp("00000000", 53, 7, 104)+udp("02000002", 53, 7, 105))
	p.put("thread-self/net/udp6", head+udp("00000000000000000000000001000000", 53, 7, 201))
	p.run(1, 0, "/usr/lib/systemd/systemd", 102)
	p.run(20, 101, "/usr/sbin/unbound", 101, 201)
	p.run(21, 101, "/usr/sbin/unbound", 101, 201)
	p.run(30, 102, "/usr/lib/systemd/systemd-resolved", 102)
	p.run(40, 0, "/usr/sbin/named", 104)
	p.run(50, 1000, "/home/user/dns (deleted)", 105)
	p.run(60, 65534, "/usr/sbin/dnsmasq", 103)
	p.run(70, 102, "/usr/bin/other")
	p.want("all", p.find(""), `named 40 u0 0.0.0.0 false: it runs as root, whose questions are logged
unbound 20 u101 127.0.0.1,::1 true: no other program runs as u101
systemd-resolved 30 u102 127.0.0.53 false: other runs as u102, too
dns 50 u1000 2.0.0.2 false: it runs as u1000, which is no system account
dnsmasq 60 u65534 192.168.0.1 false: it runs as u65534, which is no system account
`)
	p.put("sys/net/ipv4/ip_unprivileged_port_start", "0\n")
	if got := p.find(""); strings.Contains(got, "true") {
		t.Errorf("where anybody may listen:\n%s", got)
	}
}

// The result is used again until there are other sockets, or other processes.
func TestCache(t *testing.T) {
	p := newProc(t)
	cache := t.TempDir() + "/listeners"
	p.put("thread-self/net/udp", head+udp("0100007F", 53, 7, 101))
	p.run(20, 101, "/usr/sbin/unbound", 101)
	const unbound = "unbound 20 u101 127.0.0.1 true: no other program runs as u101\n"
	p.want("first", p.find(cache), unbound)
	p.run(21, 101, "/usr/sbin/later")
	p.want("from the cache", p.find(cache), unbound)
	if got := testtools.Read(t, cache); strings.Contains(got, "0x") {
		t.Errorf("the cache's key is another one in each process: %s", got)
	}
	testtools.Write(t, cache, "garbage")
	p.want("a broken cache", p.find(cache), "unbound 20 u101 127.0.0.1 false: later runs as u101, too\n")
	p.put("20/status", "Name:\tx\nUid:\t0\t7\t7\t7\n")
	p.want("another user", p.find(cache), "unbound 20 u7 127.0.0.1 true: no other program runs as u7\n")
	testtools.Must(t, os.RemoveAll(p.dir+"/20"))
	p.want("gone", p.find(cache), "")
}

// A name server that was left out stays so while it is restarted, for a day.
func TestKept(t *testing.T) {
	p := newProc(t)
	p.put("thread-self/net/udp", head+udp("0100007F", 53, 7, 101)+udp("0200007F", 53, 7, 102))
	p.run(20, 101, "/usr/sbin/unbound", 101)
	p.run(30, 0, "/usr/sbin/named", 102)
	clock, user := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "u"
	f := &Finder{Proc: p.dir, Kept: t.TempDir() + "/kept", user: func(uid int) string { return fmt.Sprint(user, uid) }, now: func() time.Time { return clock }}
	names := func() (text string) {
		found, err := f.Resolvers()
		testtools.Must(t, err)
		for _, r := range found {
			text += fmt.Sprintf("%s %d %v %s;", r.Program, r.UID, r.LeftOut, r.Why)
		}
		return text
	}
	const both = "named 0 false it runs as root, whose questions are logged;unbound 101 true no other program runs as u101;"
	p.want("both", names(), both)
	p.put("thread-self/net/udp", head)
	clock = clock.Add(23 * time.Hour)
	p.want("restarted", names(), "unbound 101 true not running now, but seen at 2026-01-02T03:04:05Z;")
	user = "other"
	p.want("another user", names(), "")
	user = "u"
	p.want("which is then forgotten", names(), "")
	p.put("thread-self/net/udp", head+udp("0100007F", 53, 7, 101))
	names()
	p.put("thread-self/net/udp", head)
	clock = clock.Add(25 * time.Hour)
	p.want("a day later", names(), "")
	testtools.Write(t, f.Kept, "garbage")
	p.want("a broken file", names(), "")
}

// A real socket, of this process.
func TestHere(t *testing.T) {
	found, err := (&Finder{}).Resolvers()
	testtools.Must(t, err)
	t.Logf("%+v", found)
}
