package finding

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/testtools"
)

var present = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// makeWorld makes a fleet of about so many hosts, in three weekly states.
func makeWorld(t testing.TB, seed int64, size int, dir string) *world {
	w := newWorld(seed, present)
	patterns := []string{"%s%d", "%s-%02d.dc1.example.org", "%s%d.prod"}
	pattern := patterns[seed%3]
	plain := []string{"front", "api", "pg", "build", "cache", "queue", "store"}
	for i := range min(len(plain), max(2, size/4)) {
		w.role(plain[i], max(1, size*6/10/len(plain)), 2+w.r.Intn(9), pattern)
	}
	for i, name := range []string{"spider", "gate", "mx", "logs", "kube", "clock", "watch", "desk"} {
		if i*3 < size {
			w.role(name, 1+size/60, 0, pattern)
		}
	}
	for state := range 3 {
		at := present.Add(time.Duration(state-2) * week)
		w.tick(state, at)
		w.write(t, dir, at)
	}
	return w
}

type fleetOptions = fleet.Options

func read(t testing.TB, dir string, now time.Time, change ...func(*fleetOptions)) *fleet.Fleet {
	o := fleetOptions{
		Now: now, Since: now.Add(-week), Stale: 26 * time.Hour, Blind: 15 * time.Minute, Known: resolvers.Builtin(),
		Canaries: []string{"canary.egress-monitor.invalid", "203.0.113.255"}, Warn: func(s batch.Skipped) { t.Error(s) },
	}
	for _, do := range change {
		do(&o)
	}
	f, err := fleet.Read(dir, o)
	testtools.Must(t, err)
	t.Cleanup(f.Close)
	return f
}

// rank is where something stands in a list, from 1; 0 is nowhere.
func rank(all []Finding, x truth) int {
	for i := range all {
		f := &all[i]
		text := f.Kind + " " + f.What + " " + strings.Join(f.Why, " ")
		if slices.Contains(f.Hosts, x.host) && (strings.Contains(text, x.pattern) || x.pattern == f.Kind || strings.Contains(text, "its "+x.pattern)) {
			return i + 1
		}
	}
	return 0
}

func show(all []Finding, n int) string {
	var b strings.Builder
	for i := range all[:min(len(all), n)] {
		f := &all[i]
		fmt.Fprintln(&b, i+1, f.surprise, f.Hosts, f.What, f.Like, f.Since.Format("01-02"), f.Old, f.New, f.Count, strings.Join(f.Why, "; "))
	}
	return b.String()
}

// inMemory is a folder in memory where there is one: a pull waits for the disk.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "egress-finding-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestWorlds: what does not belong comes first, in fleets of any size.
func TestWorlds(t *testing.T) {
	for n, size := range []int{5, 12, 30, 60} {
		dir := inMemory(t)
		w := makeWorld(t, int64(n), size, dir)
		all := List(read(t, dir, present.Add(5*time.Minute)))
		for _, x := range w.truth {
			if at := rank(all, x); at == 0 || at > 25 {
				t.Errorf("%d hosts: %s (%s) on %s: rank %d", len(w.hosts), x.what, x.pattern, x.host, at)
			}
		}
		if t.Failed() || testing.Verbose() {
			t.Logf("%d hosts\n%s", len(w.hosts), show(all, 45))
		}
	}
}
