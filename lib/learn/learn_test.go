package learn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/fold"
	"egress-monitor/lib/report"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/testtools"
)

// readHost reads a fleet of one host that has asked for a name for weeks.
func readHost(t *testing.T, name string) *fleet.Fleet {
	t.Helper()
	dir := t.TempDir()
	host := filepath.Join(dir, "web1")
	testtools.Must(t, os.Mkdir(host, 0o755))
	row := name + " %d %s 192.0.2.1\n"
	testtools.Write(t, filepath.Join(host, "unique-domains.log"), fmt.Sprintf(row, 90, "2026-11-23T11:00:00Z"))
	testtools.Write(t, filepath.Join(host, "first-seen-domains.log"), fmt.Sprintf(row, 1, "2026-11-01T11:00:00Z"))
	testtools.Write(t, filepath.Join(host, "unique-ips.log"), "")
	testtools.Write(t, filepath.Join(host, "first-seen-ips.log"), "")
	testtools.Write(t, filepath.Join(host, "pull.history"), "2026-11-01T12:00:00Z first\n")
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f, err := fleet.Read(dir, fleet.Options{Now: now, Since: now.AddDate(0, 0, -7), Known: resolvers.Builtin(), Allow: allow.New()})
	testtools.Must(t, err)
	t.Cleanup(f.Close)
	return f
}

// TestHostileNames: a host that asks for a name for weeks gets a rule for that
// name on that host, or a comment; never a rule for anything else.
func TestHostileNames(t *testing.T) {
	others := []string{"other.example", "x", "any-address", "x.evil.example"}
	for name, want := range map[string]bool{
		"old.example.net":            true,
		"any-address#x.evil.example": true,
		"any-name#x.evil.example":    true,
		"x#y":                        true,
		"#x.evil.example":            false,
		"any-address":                false,
		"any-name":                   false,
		"6.6.6.6":                    false,
		"1.2.3.6.6.6.6":              false,
		"6.6.6.0/24":                 false,
		"UPPER.evil.example":         false,
		"a:53.example":               false,
		"a*b.example":                false,
		strings.Repeat("a", 70_000) + ".evil.example": false,
	} {
		t.Run(name[:min(len(name), 40)], func(t *testing.T) {
			var out strings.Builder
			n, err := Write(&out, readHost(t, name), report.Clean)
			testtools.Must(t, err)
			if n != 1 {
				t.Fatalf("%d proposals:\n%s", n, out.String())
			}
			list := allow.New()
			err = list.Read(strings.NewReader(out.String()), "proposed", func(line int, err error) { t.Errorf("line %d: %v", line, err) })
			testtools.Must(t, err)
			rules := list.Unused()
			if got := len(rules) == 1; got != want || len(rules) > 1 {
				t.Errorf("%d rules:\n%.2000s", len(rules), out.String())
			}
			if list.Name("web1", []byte(name)) != want {
				t.Error("the name is hidden, or is not, against the line")
			}
			if list.Name("web2", []byte(name)) {
				t.Error("the name is hidden on another host")
			}
			for _, other := range others {
				if other != name && list.Name("web1", []byte(other)) {
					t.Errorf("%s is hidden", other)
				}
			}
			for _, address := range []string{"6.6.6.6", "192.0.2.9", "2001:db8::1"} {
				if p, _ := fold.Address([]byte(address)); list.Address("web1", p) {
					t.Errorf("%s is hidden", address)
				}
			}
		})
	}
}
