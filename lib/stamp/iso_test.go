package stamp

import (
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func TestISO(t *testing.T) {
	for _, c := range []struct {
		stamp, want string
		n           int
	}{
		{"2026-11-23T08:05:00.980088+00:00 vm", "2026-11-23T08:05:00Z", 32}, // rsyslog
		{"2026-11-23T08:05:00.980088+0000 vm", "2026-11-23T08:05:00Z", 31},  // journalctl 252
		{"2026-11-23T08:05:00+0000 vm", "2026-11-23T08:05:00Z", 24},
		{"2026-11-23T08:05:00,030707+00:00 EGRESS: ", "2026-11-23T08:05:00Z", 32}, // dmesg
		{"2026-11-23T09:05:00+0100 vm", "2026-11-23T08:05:00Z", 24},
		{"2026-11-23T02:35:00-05:30 vm", "2026-11-23T08:05:00Z", 25},
		{"2026-11-23T08:05:00Z", "2026-11-23T08:05:00Z", 20},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", 20},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 20},
	} {
		got, n, ok := ISO([]byte(c.stamp))
		if !ok || got != testtools.Time(t, c.want).Unix() || n != c.n {
			t.Errorf("%s: got %v, %d bytes, %v", c.stamp, time.Unix(got, 0).UTC(), n, ok)
		}
	}
	for _, s := range []string{
		"", "2026-11-23T08:05:00", "2026-11-23T08:05:00+", "2026-11-23T08:05:00+00:0", "2026-11-23T08:05:00+000",
		"2026-11-23T08:05:00.123", "2026-11-23 08:05:00Z", "2026-02-29T08:05:00Z", "2026-13-01T08:05:00Z",
		"2026-00-01T08:05:00Z", "2026-01-00T08:05:00Z", "2026-01-01T24:05:00Z", "2026-01-01T08:05:60Z",
		"2026-01-01T08:05:00+24:00", "2026-01-01T08:05:00 UTC", "x026-11-23T08:05:00Z",
	} {
		if got, _, ok := ISO([]byte(s)); ok {
			t.Errorf("%q: got %v, want none", s, time.Unix(got, 0).UTC())
		}
	}
}

func TestEveryDay(t *testing.T) {
	for u := time.Unix(0, 0).UTC(); u.Year() < 2110; u = u.AddDate(0, 0, 1) {
		if got := days(int64(u.Year()), int64(u.Month()), int64(u.Day())); got != u.Unix()/86400 {
			t.Fatalf("%v: got %d, want %d", u, got, u.Unix()/86400)
		}
	}
}

func BenchmarkISO(b *testing.B) {
	line := []byte("2026-11-23T08:05:00.980088+00:00 vm kernel:")
	for b.Loop() {
		ISO(line)
	}
}
