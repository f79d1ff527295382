package finding

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/testtools"
)

// findUnprintable returns the findings of six hosts, of which the first ones ask for
// names with unprintable bytes so often each. The last one contacts an address that
// the row has.
func findUnprintable(t *testing.T, counts ...int) []Finding {
	t.Helper()
	dir := t.TempDir()
	for i := range 6 {
		host := filepath.Join(dir, fmt.Sprintf("%cweb", 'a'+i))
		testtools.Must(t, os.Mkdir(host, 0o755))
		names, ips := "", ""
		if i < len(counts) {
			names = fmt.Sprintf("%s %d 2026-11-26T11:00:00Z 203.0.112.9\n", fold.Unprintable, counts[i])
		}
		if i == 5 {
			ips = "203.0.112.9 5 2026-11-26T11:00:00Z\n"
		}
		testtools.Write(t, filepath.Join(host, "unique-domains.log"), names+"www.example.org 9 2026-11-26T11:00:00Z 192.0.2.1\n")
		testtools.Write(t, filepath.Join(host, "unique-ips.log"), ips)
	}
	return List(read(t, dir, present))
}

// TestUnprintable: many questions for names with unprintable bytes are a finding,
// with these words, unless half of the fleet has them; and they lead nowhere.
func TestUnprintable(t *testing.T) {
	for _, c := range []struct {
		counts []int
		kind   string
	}{
		{[]int{5000}, "many-names"},
		{[]int{2}, "unanswered-domain"},
		{[]int{5000, 4000}, "many-names"},
		{[]int{5000, 4000, 3000, 4000}, ""},
	} {
		all := findUnprintable(t, c.counts...)
		kind, direct := "", ""
		for i := range all {
			switch f := &all[i]; {
			case f.What == fold.Unprintable:
				kind = f.Kind
				if !slices.Contains(f.Why, unprintable) || strings.Contains(strings.Join(f.Why, " "), fold.Unprintable) {
					t.Errorf("%v: why: %q", c.counts, f.Why)
				}
			case f.What == "203.0.112.9":
				direct = f.Kind
			}
		}
		if kind != c.kind || direct != "direct-ipv4" {
			t.Errorf("%v: %q, want %q; the address: %q\n%s", c.counts, kind, c.kind, direct, show(all, 20))
		}
	}
}
