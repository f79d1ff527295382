package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/testtools"
)

// plain is a fleet of six hosts that do the same in six weekly states; do changes
// what they do.
func plain(t *testing.T, do func(state int, at time.Time, hosts []*machine)) []Finding {
	t.Helper()
	w := newWorld(1, present)
	w.role("front", 6, 0, "%s%d")
	dir := inMemory(t)
	for state := range 6 {
		at := present.Add(time.Duration(state-5) * week)
		for _, m := range w.hosts {
			for n := range 20 {
				ip := fmt.Sprintf("192.0.2.%d", n)
				m.ask(fmt.Sprintf("a%d.example.org", n), 100+n, at.Add(-time.Hour), ip)
				m.connect(ip, 100, at.Add(-time.Hour))
			}
			m.ask("canary.egress-monitor.invalid", 10080, at.Add(-20*time.Second))
			m.connect("203.0.113.255", 10080, at.Add(-20*time.Second))
		}
		do(state, at.Add(-2*time.Hour), w.hosts)
		w.write(t, dir, at)
	}
	return List(read(t, dir, present.Add(5*time.Minute)))
}

// only checks that there is one finding, and its texts.
func only(t *testing.T, all []Finding, host, kind, what string, why ...string) {
	t.Helper()
	if len(all) != 1 || all[0].Hosts[0] != host || all[0].Kind != kind || all[0].What != what {
		t.Fatal(show(all, 9))
	}
	for _, fact := range why {
		if !slices.ContainsFunc(all[0].Why, func(s string) bool { return strings.Contains(s, fact) }) {
			t.Errorf("no %q in %q", fact, all[0].Why)
		}
	}
}

// TestComesBack: a domain that was silent for weeks.
func TestComesBack(t *testing.T) {
	all := plain(t, func(state int, at time.Time, hosts []*machine) {
		if state == 0 || state == 5 {
			hosts[2].ask("sync.old.example", 3, at, "198.51.100.7")
		}
	})
	only(t, all, "front3", "rare-domain", "sync.old.example", "came back after 28 days")
}

// TestGrows: a common name, and a direct address, that one host suddenly asks for
// far more often.
func TestGrows(t *testing.T) {
	grows := func(state int) int { return 100 + 9900*(state/5) }
	all := plain(t, func(state int, at time.Time, hosts []*machine) {
		hosts[4].ask("a3.example.org", grows(state), at, "192.0.2.3")
	})
	only(t, all, "front5", "grown", "a3.example.org", "49 times as often as before")
	all = plain(t, func(state int, at time.Time, hosts []*machine) {
		for _, m := range hosts { // each has it, and it is no news
			m.connect("198.51.100.9", 100, at)
		}
		hosts[1].connect("198.51.100.9", grows(state)-100, at)
	})
	if len(all) != 1 || all[0].Kind != "grown" || all[0].What != "198.51.100.9" {
		t.Error(show(all, 9))
	}
}

// TestNothingGrows: what all hosts do more often, and what was busy from its first
// day on, is no news.
func TestNothingGrows(t *testing.T) {
	all := plain(t, func(state int, at time.Time, hosts []*machine) {
		for _, m := range hosts {
			m.ask("busy.example.org", 90_000, at, "192.0.2.40")
			if state > 2 {
				m.ask("later.example.org", 90_000, at, "192.0.2.41")
			}
		}
	})
	if slices.ContainsFunc(all, func(f Finding) bool { return f.Kind == "grown" }) {
		t.Error(show(all, 9))
	}
}

// TestKnownByWhom: a host can make up names that lead to what others reach. The
// finding of those others names it.
func TestKnownByWhom(t *testing.T) {
	for _, c := range []struct {
		leaders [][]int // of each address that the host reaches
		want    string
	}{
		{[][]int{{0}}, "direct, a name led front1 to it"},
		{[][]int{{4, 1}}, "direct, a name led front2 and 1 other host to it"},
		{[][]int{{3, 0, 1}}, "direct, a name led front1 and 2 other hosts to it"},
		{[][]int{{4}, {4}}, "direct, names led front5 there"},
		{[][]int{{1}, {4}}, "direct, names led front5, front2 there"}, // what counts most comes first
		{[][]int{{0}, {1, 5}}, "direct, names led front2, front1 and others there"},
		{[][]int{{0}, {1}, {3}, {4}}, "direct, names led front5, front4, front2 and others there"},
	} {
		all := plain(t, func(state int, at time.Time, hosts []*machine) {
			if state < 5 {
				return
			}
			for n, leaders := range c.leaders {
				ip := fmt.Sprintf("198.51.%d.7", n)
				hosts[2].connect(ip, 3+n, at)
				for _, l := range leaders {
					hosts[l].ask(fmt.Sprintf("www.made-up%d.example", n), 3, at, ip)
				}
			}
		})
		i := slices.IndexFunc(all, func(f Finding) bool { return f.Kind == "direct-known" && f.Hosts[0] == "front3" })
		if i < 0 || all[i].Why[0] != c.want {
			t.Errorf("%v: want %s\n%s", c.leaders, c.want, show(all, 9))
		}
	}
}

// TestMetadata: the address that hands out credentials, on a host that never asked.
func TestMetadata(t *testing.T) {
	all := plain(t, func(state int, at time.Time, hosts []*machine) {
		for i, m := range hosts {
			if i < 4 || i == 5 && state == 5 {
				m.connect("169.254.169.254", 50, at)
			}
		}
	})
	if len(all) == 0 || all[0].Hosts[0] != "front6" || !strings.Contains(strings.Join(all[0].Why, ";"), "metadata of the cloud") {
		t.Error(show(all, 9))
	}
}

// TestManyHosts: a name that came to many hosts at once is one finding, though some
// of them are busy; it has all the facts of its only name.
func TestManyHosts(t *testing.T) {
	all := plain(t, func(state int, at time.Time, hosts []*machine) {
		for i, m := range hosts {
			if i > 2 {
				for n := range 30 {
					m.ask(fmt.Sprintf("s%d-%d-%d.example", i, state, n), 3, at, fmt.Sprintf("198.51.%d.%d", i, n))
				}
			}
			if state == 5 {
				m.ask("cfg.everywhere.example", 3, at, "198.51.100.77")
			}
		}
	})
	i := slices.IndexFunc(all, func(f Finding) bool { return f.Kind == newInFleet })
	if i < 0 || i > 3 || all[i].What != "cfg.everywhere.example" || len(all[i].Hosts) != 6 {
		t.Error(show(all, 9))
	}
}

// TestWatchedOnce: what is on a watch-list is not listed a second time.
func TestWatchedOnce(t *testing.T) {
	w := newWorld(1, present)
	w.role("front", 3, 1, "%s%d")
	w.hosts[0].ask("bad.example", 3, present.Add(-time.Hour), "198.51.100.1")
	w.hosts[0].connect("198.51.100.2", 3, present.Add(-time.Hour))
	dir := inMemory(t)
	w.write(t, dir, present)
	watch := resolvers.New()
	testtools.Must(t, watch.ReadPlain(strings.NewReader("bad.example\n198.51.100.2\n"), "mine", func(_ int, err error) { t.Error(err) }))
	f := read(t, dir, present, func(o *fleetOptions) { o.Watch = watch })
	for _, one := range List(f) {
		if !one.Trouble() && one.Kind != "watched" {
			t.Error(one.Kind, one.What)
		}
	}
}
