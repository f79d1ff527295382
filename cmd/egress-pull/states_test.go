package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
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
	testtools.Need(t, "rsync")
	f := collector(t)
	f.hosts.WriteString("a\nb\n")
	f.write("options/b", "--no-rsync")
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
		for host, road := range map[string]string{"a": "by rsync,", "b": "by ssh,"} {
			if message := f.status(host, "message"); s.state == "ok" && !strings.HasPrefix(message, road) {
				t.Errorf("%s: %s: %s", s.what, host, message)
			}
		}
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

// TestKilledAnywhere kills a pull right before each call that changes what the
// collector has. Whatever is there then is whole, and the next pull makes of it
// what an undisturbed one would have made.
func TestKilledAnywhere(t *testing.T) {
	testtools.Need(t, "strace")
	zero := files{row("a.example", 1, "-"), row("192.0.2.1", 1, ""), "", ""}
	one := files{row("a.example", 2, "-"), row("192.0.2.1", 2, ""), "", ""}
	two := files{row("a.example", 3, "-"), row("192.0.2.1", 3, ""), one.domains, one.ips}
	for _, step := range []struct{ call, name string }{
		{"linkat", "unique-domains.log"}, {"renameat", "unique-domains.log.prev"},
		{"linkat", "unique-ips.log"}, {"renameat", "unique-ips.log.prev"},
		{"renameat", "unique-domains.log"}, {"renameat", "unique-ips.log"}, {"renameat", "pull.status"},
	} {
		f := newFleet(t, 0)
		f.listed("a", 1, f.key)
		f.aggregates("a", two.domains, two.ips)
		f.write("out/a/unique-domains.log", one.domains)
		f.write("out/a/unique-ips.log", one.ips)
		f.write("out/a/unique-domains.log.prev", zero.domains)
		f.write("out/a/unique-ips.log.prev", zero.ips)
		f.standIn("rsync", "for to; do :; done; exec cp '"+f.file("servers/a")+"'/* \"$to\"")
		t.Setenv("PATH", f.file("bin")+":"+os.Getenv("PATH"))
		pull := f.command()
		traced := append([]string{"-f", "-qq", "-o", "/dev/null", "-P", f.file("out/a/" + step.name),
			"-e", "trace=" + step.call, "-e", "inject=" + step.call + ":signal=KILL"}, pull.Args...)
		if said, status := run(t, exec.Command("strace", traced...)); status != -1 {
			t.Errorf("%v: not killed: exit status %d: %s", step, status, said)
		}
		for name, may := range map[string][]string{
			"unique-domains.log": {one.domains, two.domains}, "unique-domains.log.prev": {zero.domains, one.domains},
			"unique-ips.log": {one.ips, two.ips}, "unique-ips.log.prev": {zero.ips, one.ips},
		} {
			if got := f.read("out/a/" + name); !slices.Contains(may, got) {
				t.Errorf("killed at %v: %s: %q", step, name, got)
			}
		}
		if said, status := run(t, f.command()); status != 0 {
			t.Errorf("killed at %v: then exit status %d: %s", step, status, said)
		}
		f.wantHost("a", "ok", two)
		f.wantFiles("out", ".lock a")
	}
}
