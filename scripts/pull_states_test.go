package scripts

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

// files is what a collector has of a host.
type files struct{ domains, ips, domainsBefore, ipsBefore string }

func (f *fleet) wantHost(name, state string, want files) {
	f.t.Helper()
	f.want("out/"+name+"/unique-domains.log", want.domains)
	f.want("out/"+name+"/unique-ips.log", want.ips)
	f.want("out/"+name+"/unique-domains.log.prev", want.domainsBefore)
	f.want("out/"+name+"/unique-ips.log.prev", want.ipsBefore)
	if got := f.status(name, "state"); got != state {
		f.t.Errorf("%s: state %s, want %s: %s", name, got, state, f.status(name, "message"))
	}
}

func row(key string, count int, ips string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s %d 2026-02-08T21:30:00Z %s", key, count, ips), " ") + "\n"
}

// TestStates pulls two servers again and again, one by each road: the files are
// states, so nothing depends on how often or when that is done.
func TestStates(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	f.good("a", "")
	f.good("b", "--no-rsync")
	states := []struct {
		what         string
		domains, ips string
		state        string
		changed      string // which files
	}{
		{"first", row("a.example", 1, "192.0.2.1") + row("b.example", 5, "-"), row("192.0.2.1", 2, ""), "ok", "di"},
		{"again", row("a.example", 1, "192.0.2.1") + row("b.example", 5, "-"), row("192.0.2.1", 2, ""), "ok", ""},
		{"one grew", row("a.example", 2, "192.0.2.1") + row("b.example", 5, "-"), row("192.0.2.1", 2, ""), "ok", "d"},
		{"again", row("a.example", 2, "192.0.2.1") + row("b.example", 5, "-"), row("192.0.2.1", 2, ""), "ok", ""},
		{"both grew", row("a.example", 3, "192.0.2.1") + row("b.example", 5, "-"), row("192.0.2.1", 7, ""), "ok", "di"},
		{"folded", row("*.example", 8, "192.0.2.1"), row("192.0.2.1", 8, ""), "ok", "di"},
		{"the family grew", row("*.example", 9, "192.0.2.1") + row("b.test", 9, "-"), row("192.0.2.1", 8, ""), "ok", "d"},
		{"a row beside it fell", row("*.example", 19, "192.0.2.1") + row("b.test", 1, "-"), row("192.0.2.1", 8, ""), "reset", "d"},
		{"the sum fell", row("*.example", 5, "192.0.2.1"), row("192.0.2.1", 8, ""), "reset", "d"},
		{"again", row("*.example", 5, "192.0.2.1"), row("192.0.2.1", 8, ""), "ok", ""},
		{"a row fell, the sum did not", row("*.example", 6, "-"), row("192.0.2.1", 7, "") + row("192.0.2.9", 7, ""), "reset", "di"},
		{"a row is gone", row("*.example", 6, "-"), row("192.0.2.9", 30, ""), "reset", "i"},
		{"empty", "", "", "reset", "di"},
		{"begun anew", row("a.example", 1, "-"), row("192.0.2.9", 1, ""), "ok", "di"},
		{"counts as large as can be", row("a.example", 1, "-"), "192.0.2.9 18446744073709551615 2026-02-08T21:30:00Z\n", "ok", "i"},
	}
	var want files
	for _, s := range states {
		if strings.Contains(s.changed, "d") {
			want.domains, want.domainsBefore = s.domains, want.domains
		}
		if strings.Contains(s.changed, "i") {
			want.ips, want.ipsBefore = s.ips, want.ips
		}
		said := ""
		for _, host := range []string{"a", "b"} {
			f.aggregates(host, s.domains, s.ips)
			if s.state == "reset" {
				said += "egress-pull: " + host + ": counts fell, the server began anew: unique-"
			}
		}
		got, status := f.run()
		if status != 0 || resets.ReplaceAllString(got, "$1") != said {
			t.Errorf("%s: exit status %d: %s", s.what, status, got)
		}
		f.wantHost("a", s.state, want)
		f.wantHost("b", s.state, want)
		if t.Failed() {
			t.Fatalf("at state %q", s.what)
		}
	}
	f.wantFiles("out", ".lock a b")
	f.wantFiles("out/b", "pull.status unique-domains.log unique-domains.log.prev unique-ips.log unique-ips.log.prev")
}

var resets = regexp.MustCompile(`(anew: unique-)(domains.log|ips.log|domains.log unique-ips.log)\n`)

