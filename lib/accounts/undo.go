package accounts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/undo"
)

// Undo removes the users and groups that Do made, also if only parts of them are left.
func (a Accounts) Undo(notes []undo.Entry) error {
	users, groups := named(notes, kindUser), named(notes, kindGroup)
	if len(notes) == 0 {
		users, groups = a.made()
	}
	groups = append(groups, users...)
	failed := []error{a.sweep()}
	for _, name := range users {
		if fields, ok := a.entry("passwd", name); ok {
			if a.Etc == "/etc" {
				endProcesses(fields)
			}
			a.run("userdel", name)
		}
	}
	for _, name := range groups {
		if a.has("group", name) {
			a.run("groupdel", name)
		}
	}
	failed = append(failed, a.sweep(), a.takeOut(users, groups))
	if errors.Join(failed...) == nil {
		failed = append(failed, backups(notes))
	}
	return errors.Join(failed...)
}

func named(notes []undo.Entry, kind string) (names []string) {
	for _, e := range notes {
		if e.Kind == kind {
			names = append(names, e.Name)
		}
	}
	return names
}

// made returns, for a lost journal, the users that look as only we make them.
func (a Accounts) made() (users, groups []string) {
	for _, name := range []string{layout.Resolver, layout.Poller} {
		f, ok := a.entry("passwd", name)
		if ok && len(f) == 7 && f[4] == "egress-monitor" && f[5] == "/nonexistent" && f[6] == "/usr/sbin/nologin" {
			users = append(users, name)
		}
	}
	if len(users) > 0 {
		groups = []string{layout.Poller}
	}
	return users, groups
}

// run runs a command on the machine's accounts. If it fails, takeOut does its work.
func (a Accounts) run(name string, args ...string) {
	if a.Etc == "/etc" {
		child.Command(name, args...).Within(time.Minute).Run(context.Background())
	}
}

// sweep removes the files that useradd and its kin leave behind when they are killed:
// FILE.PID, FILE.lock (which holds a PID) and FILE+.
func (a Accounts) sweep() error {
	var failed []error
	for _, f := range files {
		path := a.Etc + "/" + f
		temps, _ := filepath.Glob(path + ".[0-9]*")
		for _, temp := range temps {
			if !alive(strings.TrimPrefix(temp, path+".")) {
				failed = append(failed, undo.Remove(temp))
			}
		}
		pid, err := os.ReadFile(path + ".lock")
		if err == nil && !alive(strings.Trim(string(pid), "\x00 \n")) {
			failed = append(failed, undo.Remove(path+".lock"))
		}
		if _, err := os.Lstat(path + ".lock"); err != nil {
			failed = append(failed, undo.Remove(path+"+"))
		}
	}
	return errors.Join(failed...)
}

func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err != nil || n > 0 && unix.Kill(n, 0) != unix.ESRCH
}

// members are the fields, from the first on, that hold users.
var members = map[string]int{"group": 3, "gshadow": 2}

// takeOut removes the lines of users and groups, and the users from the members
// of other groups.
func (a Accounts) takeOut(users, groups []string) error {
	var failed []error
	for _, f := range files {
		first, isGroups := members[f]
		gone := users
		if isGroups {
			gone = groups
		}
		failed = append(failed, a.edit(f, func(fields []string) bool {
			for i := first; isGroups && i < len(fields); i++ {
				fields[i] = without(fields[i], users)
			}
			return !slices.Contains(gone, fields[0])
		}))
	}
	return errors.Join(failed...)
}

func without(members string, users []string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(members, ","), func(m string) bool { return slices.Contains(users, m) }), ",")
}

// edit rewrites a file if keep drops or changes one of its lines, under the lock
// that useradd takes as well (lckpwdf(3)).
func (a Accounts) edit(file string, keep func(fields []string) bool) error {
	path := a.Etc + "/" + file
	s, err := undo.Look(path)
	if err != nil || s.Type != undo.File {
		return err
	}
	if s.Data, err = os.ReadFile(path); err != nil { // of any size: 20,000 users are more than undo.Keep takes
		return err
	}
	var b strings.Builder
	for line := range strings.Lines(string(s.Data)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if keep(fields) {
			b.WriteString(strings.Join(fields, ":"))
			if strings.HasSuffix(line, "\n") {
				b.WriteByte('\n')
			}
		}
	}
	if b.String() == string(s.Data) {
		return nil
	}
	unlock, err := a.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s.Data, s.MTime = []byte(b.String()), 0
	return undo.Put(path, s)
}

const lockFile = "/.pwd.lock"

func (a Accounts) lock() (unlock func(), err error) {
	f, err := os.OpenFile(a.Etc+lockFile, os.O_WRONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	l := unix.Flock_t{Type: unix.F_WRLCK}
	for range 150 {
		if err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &l); err == nil {
			return func() { f.Close() }, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	f.Close()
	return nil, fmt.Errorf("%s: another program changes accounts: %w", f.Name(), err)
}

// backups restores FILE- and the time of FILE, if FILE has its earlier text: then nobody
// else has changed accounts meanwhile.
func backups(notes []undo.Entry) error {
	was := map[string]*undo.State{}
	for _, e := range notes {
		if e.Kind == kindFile {
			was[e.Name] = e.Was
		}
	}
	var failed []error
	for path, before := range was {
		if strings.HasSuffix(path, lockFile) && before.Type == undo.Absent {
			failed = append(failed, undo.Remove(path)) // useradd's, the first on this machine
		}
		backup, ok := was[path+"-"]
		if !ok || before == nil || backup == nil {
			continue
		}
		now, err := undo.Keep(path)
		if err != nil || now.Type != before.Type || string(now.Data) != string(before.Data) {
			continue
		}
		failed = append(failed, putBack(path, now, *before))
		if now, err := undo.Keep(path + "-"); err == nil {
			failed = append(failed, putBack(path+"-", now, *backup))
		}
	}
	return errors.Join(failed...)
}

func putBack(path string, now, before undo.State) error {
	same := now.Type == before.Type && string(now.Data) == string(before.Data) && now.Mode == before.Mode && now.UID == before.UID && now.GID == before.GID
	switch {
	case same && (now.MTime == before.MTime || now.Type != undo.File):
		return nil
	case same:
		return undo.Attributes(path, before)
	}
	return undo.Put(path, before)
}

// endProcesses ends the processes of a user that is about to be removed.
func endProcesses(passwd []string) {
	if len(passwd) < 3 {
		return
	}
	uid, err := strconv.Atoi(passwd[2])
	if err != nil || uid == 0 {
		return
	}
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		for range 30 {
			pids := processes(uid)
			if len(pids) == 0 {
				return
			}
			for _, pid := range pids {
				unix.Kill(pid, signal)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// processes lists a user's processes, without zombies and without those in containers,
// where the same number is another user. It reads the user ID in "status": /proc/PID of
// a process that has gained a privilege is root's.
func processes(uid int) (pids []int) {
	here, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return nil
	}
	list, _ := os.ReadDir("/proc")
	for _, d := range list {
		if ns, err := os.Readlink("/proc/" + d.Name() + "/ns/pid"); err != nil || ns != here {
			continue
		}
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		text, _ := os.ReadFile("/proc/" + d.Name() + "/status")
		status := string(text)
		if strings.Contains(status, "\nUid:\t"+strconv.Itoa(uid)+"\t") && !strings.Contains(status, "\nState:\tZ") {
			pids = append(pids, pid)
		}
	}
	return pids
}
