package pipelines

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// A damage is what can happen to a cursor file.
type damage struct {
	name string
	do   func(s *server, file string)
}

// damages are each byte flipped (in a short run, some), and the whole file lost.
func damages(text string) (all []damage) {
	every := 61
	if os.Getenv("EGRESS_TEST_LONG") != "" {
		every = 1
	}
	for i := 0; i < len(text); i += every {
		for _, flip := range []byte{1, 0x20} {
			bad := []byte(text)
			bad[i] ^= flip
			all = append(all, damage{fmt.Sprintf("byte %d ^ %#x", i, flip), func(s *server, file string) { s.write(file, string(bad)) }})
		}
	}
	return append(all,
		damage{"emptied", func(s *server, file string) { s.write(file, "") }},
		damage{"removed", func(s *server, file string) { s.must(os.Remove(s.file(file))) }},
		damage{"cut", func(s *server, file string) { s.write(file, text[:len(text)-1]) }},
		damage{"cut in half", func(s *server, file string) { s.write(file, text[:len(text)/2]) }})
}

// A cursor file that is damaged or lost beside an aggregate: nothing is counted
// twice, later lines are counted, and a gap is reported.
func TestDamagedCursor(t *testing.T) {
	testtools.Need(t, "journalctl")
	for _, d := range []struct {
		pipeline, file, aggregate string
		first, second             func(s *server)
		want                      string
	}{{
		"egress-domains", "state/domains.cursor", "log/unique-domains.log",
		func(s *server) {
			log := testtools.Text(s.t, "../testdata/demo/dnsmasq.log.1")
			s.write("dnsmasq/dnsmasq.log", log[:len(log)/2])
			s.try("egress-domains")
			s.append("dnsmasq/dnsmasq.log", log[len(log)/2:])
		},
		func(s *server) {
			s.must(os.Rename(s.log(), s.log()+".1"))
			s.write("dnsmasq/dnsmasq.log", testtools.Text(s.t, "../testdata/demo/dnsmasq.log"))
		}, "",
	}, {
		"egress-ips", "state/ips.cursor", "log/unique-ips.log",
		func(s *server) { s.journal("demo", 1) },
		func(s *server) { s.journal("demo", 2) },
		testtools.Text(t, "../testdata/demo/unique-ips.log"),
	}} {
		t.Run(d.pipeline, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			d.first(s)
			s.poll(d.pipeline)
			before := s.read(d.aggregate)
			for range 2 { // the second poll is of a copy, whose files have other inodes, as after each restore
				s.save("log", "state", "dnsmasq", "journal")
				s.restore()
				s.poll(d.pipeline)
			}
			s.save(s.saved...)
			cursor := s.read(d.file)
			want := d.want
			if want == "" {
				d.second(s)
				s.poll(d.pipeline)
				want = s.read(d.aggregate)
			}
			for _, bad := range damages(cursor) {
				s.restore()
				bad.do(s, d.file)
				said, ok := s.try(d.pipeline)
				if !ok || strings.Count(said, "gap: ") == 0 || strings.Count(said, "\n") > 3 {
					t.Fatalf("%s: success %v: %s", bad.name, ok, said)
				}
				wantText(t, bad.name, s.read(d.aggregate), before)
				d.second(s)
				s.poll(d.pipeline)
				wantText(t, bad.name+", and new lines", s.read(d.aggregate), want)

				s.restore() // and both at once
				bad.do(s, d.file)
				d.second(s)
				if said, ok := s.try(d.pipeline); !ok || strings.Count(said, "gap: ") == 0 {
					t.Fatalf("%s, with new lines: success %v: %s", bad.name, ok, said)
				}
				wantText(t, bad.name+", with new lines", s.read(d.aggregate), want)
			}
		})
	}
}

// An older cursor file beside a newer aggregate, as a backup of one of the two folders
// leaves them: one poll refuses it, the next one reads on by time, and nothing is counted
// twice. If both files are restored, they belong together.
func TestOlderCursor(t *testing.T) {
	testtools.Need(t, "journalctl")
	for _, d := range []struct {
		pipeline, file, aggregate string
		first, second             func(s *server)
	}{{
		"egress-domains", "state/domains.cursor", "log/unique-domains.log",
		func(s *server) { s.write("dnsmasq/dnsmasq.log", testtools.Read(t, "../testdata/demo/dnsmasq.log.1")) },
		func(s *server) { s.append("dnsmasq/dnsmasq.log", testtools.Read(t, "../testdata/demo/dnsmasq.log")) },
	}, {
		"egress-ips", "state/ips.cursor", "log/unique-ips.log",
		func(s *server) { s.journal("demo", 1) },
		func(s *server) { s.journal("demo", 2) },
	}} {
		s := newServer(t)
		d.first(s)
		s.poll(d.pipeline)
		older, olderRows := s.read(d.file), s.read(d.aggregate)
		d.second(s)
		s.poll(d.pipeline)
		want := s.read(d.aggregate)
		if want == olderRows {
			t.Fatalf("%s: nothing was counted", d.pipeline)
		}
		s.write(d.file, older)
		s.write(d.aggregate, olderRows)
		s.poll(d.pipeline)
		wantText(t, d.pipeline+": both restored", s.read(d.aggregate), want)

		s.write(d.file, older)
		if said, ok := s.try(d.pipeline); ok || !strings.Contains(said, "an older copy: 2 later batches are in ") {
			t.Fatalf("%s: success %v: %s", d.pipeline, ok, said)
		}
		wantText(t, d.pipeline, s.read(d.aggregate), want)
		if said, ok := s.try(d.pipeline); !ok || !strings.Contains(said, "only ") {
			t.Fatalf("%s: success %v: %s", d.pipeline, ok, said)
		}
		wantText(t, d.pipeline, s.read(d.aggregate), want)
		s.poll(d.pipeline)
		wantText(t, d.pipeline, s.read(d.file+".old"), older)
	}
}
