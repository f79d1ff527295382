package pipelines

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// setToken is generation g of a table.
func setToken(g int) string {
	return fmt.Sprintf("set=0123456789abcdef;g=%d;from=2026-11-26T05:%02d:00Z;to=2026-11-26T05:%02d:00Z", g, g, g+1)
}

// setListing is what was counted in generation g: n connections to each of two
// addresses, where seen were made. They were seen 20 seconds before EGRESS_NOW.
func setListing(g, n, seen int) string {
	return fmt.Sprintf(`{"nftables": [{"metainfo": {"json_schema_version": 1}},
{"set": {"family": "inet", "name": "v4_%[1]d", "table": "egress_monitor", "type": "ipv4_addr", "timeout": 100, "elem": [{"elem": {"val": "192.0.2.1", "expires": 80.000, "counter": {"packets": %[2]d}}}]}},
{"counter": {"family": "inet", "table": "egress_monitor", "name": "seen4_%[1]d", "packets": %[3]d}},
{"set": {"family": "inet", "name": "v6_%[1]d", "table": "egress_monitor", "type": "ipv6_addr", "timeout": 100, "elem": [{"elem": {"val": "2001:db8::1", "expires": 80.000, "counter": {"packets": %[2]d}}}]}},
{"counter": {"family": "inet", "table": "egress_monitor", "name": "seen6_%[1]d", "packets": %[3]d}}]}
`, g, n, seen)
}

func setRows(n int) string {
	return fmt.Sprintf("192.0.2.1 %d 2026-11-30T23:59:40Z\n2001:db8::1 %[1]d 2026-11-30T23:59:40Z\n", n)
}

// set polls generation g, with n connections to each address.
func (s *server) set(g, n int) {
	s.t.Helper()
	s.write("listing", setListing(g, n, n))
	s.poll("egress-set " + setToken(g))
}

// A listing that is read twice, because root did not learn that it was counted, or
// that is of an earlier generation, is counted once.
func TestSetOnce(t *testing.T) {
	s := newServer(t)
	for g := 1; g <= 3; g++ {
		for range 2 {
			s.set(g, 2)
			wantText(t, "generation", s.ips(), setRows(2*g))
		}
	}
	s.set(2, 2)
	wantText(t, "an old generation", s.ips(), setRows(6))
}

// A listing that is cut or missing is not counted, and that is reported.
func TestSetCut(t *testing.T) {
	s := newServer(t)
	whole := setListing(1, 2, 2)
	for _, text := range []string{"", whole[:len(whole)/2], whole[:len(whole)-2], "{}", setListing(2, 2, 2)} {
		s.write("listing", text)
		if said, ok := s.try("egress-set " + setToken(1)); ok || !strings.Contains(said, "nftparse: ") {
			t.Errorf("%q: success %v: %s", text, ok, said)
		}
	}
	if _, err := os.Stat(s.file("log/unique-ips.log")); err == nil {
		t.Error("something was counted")
	}
	for _, token := range []string{"garbage", "", "-h"} {
		s.write("listing", whole)
		cmd := s.command("egress-set x")
		cmd.Args[1] = token
		if _, _, status := testtools.Run(t, cmd); status == 0 {
			t.Errorf("token %q is taken", token)
		}
	}
}

// Gaps are told, and counts before and after them are kept.
func TestSetGaps(t *testing.T) {
	s := newServer(t)
	for _, x := range []struct {
		token, listing, gap string
		sum                 int
	}{
		{setToken(1), setListing(1, 1, 1), "", 1},
		{setToken(3), setListing(3, 1, 1), "gap: connections between 2026-11-26T05:02:00Z and 2026-11-26T05:03:00Z were not counted", 2},
		{setToken(4), setListing(4, 1, 9), "gap: 8 of 9 connections", 3},
		{setToken(5), setListing(5, 2, 1), "gap: set v4_5 holds 2 connections where 1 were counted", 3},
		{strings.Replace(setToken(6), "=01", "=ff", 1), setListing(6, 1, 1), "gap: connections between 2026-11-26T05:06:00Z and 2026-11-26T05:06:00Z were not counted", 4},
	} {
		s.write("listing", x.listing)
		said, ok := s.try("egress-set " + x.token)
		if !ok || !strings.Contains(said, x.gap) || x.gap == "" && said != "" {
			t.Errorf("%s: success %v: %s", x.token, ok, said)
		}
		wantText(t, x.token, s.ips(), setRows(x.sum))
	}
}

// A cursor file that is damaged does not stop it for ever, and is told.
func TestSetDamagedCursor(t *testing.T) {
	s := newServer(t)
	s.set(1, 1)
	s.write("state/set.cursor", "\x00garbage\n")
	s.write("listing", setListing(2, 1, 1))
	if said, ok := s.try("egress-set " + setToken(2)); !ok || said == "" {
		t.Errorf("success %v: %q", ok, said)
	}
	wantText(t, "counts", s.ips(), setRows(2))
	s.set(3, 1)
	wantText(t, "counts", s.ips(), setRows(3))
}
