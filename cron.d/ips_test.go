package pipelines

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/gaps"
	"egress-monitor/lib/testtools"
)

// The captured journals: what the first holds, and both.
const (
	firstIPs = `192.0.2.66 1
198.51.100.123 1
198.51.100.20 1
198.51.100.21 1
2001:db8:20::20 1
203.0.113.10 3
203.0.113.80 1
`
	secondIPs = `192.0.2.66 1
203.0.113.10 1
203.0.113.53 1
203.0.113.99 1
`
	bothIPs = `192.0.2.66 2
198.51.100.123 1
198.51.100.20 1
198.51.100.21 1
2001:db8:20::20 1
203.0.113.10 4
203.0.113.53 1
203.0.113.80 1
203.0.113.99 1
`
)

// counts returns the addresses and their counts, without the times.
func (s *server) counts() string {
	return regexp.MustCompile(`(?m) \S+$`).ReplaceAllString(s.ips(), "")
}

func (s *server) counted(what, want string) {
	s.t.Helper()
	wantText(s.t, what, s.counts(), want)
}

// Two journals are counted once each, whatever journalctl shows of a cursor beside
// the boot and the times: another x= at each call, or fields of newer versions. The
// cursor file of our first version has no time of the last entry.
func TestJournal(t *testing.T) {
	testtools.Need(t, "journalctl")
	for name, script := range map[string]string{
		"plain":   "REAL",
		"first":   "REAL",
		"x":       `REAL | sed "/^-- cursor/s/;x=.*/;x=$(date +%N)/"`,
		"field":   `REAL | sed '/^-- cursor/s/$/;q=1;zz=A-Z/'`,
		"s and i": `REAL | sed "/^-- cursor/s/s=[^;]*;i=[^;]*/s=00000000000000000000000000000000;i=$$/"`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.poll("egress-ips") // no journal yet
			s.lie(script)
			s.journal("demo", 1)
			s.poll("egress-ips")
			s.counted("first journal", firstIPs)
			if name == "first" {
				s.write("state/ips.cursor", regexp.MustCompile("(?m)^-- cursor: .*\n").FindString(s.read("state/ips.cursor")))
			}
			s.poll("egress-ips")
			s.counted("nothing new", firstIPs)
			s.journal("demo", 2)
			s.poll("egress-ips")
			s.counted("both journals", bothIPs)
			s.poll("egress-ips")
			s.counted("nothing new again", bothIPs)
		})
	}
}

// The entry that was read last is vacuumed: the entries that are left are counted,
// also the one that journalctl would skip, and a gap is reported once.
func TestVacuumed(t *testing.T) {
	testtools.Need(t, "journalctl")
	s := newServer(t)
	s.journal("demo", 1)
	s.poll("egress-ips")
	s.must(os.Remove(s.file("journal/demo1.journal")))
	s.journal("demo", 2)
	said, ok := s.try("egress-ips")
	if !ok || strings.Count(said, "gap") != 1 {
		t.Fatalf("success %v: %s", ok, said)
	}
	s.counted("after vacuuming", bothIPs)
	s.poll("egress-ips")
}

// A cursor of another journal, or a text that is no cursor at all.
func TestUnknownCursor(t *testing.T) {
	testtools.Need(t, "journalctl")
	for _, cursor := range []string{
		"s=00000000000000000000000000000001;i=1;b=00000000000000000000000000000002;m=1;t=1;x=1",
		"s=00000000000000000000000000000001;i=ffff;b=00000000000000000000000000000002;m=ffffffffff;t=7000000000000;x=1",
		"garbage", "s=;i=;t=;x=", ";t=zz;", "-n", "$(touch,/tmp/x)", "*",
	} {
		t.Run(cursor, func(t *testing.T) {
			s := newServer(t)
			s.journal("demo", 2)
			s.write("state/ips.cursor", "-- cursor: "+cursor+"\n")
			said, ok := s.try("egress-ips")
			if !ok || strings.Count(said, "gap") != 1 {
				t.Fatalf("success %v: %s", ok, said)
			}
			s.counted("everything that is kept", secondIPs)
			s.poll("egress-ips")
			s.counted("nothing new", secondIPs)
		})
	}
}

// The newest entries are lost in a crash, after they were counted: nothing is
// counted twice, and nothing is reported before there are new entries.
func TestJournalLostItsTail(t *testing.T) {
	testtools.Need(t, "journalctl")
	s := newServer(t)
	s.journal("demo", 1)
	s.journal("demo", 2)
	s.poll("egress-ips")
	s.must(os.Remove(s.file("journal/demo2.journal")))
	s.poll("egress-ips")
	s.counted("counted", bothIPs)
}

// Clocks that are set back and forth, and other sequence numbers. The journals
// of testdata/journal/clocks are, each in a file of its own sequence numbers:
//
//	1  a boot, with two entries of one time
//	2  the next one, with a clock four days back
//	3  one with a clock of 2036, that is set right, and set back by a second
//	4  goes on in that boot, at times before those of 1
//	5  one with a clock of 1970, that is set right, and of 1970 again
const clocksIPs = `192.0.2.1 1
192.0.2.10 2
192.0.2.11 2
192.0.2.12 1
192.0.2.2 1
192.0.2.3 1
192.0.2.4 1
192.0.2.5 2
192.0.2.6 1
192.0.2.7 1
192.0.2.8 1
192.0.2.9 1
`

