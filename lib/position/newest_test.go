package position

import (
	"os"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func TestNewest(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ rows, want string }{
		{"", "1970-01-01T00:00:00Z"},
		{"192.0.2.1 1 2026-11-26T11:00:00Z\n192.0.2.2 5 2026-11-26T11:30:00Z\n192.0.2.3 1 2025-11-26T11:59:00Z\n", "2026-11-26T11:30:00Z"},
		{"a.example.org 1 2026-11-26T12:01:00Z -\n", "2026-11-26T12:01:00Z"},
		{"a.example.org 1 2026-11-26T11:00:00Z -\nfuture.example.org 1 2036-11-26T12:01:01Z -\n", "2026-11-26T11:00:00Z"},
		{"-- 1 2026-11-26T11:00:00Z -\n", "2026-11-26T11:00:00Z"}, // no mark of a batch
		{"not a row\n\nfuture.example.org 1 2036-11-26T12:01:01Z -\n", "1970-01-01T00:00:00Z"},
	} {
		file := t.TempDir() + "/aggregate"
		if c.rows != "" {
			testtools.Must(t, os.WriteFile(file, []byte(c.rows), 0o600))
		}
		unix, err := Newest(file, now)
		if got := time.Unix(unix, 0).UTC().Format(time.RFC3339); err != nil || got != c.want {
			t.Errorf("%q: %s, %v, want %s", c.rows, got, err, c.want)
		}
	}
	if _, err := Newest(t.TempDir(), now); err == nil {
		t.Error("a folder is an aggregate")
	}
}
