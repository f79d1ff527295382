package main

import (
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// collector is one whose servers are folders. Its ssh goes nowhere: it runs
// egress-serve, by a script before/HOST if there is one, with the options in
// options/HOST.
func collector(t *testing.T) *fleet {
	f := newFleet(t, 0)
	f.standIn("ssh", `while :; do
	case $1 in -F | -p | -l | -o) shift 2 ;; -T) shift ;; --) shift; break ;; *) break ;; esac
done
host=$1
shift
cd '`+f.dir+`'
[ -d "servers/$host" ] || exit 255
[ ! -e "before/$host" ] || . "./before/$host"
[ ! -e "options/$host" ] || options=$(cat "options/$host")
SSH_ORIGINAL_COMMAND="$*" exec sh '`+testtools.Absolute(t, "../../scripts/egress-serve")+`' $options "$PWD/servers/$host"`)
	t.Setenv("PATH", f.file("bin")+":"+os.Getenv("PATH"))
	return f
}

// at is a pull at a time.
func (f *fleet) at(now string) (said string) {
	f.t.Helper()
	said, _ = f.run("--no-rsync", "--now", now)
	return said
}

// TestRecords: what a pull brought first, and when, outlives the state; a pull
// that fails is no state, and a reset is remembered.
func TestRecords(t *testing.T) {
	f := collector(t)
	f.hosts.WriteString("a\nb\n")
	const old = "a.example 1 2026-01-05T00:00:00Z -\n"
	f.aggregates("a", old, "")
	f.aggregates("b", "", "")
	f.at("2026-02-01T00:00:00Z")
	f.aggregates("a", old+"b.example 9 2026-02-07T00:00:00Z -\n", "192.0.2.1 3 2026-02-07T00:00:00Z\n")
	f.at("2026-02-08T00:00:00Z")
	testtools.Must(t, os.Rename(f.file("servers/a"), f.file("servers/off")))
	f.at("2026-02-09T00:00:00Z")
	f.at("2026-02-10T00:00:00Z")
	f.aggregates("a", "c.example 1 2026-02-14T00:00:00Z -\n", "")
	f.at("2026-02-15T00:00:00Z")
	f.at("2026-02-16T00:00:00Z")

	first := "a.example 1 2026-01-05T00:00:00Z -\nb.example 9 2026-02-07T00:00:00Z -\nc.example 1 2026-02-14T00:00:00Z -\n"
	f.want("out/a/first-seen-domains.log", first)
	f.want("out/a/first-seen-ips.log", "192.0.2.1 3 2026-02-07T00:00:00Z\n")
	f.want("out/.fleet/first-seen-domains.log", first)
	if got := testtools.Names(t, f.file("out/a/states")); got != "20260201T000000Z 20260208T000000Z 20260215T000000Z 20260216T000000Z" {
		t.Errorf("states %s", got)
	}
	var kinds []string
	for line := range strings.Lines(f.read("out/a/pull.history")) {
		kinds = append(kinds, strings.Join(strings.Fields(line)[:2], " "))
	}
	if got := strings.Join(kinds, ", "); got != "2026-02-01T00:00:00Z first, 2026-02-09T00:00:00Z failed, 2026-02-15T00:00:00Z reset" {
		t.Errorf("history: %s", got)
	}
	if got := f.status("a", "pulled"); got != "2026-02-16T00:00:00Z" || f.status("a", "state") != "ok" {
		t.Errorf("pulled %s", got)
	}
}

// TestTakenOver: what the shell's egress-pull left is the first state, and stays
// the current and then the previous one.
func TestTakenOver(t *testing.T) {
	f := collector(t)
	f.hosts.WriteString("a\n")
	const before, old = "a.example 1 2026-01-05T00:00:00Z -\n", "a.example 2 2026-01-15T00:00:00Z -\n"
	f.write("out/a/unique-domains.log", old)
	f.write("out/a/unique-domains.log.prev", before)
	f.write("out/a/unique-ips.log", "")
	f.write("out/a/pull.status", "time=2026-02-01T00:00:00Z\nstate=ok\nmessage=by rsync, unchanged\n")
	f.write("out/.lock", "")
	now := old + "b.example 1 2026-02-07T00:00:00Z -\n"
	f.aggregates("a", now, "")
	f.at("2026-02-08T00:00:00Z")
	f.wantHost("a", "ok", files{domains: now, domainsBefore: old})
	f.want("out/a/first-seen-domains.log", "a.example 2 2026-01-15T00:00:00Z -\nb.example 1 2026-02-07T00:00:00Z -\n")
	f.want("out/a/pull.history", "2026-02-01T00:00:00Z first\n")
	if got := testtools.Names(t, f.file("out/a/states")); got != "20260201T000000Z 20260208T000000Z" {
		t.Errorf("states %s", got)
	}
}

// TestFleetCompleted: what a pull that was killed has not taken into the records
// of the fleet, the next one does, also if its own hosts bring nothing.
func TestFleetCompleted(t *testing.T) {
	f := collector(t)
	f.hosts.WriteString("a\n")
	f.aggregates("a", "a.example 1 2026-01-05T00:00:00Z -\n", "")
	f.at("2026-02-01T00:00:00Z")
	testtools.Must(t, os.RemoveAll(f.file("out/.fleet")))
	f.at("2026-02-02T00:00:00Z")
	f.want("out/.fleet/first-seen-domains.log", "")
	f.write("out/.fleet-pending", "")
	f.at("2026-02-03T00:00:00Z")
	f.want("out/.fleet/first-seen-domains.log", "a.example 1 2026-01-05T00:00:00Z -\n")
	if got := testtools.Names(t, f.file("out")); got != ".fleet .lock a" {
		t.Errorf("left: %s", got)
	}
}
