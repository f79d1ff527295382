package pipelines

import (
	"os"
	"regexp"
	"strings"
	"testing"

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

func (s *server) counts() string {
	return regexp.MustCompile(`(?m) \S+$`).ReplaceAllString(s.read("log/unique-ips.log"), "")
}

func TestJournal(t *testing.T) {
	testtools.Need(t, "journalctl")
	s := newServer(t)
	s.poll("egress-ips") // no journal yet
	s.unzip("../testdata/demo/1.journal.gz", "journal/system.journal")
	s.poll("egress-ips")
	wantText(t, "first journal", s.counts(), firstIPs)
	s.poll("egress-ips")
	s.unzip("../testdata/demo/2.journal.gz", "journal/system2.journal")
	s.poll("egress-ips")
	wantText(t, "both journals", s.counts(), bothIPs)
	s.poll("egress-ips")
	wantText(t, "nothing new", s.counts(), bothIPs)
}

// The entry that was read last is vacuumed: what is left is counted, with the
// entry journalctl would skip, and a gap is said once.
func TestVacuumed(t *testing.T) {
	testtools.Need(t, "journalctl")
	s := newServer(t)
	s.unzip("../testdata/demo/1.journal.gz", "journal/system.journal")
	s.poll("egress-ips")
	s.must(os.Remove(s.file("journal/system.journal")))
	s.unzip("../testdata/demo/2.journal.gz", "journal/system.journal")
	said, ok := s.try("egress-ips")
	if !ok || strings.Count(said, "gap") != 1 {
		t.Fatalf("success %v: %s", ok, said)
	}
	wantText(t, "after vacuuming", s.counts(), bothIPs)
	s.poll("egress-ips")
}

// A cursor of no entry of this journal, or that is none at all.
func TestUnknownCursor(t *testing.T) {
	testtools.Need(t, "journalctl")
	for _, cursor := range []string{
		"s=00000000000000000000000000000001;i=1;b=00000000000000000000000000000002;m=1;t=1;x=1",
		"s=00000000000000000000000000000001;i=ffff;b=00000000000000000000000000000002;m=ffffffffff;t=7000000000000;x=1",
		"garbage", "s=;i=;t=;x=", ";t=zz;", "-n", "$(touch,/tmp/x)", "*",
	} {
		t.Run(cursor, func(t *testing.T) {
			s := newServer(t)
			s.unzip("../testdata/demo/2.journal.gz", "journal/system.journal")
			s.write("state/ips.cursor", "-- cursor: "+cursor+"\n")
			said, ok := s.try("egress-ips")
			if !ok || strings.Count(said, "gap") != 1 {
				t.Fatalf("success %v: %s", ok, said)
			}
			wantText(t, "everything that is kept", s.counts(), secondIPs)
			s.poll("egress-ips")
			wantText(t, "nothing new", s.counts(), secondIPs)
		})
	}
}

// The newest entries are lost in a crash, after they were counted: nothing is
// counted twice, and nothing is said before there is something new.
func TestJournalLostItsTail(t *testing.T) {
	testtools.Need(t, "journalctl")
	s := newServer(t)
	s.unzip("../testdata/demo/1.journal.gz", "journal/system.journal")
	s.unzip("../testdata/demo/2.journal.gz", "journal/system2.journal")
	s.poll("egress-ips")
	s.must(os.Remove(s.file("journal/system2.journal")))
	s.poll("egress-ips")
	wantText(t, "counted", s.counts(), bothIPs)
}