// The journals come one after the other, with a poll after any of them: each entry is
// counted once, and nothing is reported.
func TestClocks(t *testing.T) {
	testtools.Need(t, "journalctl")
	for polls := range 1 << 4 {
		t.Run(fmt.Sprintf("%04b", polls), func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			for n := range 5 {
				s.journal("journal/clocks", n+1)
				if polls&(1<<n) != 0 {
					s.poll("egress-ips")
				}
			}
			s.poll("egress-ips")
			s.counted("all", clocksIPs)
			s.poll("egress-ips")
			s.counted("nothing new", clocksIPs)
		})
	}
}

// If the aggregate alone is removed, or restored from a backup, that is reported once,
// with the next new entries. If it is restored with its cursor file, the entries since
// the backup are counted again. Moved folders are as good as before.
func TestRestored(t *testing.T) {
	testtools.Need(t, "journalctl")
	want := ""
	for _, c := range []struct {
		what, script string
		gaps         int
	}{
		{"as it was", "true", 0},
		{"both", "cp -p old/log/* log; cp -p old/state/* state", 0},
		{"moved", "cp -pr log new; rm -r log; mv new log", 0},
		{"removed", "rm log/unique-ips.log", 1},
		{"restored", "cp old/log/* log; touch -d '1 hour ago' log/unique-ips.log", 1},
	} {
		s := newServer(t)
		run := func(script string) {
			cmd := exec.Command("sh", "-ec", script)
			cmd.Dir = s.dir
			s.must(cmd.Run())
		}
		s.journal("demo", 1)
		s.poll("egress-ips")
		run("mkdir old; cp -pr log state old")
		s.journal("demo", 2)
		s.poll("egress-ips")
		run(c.script)
		if c.gaps == 0 {
			s.poll("egress-ips")
		}
		s.journal("journal/clocks", 1)
		said, ok := s.try("egress-ips")
		if !ok || strings.Count(said, "\n") != c.gaps || strings.Count(said, "gap: ") != c.gaps {
			t.Errorf("%s: success %v: %s", c.what, ok, said)
		}
		s.poll("egress-ips")
		if want == "" {
			want = s.counts()
		}
		if c.gaps == 0 {
			s.counted(c.what, want)
		}
	}
}

// lie replaces journalctl by a script, in which REAL runs the real one.
func (s *server) lie(script string) {
	s.write("journalctl", "#!/bin/sh\n"+strings.ReplaceAll(script, "REAL", "journalctl --directory="+s.file("journal")+` "$@"`)+"\n")
	s.must(os.Chmod(s.file("journalctl"), 0o755))
	s.env = append(s.env, "EGRESS_JOURNALCTL="+s.file("journalctl"))
}

// A journalctl that fails, hides entries or shows wrong ones: this is reported, and the
// next poll catches up.
func TestJournalctlFails(t *testing.T) {
	testtools.Need(t, "journalctl", "timeout")
	for name, c := range map[string]struct{ script, says string }{
		"no permission":   {"echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1", "failed with status 1"},
		"crash":           {"kill -SEGV $$", "failed with status 139"},
		"dies on the way": {"case \"$*\" in *-F*) REAL ;; *) REAL | head -c 700; exit 1 ;; esac", "stream ended before its cursor line"},
		"no cursor line":  {"REAL | grep -v '^-- cursor'", "stream ended before its cursor line"},
		"a cut one":       {"REAL | sed '/^-- cursor/s/;t=.*//'", "not a cursor of journalctl"},
		"listing fails":   {"case \"$*\" in *-F*) exit 1 ;; esac; REAL", "failed with status 1"},
		"nothing":         {"exit 0", "shows no entry at all"},
		"within a line":   {"case \"$*\" in *-F*) REAL ;; *) REAL | head -n 2; printf 1795421100.98; exit 1 ;; esac", "stream ended before its cursor line"},
		"after a loss":    {"case \"$*\" in *-F*) REAL ;; *) echo '1795421100.980088 vm systemd-journald[9]: Missed 3 kernel messages'; exit 2 ;; esac", "failed with status 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.journal("demo", 1)
			s.poll("egress-ips")
			s.journal("demo", 2)
			before := s.read("state/ips.cursor")
			s.lie(c.script)
			said, ok := s.try("egress-ips")
			if ok || !strings.Contains(said, c.says) {
				t.Errorf("success %v: %s", ok, said)
			}
			if gaps.Tells(said) {
				t.Errorf("lost, although the next poll reads it: %s", said)
			}
			wantText(t, "the position", s.read("state/ips.cursor"), before)
			s.lie("REAL")
			s.poll("egress-ips")
			s.counted("both journals", bothIPs)
		})
	}
}

// More entries of one time than a batch has: the kernel logged them before journald began.
func TestManyOfOneTime(t *testing.T) {
	s := newServer(t)
	s.lie(`case "$*" in *-F*) echo 0123456789abcdef0123456789abcdef; exit ;; esac
n=${*##*--lines=}
awk -v n="${n%% *}" 'BEGIN {
	while (i++ < n && i <= 250000)
		print "1795421100.000001 vm kernel: EGRESS: IN= OUT=a SRC=10.0.0.2 DST=198.51.100.1 LEN=60 "
	print "-- cursor: s=00000000000000000000000000000001;i=" i - 1 ";b=0123456789abcdef0123456789abcdef;m=5;t=660ed0ce34301;x=1"
}'`)
	for range 2 {
		s.poll("egress-ips")
		s.counted("counts", "198.51.100.1 250000\n")
	}
}

// One that is missing, at the first poll as at any other.
func TestNoJournalctl(t *testing.T) {
	s := newServer(t)
	s.env = append(s.env, "EGRESS_JOURNALCTL="+s.file("nowhere"))
	if said, ok := s.try("egress-ips"); ok || !strings.Contains(said, "failed with status 127") {
		t.Errorf("success %v: %s", ok, said)
	}
}
