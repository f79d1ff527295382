package pipelines

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

func samples(t *testing.T) []testtools.QueryLog {
	t.Helper()
	return testtools.QueryLogs(t, "../testdata/dnsmasq")
}

// feed writes the log in pieces, rotates it where the sample is rotated, and
// calls after behind each piece.
func (s *server) feed(sm testtools.QueryLog, cut func(file string) []string, after func()) {
	for i, file := range sm.Logs {
		if i > 0 {
			s.must(os.Rename(s.log(), s.log()+".1"))
		}
		for _, piece := range cut(file) {
			s.append("dnsmasq/dnsmasq.log", piece)
			after()
		}
	}
	if said, ok := s.try("egress-domains"); !ok { // what it says is of torn lines
		s.t.Fatal(said)
	}
}

func whole(file string) []string { return []string{file} }

// atBytes cuts a file anywhere, into some 50 pieces.
func atBytes(r *rand.Rand) func(string) []string {
	return func(file string) (pieces []string) {
		var cuts []int
		for range 49 {
			cuts = append(cuts, r.Intn(len(file)+1))
		}
		slices.Sort(cuts)
		from := 0
		for _, to := range append(cuts, len(file)) {
			pieces = append(pieces, file[from:to])
			from = to
		}
		return pieces
	}
}

// Every sample gives its aggregate, byte for byte: in one poll, and cut
// anywhere into 50.
func TestSamples(t *testing.T) {
	for _, sm := range samples(t) {
		t.Run(sm.Name, func(t *testing.T) {
			t.Parallel()
			for _, way := range []struct {
				name  string
				cut   func(string) []string
				polls bool
			}{{"one poll", whole, false}, {"50 polls", atBytes(rand.New(rand.NewSource(int64(len(sm.Want))))), true}} {
				s := newServer(t)
				s.env = append(s.env, "EGRESS_NOW="+sm.End, "EGRESS_DNSMASQ_TZ="+sm.Zone)
				s.feed(sm, way.cut, func() {
					if way.polls {
						s.try("egress-domains")
					}
				})
				wantText(t, way.name, s.read("log/unique-domains.log"), sm.Want)
			}
		})
	}
}

// One line a poll, for a sample that is cut inside everything it has.
func TestLineByLine(t *testing.T) {
	for _, sm := range samples(t) {
		if sm.Name != "rotated-extra" && sm.Name != "rotated-plain" {
			continue
		}
		t.Run(sm.Name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.env = append(s.env, "EGRESS_NOW="+sm.End, "EGRESS_DNSMASQ_TZ="+sm.Zone)
			s.feed(sm, func(file string) []string { return slices.Collect(strings.Lines(file)) }, func() { s.poll("egress-domains") })
			wantText(t, "line by line", s.read("log/unique-domains.log"), sm.Want)
		})
	}
}

// A poll that finds nothing new writes nothing.
func TestIdle(t *testing.T) {
	s := newServer(t)
	s.unzip("../testdata/demo/1.journal.gz", "journal/system.journal")
	s.write("dnsmasq/dnsmasq.log", testtools.Text(t, "../testdata/demo/dnsmasq.log.1"))
	state := func() (all string) {
		for _, name := range []string{"log/unique-domains.log", "log/unique-ips.log", "state/domains.cursor", "state/ips.cursor", "log", "state"} {
			info, err := os.Stat(s.file(name))
			s.must(err)
			st := info.Sys().(*syscall.Stat_t)
			all += fmt.Sprintln(name, st.Ino, st.Mtim, st.Ctim)
		}
		return all
	}
	s.poll("egress-domains")
	s.poll("egress-ips")
	before := state()
	for range 3 {
		s.poll("egress-domains")
		s.poll("egress-ips")
	}
	wantText(t, "after idle polls", state(), before)
}

// Runs that overlap count once.
func TestOverlap(t *testing.T) {
	s := newServer(t)
	log := testtools.Text(t, "../testdata/demo/dnsmasq.log.1")
	s.write("dnsmasq/dnsmasq.log", log)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if out, err := s.command("egress-domains").CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	s.poll("egress-domains")
	one := newServer(t)
	one.write("dnsmasq/dnsmasq.log", log)
	one.poll("egress-domains")
	wantText(t, "8 at once", s.read("log/unique-domains.log"), one.read("log/unique-domains.log"))
}

// The settings file is read, and the environment wins over it.
func TestSettings(t *testing.T) {
	s := newServer(t)
	s.write("dnsmasq/dnsmasq.log", testtools.Text(t, "../testdata/demo/dnsmasq.log.1"))
	s.write("settings", "EGRESS_LOG_DIR="+s.file("elsewhere")+"\nEGRESS_STATE_DIR="+s.file("nowhere")+"\n")
	var env []string
	for _, e := range s.env {
		if !strings.HasPrefix(e, "EGRESS_LOG_DIR=") {
			env = append(env, e)
		}
	}
	s.env = append(env, "EGRESS_SETTINGS="+s.file("settings"))
	s.poll("egress-domains")
	if s.read("elsewhere/unique-domains.log") == "" || s.read("state/domains.cursor") == "" {
		t.Error("the settings are not what they should be")
	}
}

// A gap is said, and what is retained is counted.
func TestLogRotatedAway(t *testing.T) {
	s := newServer(t)
	s.write("dnsmasq/dnsmasq.log", testtools.Text(t, "../testdata/demo/dnsmasq.log.1"))
	s.poll("egress-domains")
	s.must(os.Remove(s.log()))
	s.write("dnsmasq/dnsmasq.log", testtools.Text(t, "../testdata/demo/dnsmasq.log"))
	said, ok := s.try("egress-domains")
	if !ok || !strings.Contains(said, "gap") {
		t.Fatalf("success %v: %s", ok, said)
	}
	if got := s.read("log/unique-domains.log"); !strings.Contains(got, "\ntelemetry.example.net 2 ") {
		t.Errorf("got %s", got)
	}
	s.poll("egress-domains")
}
