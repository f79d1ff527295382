package pipelines

import (
	"fmt"
	"math/rand"
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// calls are the system calls by which the tools change something, or learn
// something. Those of the Go runtime alone (futex, mmap …) are left out.
var calls = []string{
	"openat", "read", "pread64", "write", "splice", "sendfile", "copy_file_range", "close", "fsync", "fdatasync",
	"renameat", "rename", "unlinkat", "unlink", "flock", "fcntl", "newfstatat", "fstat", "fchmod", "fchmodat", "fchown",
	"lseek", "getdents64", "ioctl", "execve", "exit_group",
}

// injure makes one stage meet a fault at the n-th call: strace puts it there.
func (s *server) injure(tool, call, fault string, n int) {
	s.t.Helper()
	s.path = s.file("injured")
	os.RemoveAll(s.path)
	s.must(os.Mkdir(s.path, 0o755))
	script := fmt.Sprintf("#!/bin/sh\nexec strace -f -qq -o %s -e trace=%s -e inject=%s:%s:when=%d %s/%s \"$@\"\n",
		s.file("trace"), call, call, fault, n, bin, tool)
	s.must(os.WriteFile(s.path+"/"+tool, []byte(script), 0o755))
}

// hit says whether the fault of the last poll took place.
func (s *server) hit() bool {
	trace := s.read("trace")
	return strings.Contains(trace, "(INJECTED)") || strings.Contains(trace, "killed by SIGKILL")
}

// A story is a server before a poll, the poll, and what it must lead to.
type story struct {
	pipeline string
	tools    []string
	before   func(s *server)
	want     func(t testing.TB) string
	file     string
}

var stories = []story{{
	pipeline: "egress-domains",
	tools:    []string{"cursorcat", "dnsparse", "aggmerge"},
	file:     "log/unique-domains.log",
	before: func(s *server) {
		log := testtools.Text(s.t, "../testdata/dnsmasq/rotated-extra.1.log")
		s.write("dnsmasq/dnsmasq.log", log[:len(log)/2])
		s.poll("egress-domains")
		s.append("dnsmasq/dnsmasq.log", log[len(log)/2:])
		s.must(os.Rename(s.log(), s.log()+".1"))
		s.write("dnsmasq/dnsmasq.log", testtools.Text(s.t, "../testdata/dnsmasq/rotated-extra.2.log"))
	},
	want: func(t testing.TB) string { return testtools.Text(t, "../testdata/dnsmasq/rotated-extra.expected") },
}, {
	pipeline: "egress-ips",
	tools:    []string{"ipparse", "aggmerge"},
	file:     "log/unique-ips.log",
	before: func(s *server) {
		s.journal("demo", 1)
		s.poll("egress-ips")
		s.journal("demo", 2)
	},
	want: func(t testing.TB) string { return testtools.Text(t, "../testdata/demo/unique-ips.log") },
}, {
	pipeline: "egress-set " + setToken(2),
	tools:    []string{"nftparse"}, // aggmerge: as above, and TestSetKilledAnywhere
	file:     "log/unique-ips.log",
	before: func(s *server) {
		s.set(1, 3)
		s.write("listing", setListing(2, 4, 4))
	},
	want: func(testing.TB) string { return setRows(7) },
}}

func (s *server) cursor(dir string) (c string) {
	for _, name := range []string{"domains.cursor", "ips.cursor", "set.cursor"} {
		for line := range strings.Lines(s.read(dir + "state/" + name)) {
			if !strings.HasPrefix(line, "-- staged: ") {
				c += line
			}
		}
	}
	return c
}

// A stage killed at any system call, or meeting an error there: an error
// reported is a state unchanged, and one clean poll later the totals are those
// of a run without faults, with nothing left behind.
func TestFaultsAtEverySystemCall(t *testing.T) {
	testtools.Need(t, "strace", "journalctl")
	for _, st := range stories {
		for _, tool := range st.tools {
			for _, fault := range []string{"signal=SIGKILL", "error=ENOSPC", "error=EIO"} {
				t.Run(strings.Fields(st.pipeline)[0]+"/"+tool+"/"+fault, func(t *testing.T) {
					t.Parallel()
					s := newServer(t)
					st.before(s)
					s.save("log", "state")
					hits := 0
					for _, call := range calls {
						if fault != "signal=SIGKILL" && (call == "close" || call == "execve" || call == "exit_group" || call == "fcntl") {
							continue // no error of these means anything, or strace itself needs them
						}
						for n := 1; ; n++ {
							s.injure(tool, call, fault, n)
							s.meet(st, call, n)
							if !s.hit() {
								break
							}
							hits++
							s.restore()
						}
						s.restore()
					}
					t.Logf("%d faults", hits)
					if hits < 5 {
						t.Error("these are too few to be all")
					}
				})
			}
		}
	}
}

// meet polls with the fault, and once more without.
func (s *server) meet(st story, call string, n int) {
	s.t.Helper()
	os.Remove(s.file("trace"))
	said, ok := s.try(st.pipeline)
	s.path = ""
	if ok && s.read(st.file) != st.want(s.t) {
		s.t.Errorf("%s %d: a poll that did nothing reports success", call, n)
	}
	// strace counts calls for each thread, so a fault can strike twice: also
	// where the first one is being undone.
	undone := !strings.Contains(said, "taking it back failed")
	if !ok && s.hit() && undone && !strings.Contains(s.read("trace"), "killed by SIGKILL") {
		wantText(s.t, fmt.Sprintf("%s %d failed (%s), the cursor", call, n, said), s.cursor(""), s.cursor("saved/"))
		wantText(s.t, fmt.Sprintf("%s %d failed (%s), the aggregate", call, n, said), s.read(st.file), s.read("saved/"+st.file))
	}
	if said, ok := s.try(st.pipeline); !ok {
		s.t.Fatalf("%s %d: the clean poll fails: %s", call, n, said)
	}
	wantText(s.t, fmt.Sprintf("%s %d", call, n), s.read(st.file), st.want(s.t))
	files := testtools.Names(s.t, s.file("log")) + " " + testtools.Names(s.t, s.file("state"))
	if strings.Contains(files, "staged") || strings.Contains(files, "/.") {
		s.t.Fatalf("%s %d: left behind: %s", call, n, files)
	}
}

// Killed again and again, anywhere, while the log grows and is rotated.
func TestKilledAgainAndAgain(t *testing.T) {
	testtools.Need(t, "strace")
	for seed := range int64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(seed))
			for _, sm := range testtools.QueryLogs(t, "../testdata/dnsmasq") {
				if sm.Name != "interleaved-extra" && sm.Name != "rotated-extra" {
					continue
				}
				s := newServer(t)
				tools := []string{"cursorcat", "dnsparse", "aggmerge"}
				s.feed(sm, atBytes(r), func() {
					if r.Intn(2) == 0 {
						s.injure(tools[r.Intn(3)], calls[r.Intn(len(calls))], "signal=SIGKILL", 1+r.Intn(8))
					}
					s.try("egress-domains")
					s.path = ""
				})
				wantText(t, sm.Name, s.domains(), sm.Want)
			}
		})
	}
}
