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

// feed writes the log in pieces, rotates it where the sample is rotated, and
// calls after each time. The last poll, and its messages, are of the whole log.
func (s *server) feed(sm testtools.QueryLog, cut func(file string) []string, after func()) {
	s.env = append(s.env, "EGRESS_NOW="+sm.End, "EGRESS_DNSMASQ_TZ="+sm.Zone)
	for i, file := range sm.Logs {
		if i > 0 {
			s.must(os.Rename(s.log(), s.log()+".1"))
		}
		for _, piece := range cut(file) {
			s.append("dnsmasq/dnsmasq.log", piece)
			after()
		}
	}
	if said, ok := s.try("egress-domains"); !ok { // it may report torn lines
		s.t.Fatal(said)
	}
}

func whole(file string) []string { return []string{file} }
func lines(file string) []string { return slices.Collect(strings.Lines(file)) }

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

// Every sample gives its aggregate, byte for byte: in one poll, and cut anywhere
// into 50; line by line if the sample is cut inside everything that a log can hold.
func TestSamples(t *testing.T) {
	for _, sm := range testtools.QueryLogs(t, "../testdata/dnsmasq") {
		t.Run(sm.Name, func(t *testing.T) {
			t.Parallel()
			for _, way := range []struct {
				name string
				cut  func(string) []string
				poll func(s *server)
			}{
				{"one poll", whole, func(*server) {}},
				{"50 polls", atBytes(rand.New(rand.NewSource(int64(len(sm.Want))))), func(s *server) { s.try("egress-domains") }},
				{"line by line", lines, func(s *server) { s.poll("egress-domains") }},
			} {
				if way.name == "line by line" && sm.Name != "rotated-extra" && sm.Name != "rotated-plain" {
					continue
				}
				s := newServer(t)
				s.feed(sm, way.cut, func() { way.poll(s) })
				wantText(t, way.name, s.domains(), sm.Want)
			}
		})
	}
}

// A poll that finds nothing new writes nothing.
func TestIdle(t *testing.T) {
	s := newServer(t)
	s.journal("demo", 1)
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
	wantText(t, "8 at once", s.domains(), one.domains())
}

// The settings file is read, and the environment wins over it.
func TestSettings(t *testing.T) {
	s := newServer(t)
	s.write("dnsmasq/dnsmasq.log", testtools.Text(t, "../testdata/demo/dnsmasq.log.1"))
	s.write("settings", "EGRESS_LOG_DIR="+s.file("elsewhere")+"\nEGRESS_STATE_DIR="+s.file("nowhere")+"\n")
	s.env = slices.DeleteFunc(s.env, func(e string) bool { return strings.HasPrefix(e, "EGRESS_LOG_DIR=") })
	s.env = append(s.env, "EGRESS_SETTINGS="+s.file("settings"))
	s.poll("egress-domains")
	if s.read("elsewhere/unique-domains.log") == "" || s.read("state/domains.cursor") == "" {
		t.Error("the settings are not what they should be")
	}
}

// A gap is reported, and the retained lines are counted.
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
	if got := s.domains(); !strings.Contains(got, "\ntelemetry.example.net 2 ") {
		t.Errorf("got %s", got)
	}
	s.poll("egress-domains")
}
