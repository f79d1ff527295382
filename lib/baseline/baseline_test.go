package baseline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/testtools"
)

var day0 = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func pull(t *testing.T, host, domains, ips string, at time.Time) {
	t.Helper()
	testtools.Write(t, filepath.Join(host, pulled.Domains), domains)
	testtools.Write(t, filepath.Join(host, pulled.IPs), ips)
	testtools.Must(t, Update(host, at))
}

// TestUpdate: a key keeps the time at which it came; what was there at the first
// pull is not later than that, what came later is; and what a reset took away is
// still known.
func TestUpdate(t *testing.T) {
	host := filepath.Join(t.TempDir(), "web1")
	pull(t, host, "a.example 5 2026-11-01T11:00:00Z 192.0.2.1\n", "192.0.2.1 5 2026-11-01T11:00:00Z\n", day0)
	pull(t, host, "a.example 9 2026-11-02T11:00:00Z 192.0.2.1\nb.example 1 2026-11-02T10:00:00Z -\nc.example 1 2026-11-01T11:59:58Z -\nd.example 2 2027-01-01T00:00:00Z -\n",
		"192.0.2.1 9 2026-11-02T11:00:00Z\n", day0.Add(day))
	want := "a.example 5 2026-11-01T11:00:00Z -\nb.example 1 2026-11-02T10:00:00Z -\nc.example 1 2026-11-01T12:00:01Z -\nd.example 2 2026-11-02T12:00:00Z -\n"
	if got := testtools.Text(t, filepath.Join(host, FirstDomains)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	pull(t, host, "b.example 1 2026-11-03T10:00:00Z -\n", "", day0.Add(2*day))
	if got := testtools.Text(t, filepath.Join(host, FirstDomains)); got != want {
		t.Errorf("after a reset: got\n%swant\n%s", got, want)
	}
	if got := testtools.Text(t, filepath.Join(host, FirstIPs)); got != "192.0.2.1 5 2026-11-01T11:00:00Z\n" {
		t.Error(got)
	}
	if got := testtools.Text(t, filepath.Join(host, historyFile)); got != "2026-11-01T12:00:00Z first\n" {
		t.Error(got)
	}
}

// TestAbsorbed: what a narrow folded row has absorbed gives it its time; a wide
// one absorbs nothing.
func TestAbsorbed(t *testing.T) {
	host := filepath.Join(t.TempDir(), "web1")
	pull(t, host, "a.t.example.org 1 2026-11-01T11:00:00Z -\nb.t.example.org 1 2026-11-01T10:00:00Z -\nx.org 1 2026-11-01T09:00:00Z -\n",
		"192.0.2.1 5 2026-11-01T11:00:00Z\n198.51.100.1 5 2026-11-01T10:00:00Z\n", day0)
	pull(t, host, "* 7 2026-11-02T10:00:00Z -\n*.example.org 3 2026-11-02T10:00:00Z -\n*.org 3 2026-11-02T10:00:00Z -\n",
		"0.0.0.0/0 9 2026-11-02T11:00:00Z\n192.0.2.0/24 9 2026-11-02T11:00:00Z\n", day0.Add(day))
	want := "* 7 2026-11-02T10:00:00Z -\n*.example.org 1 2026-11-01T10:00:00Z -\n*.org 3 2026-11-02T10:00:00Z -\nx.org 1 2026-11-01T09:00:00Z -\n"
	if got := testtools.Text(t, filepath.Join(host, FirstDomains)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	want = "0.0.0.0/0 9 2026-11-02T11:00:00Z\n192.0.2.0/24 5 2026-11-01T11:00:00Z\n198.51.100.1 5 2026-11-01T10:00:00Z\n"
	if got := testtools.Text(t, filepath.Join(host, FirstIPs)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestFleet: of all hosts the earlier time stays, in any order and grouping, and
// of hosts that are gone too.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	testtools.Write(t, filepath.Join(dir, "a", FirstIPs), "192.0.2.1 5 2026-11-01T11:00:00Z\n192.0.2.2 5 2026-11-01T11:00:00Z\n")
	testtools.Write(t, filepath.Join(dir, "b", FirstIPs), "192.0.2.1 7 2026-11-01T10:00:00Z\n192.0.2.3 1 2026-11-01T11:00:00Z\n")
	testtools.Write(t, filepath.Join(dir, "c", FirstIPs), "192.0.2.2 4 2026-11-01T11:00:00Z\n")
	for _, names := range [][]string{{"c"}, {"a", "b"}, {"b"}, nil} {
		updateAll(t, dir, names)
	}
	os.RemoveAll(filepath.Join(dir, "b"))
	updateAll(t, dir, nil)
	want := "192.0.2.1 7 2026-11-01T10:00:00Z\n192.0.2.2 4 2026-11-01T11:00:00Z\n192.0.2.3 1 2026-11-01T11:00:00Z\n"
	if got := testtools.Text(t, FleetFile(dir, FirstIPs)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func updateAll(t *testing.T, dir string, names []string) {
	t.Helper()
	left, err := UpdateFleet(dir, names)
	testtools.Must(t, err)
	if left != 0 {
		t.Errorf("%d keys are left out", left)
	}
}

// TestFleetFull: a host that makes up keys takes nothing from what the fleet knew, and
// the keys that are left out are counted.
func TestFleetFull(t *testing.T) {
	dir := t.TempDir()
	const known = "b.example 5 2026-11-01T11:00:00Z -\n"
	testtools.Write(t, FleetFile(dir, FirstDomains), known)
	testtools.Write(t, filepath.Join(dir, "liar", FirstDomains), "a 1 2026-11-01T11:00:00Z -\na.a 1 2026-11-01T11:00:00Z -\nb.example 4 2026-11-01T10:00:00Z -\nc 1 2026-11-01T11:00:00Z -\n")
	left, err := updateFleet(dir, FirstDomains, []string{"liar"}, int64(len(known)+30))
	testtools.Must(t, err)
	want := "a 1 2026-11-01T11:00:00Z -\nb.example 4 2026-11-01T10:00:00Z -\n"
	if got := testtools.Text(t, FleetFile(dir, FirstDomains)); got != want || left != 2 {
		t.Errorf("%d are left out of\n%swant\n%s", left, got, want)
	}
}

// TestStates: one a day, for a year one a week, and they come back as they were.
func TestStates(t *testing.T) {
	host := filepath.Join(t.TempDir(), "web1")
	row := "192.0.2.1 5 2026-11-01T11:00:00Z\n"
	testtools.Write(t, filepath.Join(host, pulled.IPs), row)
	for n := range 500 {
		at := day0.Add(time.Duration(n) * day)
		testtools.Must(t, os.MkdirAll(filepath.Join(host, statesDir, at.Format(stampLayout)), 0o755))
		testtools.Must(t, thin(filepath.Join(host, statesDir)))
	}
	pull(t, host, "", row, day0.Add(500*day))
	pull(t, host, "", row, day0.Add(500*day+time.Hour))
	states, err := States(host)
	if err != nil || len(states) != keepDaily+keepWeekly {
		t.Errorf("%d states, %v", len(states), err)
	}
	for i, at := range states[1:] {
		step := at.Sub(states[i])
		if weekly := i < keepWeekly; weekly && (step < day || step > 7*day) || !weekly && step != day {
			t.Errorf("%v follows %v", at, states[i])
		}
	}
	pull(t, host, "", row, day0.Add(30000*day)) // the clock is wrong, for once
	testtools.Must(t, os.MkdirAll(filepath.Join(host, statesDir, "20990101T000000Z"+newSuffix), 0o755))
	pull(t, host, "", row, day0.Add(501*day))
	after, err := States(host)
	gone := slices.DeleteFunc(slices.Clone(states), func(at time.Time) bool { return slices.Contains(after, at) })
	if err != nil || len(after) != len(states) || len(gone) != 2 { // as many as came
		t.Errorf("after a wrong clock: %d states, %v are gone, %v", len(after), gone, err)
	}
	if left, _ := filepath.Glob(filepath.Join(host, statesDir, "*"+newSuffix)); left != nil {
		t.Errorf("left: %s", left)
	}
	got := ""
	err = EachRow(host, after[len(after)-2], pulled.IPs, func(rec aggregate.Record) error {
		got += string(rec.Append(nil))
		return nil
	})
	if got != row || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestHistory: of failures in a row the first stays, resets stay until they are
// known, and the file is bounded.
func TestHistory(t *testing.T) {
	host := t.TempDir()
	pull(t, host, "", "", day0)
	for n, kind := range []string{Good, Failed, Failed, Good, Good, Reset, Reset, Failed} {
		testtools.Must(t, Note(host, day0.Add(time.Duration(n)*time.Hour), kind, "why\x1b[31m"))
	}
	want := `2026-11-01T12:00:00Z first
2026-11-01T13:00:00Z failed why?[31m
2026-11-01T15:00:00Z ok why?[31m
2026-11-01T17:00:00Z reset why?[31m
2026-11-01T18:00:00Z reset why?[31m
2026-11-01T19:00:00Z failed why?[31m
`
	if got := testtools.Text(t, filepath.Join(host, historyFile)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	old := strings.Repeat("2026-11-01T19:00:00Z failed x\n", maxEvents-1)
	testtools.Write(t, filepath.Join(host, historyFile), "2026-11-01T12:00:00Z first\n"+old)
	for n := range 3 {
		testtools.Must(t, Note(host, day0.Add(time.Duration(n)*time.Hour), []string{Good, Failed}[n%2], strings.Repeat("x", 300)))
	}
	events, err := History(host)
	if err != nil || len(events) != maxEvents || events[0].Kind != First {
		t.Errorf("%d events, %v, %v", len(events), events[0], err)
	}
	testtools.Write(t, filepath.Join(host, historyFile), "2026-11-01T12:00:00Z first\n2026-11-01T13:00:00Z reset\n"+strings.TrimSuffix(old, "2026-11-01T19:00:00Z failed x\n"))
	for n, kind := range []string{Good, Failed, Reset, Good, Failed} {
		testtools.Must(t, Note(host, day0.Add(time.Duration(n)*time.Hour), kind, ""))
	}
	events, err = History(host)
	if err != nil || len(events) != maxEvents || events[0].Kind != First || events[1].Kind != Reset {
		t.Errorf("a reset is forgotten: %d events, %v, %v", len(events), events[:2], err)
	}
	if !Known(host).IsZero() {
		t.Error("known before it was")
	}
	if err := SetKnown(host, day0); err != nil || !Known(host).Equal(day0) {
		t.Errorf("%v, %v", Known(host), err)
	}
}

// TestFind: the rows of some keys, as they were in a dated state.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	rows := "a.example 1 2026-11-25T00:00:00Z -\nb.example 2 2026-11-25T00:00:00Z -\nd.example 4 2026-11-25T00:00:00Z -\n"
	testtools.Must(t, os.WriteFile(filepath.Join(dir, pulled.Domains), []byte(rows), 0o600))
	testtools.Must(t, Update(dir, at))
	got := ""
	err := Find(dir, at, pulled.Domains, []string{"a", "b.example", "c.example", "d.example", "e"}, func(key string, rec aggregate.Record) {
		got += fmt.Sprint(key, rec.Count, " ")
	})
	if err != nil || got != "b.example2 d.example4 " {
		t.Error(got, err)
	}
}

// TestFirstPullBetweenSeconds: what the first pull brings is as old as its rows
// say, also if the clock is not at a whole second. So nothing of it is new.
func TestFirstPullBetweenSeconds(t *testing.T) {
	host := filepath.Join(t.TempDir(), "web1")
	row := "192.0.2.1 5 2026-10-31T11:00:00Z\n"
	pull(t, host, "", row, day0.Add(999*time.Millisecond))
	if got := testtools.Text(t, filepath.Join(host, FirstIPs)); got != row {
		t.Errorf("got %s, want %s", got, row)
	}
}
