package stamp

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// Zones in every form that TZ may have: what date(1), and so glibc, makes of
// them, at both ends of the year and around the changes.
func TestZoneIsGlibcs(t *testing.T) {
	testtools.Need(t, "date")
	instants := "@1767225600\n@1774745999\n@1774746000\n@1782864000\n@1792889999\n@1792890000\n@1795421100\n@1783123200\n@1793512799\n@1793512800\n"
	for _, tz := range []string{
		"", ":", "UTC", "UTC0", "GMT-8", "JST-9", "<+0330>-3:30", "<-03>3", "NST3:30NDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3",
		":CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT", "XYZ5XDT", "XYZ5XDT4", "NZST-12NZDT,M9.5.0,M4.1.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
		"IST-2IDT,M3.4.4/26,M10.5.0", "XYZ0XDT,J60/2,J300/2", "XYZ0XDT,59,299/25", "XYZ-1:30:15", "Europe/Berlin", ":America/New_York", "Asia/Kathmandu",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "EET-2EEST,M3.5.0/3,M10.5.0/4",
	} {
		loc, err := Zone(tz)
		if err != nil {
			t.Errorf("%q: %v", tz, err)
			continue
		}
		cmd := exec.Command("date", "-f-", "+%s %Y-%m-%dT%H:%M:%S%z")
		cmd.Env = append(os.Environ(), "TZ="+tz, "LC_ALL=C")
		cmd.Stdin = strings.NewReader(instants)
		out, err := cmd.Output()
		testtools.Must(t, err)
		for line := range strings.Lines(string(out)) {
			seconds, want, _ := strings.Cut(strings.TrimSpace(line), " ")
			unix, _, _ := seconds64(seconds)
			if got := time.Unix(unix, 0).In(loc).Format("2006-01-02T15:04:05-0700"); got != want {
				t.Errorf("%q at %s: got %s, want %s", tz, seconds, got, want)
			}
		}
	}
}

func seconds64(s string) (n int64, size int, ok bool) {
	for _, c := range s {
		n = n*10 + int64(c-'0')
	}
	return n, len(s), true
}

func TestNoSuchZone(t *testing.T) {
	for _, tz := range []string{
		"Mars/Olympus", "Europe/Nowhere", "X", "CE-1", "CET", "+1", "CET-25", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0,",
		"<+03", "<+03>", "/nonexistent", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,J366,J1", "CET-1\n", "CET-1CEST,M3.5.0/169,M10.5.0", ".", "..",
		"Europe/Berlin1", "CET-1,M3.5.0,M10.5.0", "CET-1CEST;M3.5.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0,J1", "CET-1CEST,M3.5,M10.5.0", "CET-1:60", "<C_T>1", "CET-1CEST-25", "CET-0024:1x",
	} {
		if tz == "CET" && exists("/usr/share/zoneinfo/CET") {
			continue
		}
		if loc, err := Zone(tz); err == nil {
			t.Errorf("%q: got %v", tz, loc)
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
