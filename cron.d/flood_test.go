package pipelines

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"egress-monitor/lib/testtools"
)

// 40,000 new connections in a second and more can be too many for journald to
// read in time: each of them is in the counts or in the number of the gap. A set
// that counts beside the LOG rule counts each.
func TestFloodIsCounted(t *testing.T) {
	testtools.NeedRoot(t)
	testtools.Need(t, "journalctl", "iptables", "ip6tables", "ip", "ping", "unshare", "nsenter")
	testtools.Must(t, testtools.Build(bin, "../testdata/real/flood", "../testdata/real/rules"))
	set := ""
	if _, err := exec.LookPath("nft"); err == nil {
		set = "1"
	}
	for _, rate := range []int{40_000, 120_000} {
		prefix := fmt.Sprintf("EGF%d: ", os.Getpid())
		cmd := exec.Command("../testdata/real/journald-netns", "-p", prefix, "../testdata/real/flood-story")
		cmd.Env = append(os.Environ(), "BIN="+bin, fmt.Sprint("RATE=", rate), "SECONDS_LONG=2", "SET="+set)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
	}
}
