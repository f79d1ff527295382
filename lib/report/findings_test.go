package report

import (
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/testtools"
)

func printed(t *testing.T, width int, findings ...finding.Finding) string {
	t.Helper()
	var b strings.Builder
	r := Report{Title: "Title", Now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Findings: findings}
	testtools.Must(t, r.Print(&b, TextStyle{Width: width}))
	return b.String()
}

// TestFindingIsOneLine: the reasons that there is no room for give way, but not
// what the thing is and the weightiest reason; in a file all are there.
func TestFindingIsOneLine(t *testing.T) {
	f := finding.Finding{Hosts: []string{"web1"}, Kind: "direct-ipv4", What: "192.0.2.7", Count: 1_234_567, Since: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC),
		Telling: 2, Why: []string{"direct", "its first", "no other web*", "a long reason that is of less weight than the others", "57 a day"}}
	for width, want := range map[int]string{
		0:   "\n  web1  192.0.2.7  2026-11-26     0  1.23M  direct; its first; no other web*; a long reason that is of less weight than the others; 57 a day\n",
		100: "\n  web1  192.0.2.7  2026-11-26     0  1.23M  direct; its first; no other web* ..\n",
		60:  "\n  web1  192.0.2.7  2026-11-26     0  1.23M\n        direct; its first; no other web* ..\n",
	} {
		if got := printed(t, width, f); !strings.Contains(got, want) {
			t.Errorf("%d columns: %s", width, got)
		}
	}
}

// TestOneHost: in the report of one host no reason gives way.
func TestOneHost(t *testing.T) {
	var b strings.Builder
	r := Report{Title: "Title", Hosts: make([]HostPage, 1), Findings: []finding.Finding{{Hosts: []string{"web1"}, Kind: "direct-ipv4", What: "192.0.2.7",
		Telling: 1, Why: []string{"direct", strings.Repeat("reason ", 6) + "end", "57 a day"}}}}
	if err := r.Print(&b, TextStyle{Width: 80}); err != nil || !strings.Contains(b.String(), "57 a day") {
		t.Error(b.String(), err)
	}
}

// TestTroublesOfAHost are one line.
func TestTroublesOfAHost(t *testing.T) {
	trouble := func(host, kind, why string) finding.Finding {
		return finding.Finding{Hosts: []string{host}, Kind: kind, Why: []string{why}}
	}
	got := printed(t, 100, trouble("a", "blind", "blind for names: no canary"), trouble("b", "reset", "was reset: counts fell"), trouble("a", "late", "last pulled 3 days ago"))
	for _, want := range []string{
		"\n  a     blind, late  -              -      -  for names: no canary; last pulled 3 days ago\n",
		"\n  b     reset        -              -      -  counts fell\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

// TestFewHostsAreNamedFirst: who looks for a host finds it in the line.
func TestFewHostsAreNamedFirst(t *testing.T) {
	got := printed(t, 100, finding.Finding{Hosts: []string{"a", "b", "c"}, Kind: "direct-ipv4", What: "192.0.2.7", Why: []string{"direct", "new"}, Telling: 2})
	if !strings.Contains(got, "  a +2  192.0.2.7  -              -      0  also on b c; direct; new\n") {
		t.Error(got)
	}
}

func TestShort(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 99_999: "99,999", 100_000: "100k", 999_499: "999k", 999_500: "1M", 1<<64 - 1: "18.4E"} {
		if got := short(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
