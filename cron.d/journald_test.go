package pipelines

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"egress-monitor/lib/testtools"
)

// Real connections in a network namespace, logged by real iptables rules, read
// by a real journald: testdata/real/ips-story tells what happens.
func TestRealJournald(t *testing.T) {
	testtools.NeedRoot(t)
	testtools.Need(t, "journalctl", "iptables", "ip6tables", "ip", "ping", "unshare", "nsenter")
	// Other tests of this machine share its kernel log.
	prefix := fmt.Sprintf("EGT%d: ", os.Getpid())
	cmd := exec.Command("../testdata/real/journald-netns", "-p", prefix, "../testdata/real/ips-story")
	cmd.Env = append(os.Environ(), "BIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A volatile journal that is made persistent, a reboot, a lost position, a
// wiped journal: testdata/real/flush-story.
func TestRealFlush(t *testing.T) {
	testtools.NeedRoot(t)
	testtools.Need(t, "journalctl", "iptables", "ip6tables", "ip", "unshare", "nsenter")
	prefix := fmt.Sprintf("EGF%d: ", os.Getpid())
	cmd := exec.Command("../testdata/real/journald-netns", "-V", "-p", prefix, "../testdata/real/flush-story")
	cmd.Env = append(os.Environ(), "BIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
