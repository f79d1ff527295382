package pipelines

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"egress-monitor/lib/testtools"
)

// runStory runs a script of testdata/real in a network namespace, as root, with the
// tools in $BIN and more in its environment.
func runStory(t *testing.T, env []string, namespace ...string) {
	t.Helper()
	testtools.NeedRoot(t)
	testtools.Need(t, "ip", "unshare")
	testtools.Must(t, testtools.Build(bin, "../lib/testtools/..."))
	cmd := exec.Command(namespace[0], namespace[1:]...)
	cmd.Env = append(append(os.Environ(), "BIN="+bin), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// besideJournald runs a story beside a journald of its own, which reads real LOG
// lines. Their prefix is this test's alone, because all tests share the kernel's log.
func besideJournald(t *testing.T, script, option string, env ...string) {
	t.Helper()
	testtools.Need(t, "journalctl", "iptables", "ip6tables", "ping", "nsenter")
	runStory(t, env, "../testdata/real/journald-netns", option+"p", fmt.Sprintf("EGT%d: ", os.Getpid()), "../testdata/real/"+script)
}

// The life of a server: connections, forged lines, a reboot, rotation, vacuuming.
func TestRealJournald(t *testing.T) { besideJournald(t, "ips-story", "-") }

// A volatile journal that is made persistent, a reboot, a lost position, a wiped journal.
func TestRealFlush(t *testing.T) { besideJournald(t, "flush-story", "-V") }

// 40,000 new connections a second and more can be too many for journald to read in
// time: each of them is in the counts or in the number of the gap. A set that counts
// beside the LOG rule counts each.
func TestFloodIsCounted(t *testing.T) {
	set := ""
	if _, err := exec.LookPath("nft"); err == nil {
		set = "1"
	}
	for _, rate := range []int{40_000, 120_000} {
		besideJournald(t, "flood-story", "-", fmt.Sprint("RATE=", rate), "SECONDS_LONG=2", "SET="+set)
	}
}

// Connections that a real set counts, and polls killed anywhere.
func TestSetKilledAnywhere(t *testing.T) {
	testtools.Need(t, "nft", "strace")
	runStory(t, nil, "unshare", "--net", "../testdata/real/set-story")
}