// TestUnchanged: a pull that brings nothing new leaves the very same files.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	f.good("a", "")
	f.aggregates("a", domainRow, ipRow)
	f.pull()
	before, err := os.Stat(f.file("out/a/unique-ips.log"))
	testtools.Must(t, err)
	if mode := before.Mode().Perm(); mode != 0o644 {
		t.Errorf("mode %o", mode)
	}
	f.pull()
	f.pull("--no-rsync")
	after, err := os.Stat(f.file("out/a/unique-ips.log"))
	testtools.Must(t, err)
	if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("replaced by the same")
	}
	f.wantHost("a", "ok", files{domains: domainRow, ips: ipRow})
}

// TestFallback: a server without rsync, with one that is not ours to talk to,
// and one with a plain account in the place of the forced command.
func TestFallback(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	f.aggregates("x", domainRow, ipRow)
	plain := "exec sh -c \"$SSH_ORIGINAL_COMMAND\""
	f.server("plain", plain)
	f.server("no-rsync", "case $SSH_ORIGINAL_COMMAND in rsync*) echo 'sh: rsync: not found' >&2; exit 127 ;; esac; "+plain)
	f.server("chatty", "echo Welcome; "+plain)
	said, status := f.run("--from", f.file("servers/x"))
	f.wantHost("plain", "ok", files{domains: domainRow, ips: ipRow})
	f.wantHost("no-rsync", "ok", files{domains: domainRow, ips: ipRow})
	for name, road := range map[string]string{"plain": "by rsync,", "no-rsync": "by ssh,"} {
		if got := f.status(name, "message"); !strings.HasPrefix(got, road) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if want := "egress-pull: chatty: unique-domains.log: line 1: not a row of this file\n" +
		"egress-pull: 2 of 3 hosts pulled, 1 failed\n"; said != want || status != 1 {
		t.Errorf("exit status %d: %s", status, said)
	}
	f.wantFiles("out/chatty", "pull.status")
}

// TestKilledAnywhere kills all of a pull right before and right after each step
// that changes what the collector has. Whatever is there then is whole, and the
// next pull makes of it what an undisturbed one would have made.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	testtools.Need(t, "ps")
	zero := files{row("a.example", 1, "-"), row("192.0.2.1", 1, ""), "", ""}
	one := files{row("a.example", 2, "-"), row("192.0.2.1", 2, ""), "", ""}
	two := files{row("a.example", 3, "-"), row("192.0.2.1", 3, ""), one.domains, one.ips}
	kills := 0
	for _, when := range []string{"before", "after"} {
		for step := 1; ; step++ {
			f := newFleet(t, 0)
			f.listed("a", 1, f.key)
			f.aggregates("a", two.domains, two.ips)
			f.write("out/a/unique-domains.log", one.domains)
			f.write("out/a/unique-ips.log", one.ips)
			f.write("out/a/unique-domains.log.prev", zero.domains)
			f.write("out/a/unique-ips.log.prev", zero.ips)
			f.standIn("rsync", "for to; do :; done; exec cp '"+f.file("servers/a")+"'/* \"$to\"")
			killing := "n=$(($(cat '" + f.file("steps") + "' 2>/dev/null) + 1)); echo $n >'" + f.file("steps") + "'\n" +
				"die() { [ $n != " + fmt.Sprint(step) + " ] || [ $1 != " + when + " ] || kill -s KILL -- -$(ps -o pgid= -p $$ | tr -d ' '); }\n" +
				"die before; /bin/${0##*/} \"$@\"; s=$?; die after; exit $s"
			f.standIn("mv", killing)
			f.standIn("ln", killing)
			cmd := f.command()
			cmd.Env = append(os.Environ(), "PATH="+f.file("bin")+":"+os.Getenv("PATH"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if _, status := run(t, cmd); status == 0 {
				break // it has fewer steps
			}
			kills++
			for name, may := range map[string][]string{
				"unique-domains.log": {one.domains, two.domains}, "unique-domains.log.prev": {zero.domains, one.domains},
				"unique-ips.log": {one.ips, two.ips}, "unique-ips.log.prev": {zero.ips, one.ips},
			} {
				if got := f.read("out/a/" + name); !slices.Contains(may, got) {
					t.Errorf("killed %s step %d: %s: %q", when, step, name, got)
				}
			}
			testtools.Must(t, os.Remove(f.file("bin/mv")))
			testtools.Must(t, os.Remove(f.file("bin/ln")))
			again := f.command()
			again.Env = cmd.Env
			if said, status := run(t, again); status != 0 {
				t.Errorf("killed %s step %d: then exit status %d: %s", when, step, status, said)
			}
			f.wantHost("a", "ok", two)
			f.wantFiles("out", ".lock a")
		}
	}
	if kills != 14 { // two files kept in two steps each, two replaced, one status
		t.Errorf("killed %d times", kills)
	}
}
