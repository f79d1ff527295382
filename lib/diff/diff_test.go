package diff

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
	"egress-monitor/lib/union"
)

// TestMergeOfDifference: where rows only grew, the old aggregate merged with
// the difference is the new one, of domains and of addresses.
func TestMergeOfDifference(t *testing.T) {
	for seed := range int64(120) {
		r := rand.New(rand.NewSource(seed))
		withIPs := seed%2 == 0
		old := merged(t, randomRows(r, withIPs, r.Intn(60)))
		now := merged(t, old, randomRows(r, withIPs, r.Intn(60)))
		d := difference(t, old, now)
		if got := merged(t, old, d); got != now {
			t.Fatalf("seed %d: old\n%sdifference\n%sgive\n%sinstead of\n%s", seed, old, d, got, now)
		}
		if again := difference(t, now, now); again != "" {
			t.Fatalf("seed %d: difference to itself:\n%s", seed, again)
		}
		for line := range strings.Lines(d) {
			if strings.Contains(old, line) && strings.Contains(now, line) {
				t.Fatalf("seed %d: %q is the same in both", seed, line)
			}
		}
	}
}

// TestReset: whatever the two are, each row of the new one that is not in the
// old one has a row in the difference.
func TestReset(t *testing.T) {
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		old := merged(t, randomRows(r, true, 40))
		now := merged(t, randomRows(r, true, 40))
		keys := map[string]bool{}
		for line := range strings.Lines(difference(t, old, now)) {
			key, _, _ := strings.Cut(line, " ")
			keys[key] = true
		}
		for line := range strings.Lines(now) {
			key, _, _ := strings.Cut(line, " ")
			if same := strings.Contains("\n"+old, "\n"+line); same == keys[key] {
				t.Fatalf("seed %d: %q: in old %v, in difference %v", seed, line, same, keys[key])
			}
		}
	}
}

func randomRows(r *rand.Rand, withIPs bool, n int) string {
	var b strings.Builder
	for range n {
		if r.Intn(40) == 0 { // a family, which takes what it covers
			fmt.Fprintf(&b, "192.0.2.%d/%d %d 2026-02-01T00:00:00Z%s\n", r.Intn(4)*8, 29, r.Intn(4), []string{"", " -"}[b2i(withIPs)])
		}
		fmt.Fprintf(&b, "192.0.2.%d %d 2026-02-%02dT00:00:00Z", r.Intn(40), r.Intn(4), 1+r.Intn(28))
		if withIPs {
			var ips []string
			for range r.Intn(4) {
				ips = append(ips, fmt.Sprintf("2001:db8::%x%s", r.Intn(20), []string{"", "/124"}[r.Intn(20)/19]))
			}
			b.WriteString(" " + strings.Join(append(slices.Compact(ips), "192.0.2.1")[r.Intn(1+min(1, len(ips))):], ","))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func merged(t *testing.T, texts ...string) string {
	t.Helper()
	u := union.New(t.TempDir(), func(s batch.Skipped) { t.Error(s) })
	defer u.Close()
	for _, text := range texts {
		testtools.Must(t, u.AddStream(batch.NewScanner(strings.NewReader(text), "text")))
	}
	var out strings.Builder
	testtools.Must(t, u.Write(&out))
	return out.String()
}

func difference(t *testing.T, old, now string) string {
	t.Helper()
	var out []byte
	err := Each(file(t, "old", old), file(t, "new", now), func(row aggregate.Record, _ Change) error {
		out = row.Append(out)
		return nil
	})
	testtools.Must(t, err)
	return string(out)
}

func file(t *testing.T, name, text string) *union.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	testtools.Must(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := union.Open(func(s batch.Skipped) { t.Error(s) }, path)
	testtools.Must(t, err)
	t.Cleanup(f.Close)
	return f
}
