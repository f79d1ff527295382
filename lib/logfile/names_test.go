package logfile

import "testing"

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		base, name string
		want       rotation
	}{
		{"q.log", "q.log.1", rotation{"#", 1, "", plain}},
		{"q.log", "q.log.0", rotation{"#", 0, "", plain}},
		{"q.log", "q.log.12.gz", rotation{"#", 12, "", gzipped}},
		{"q.log", "q.1.log.zst", rotation{"#", 1, "", zstandard}},
		{"q.log", "q.log-20260208", rotation{"-99999999", 0, "-20260208", plain}},
		{"q.log", "q.log-20260208.bz2", rotation{"-99999999", 0, "-20260208", bzipped}},
		{"q.log", "q.log-2026020821.xz", rotation{"-9999999999", 0, "-2026020821", xzipped}},
		{"q.log", "q.log-20260208-05", rotation{"-99999999-99", 0, "-20260208-05", plain}},
		{"q.log", "q.log-1770586200", rotation{"-9999999999", 0, "-1770586200", plain}},
		{"q.log", "q.log.2026-02-08T21:30:00Z", rotation{".9999-99-99T99:99:99Z", 0, ".2026-02-08T21:30:00Z", plain}},
		{"q.log", "q.log.20260208", rotation{".99999999", 0, ".20260208", plain}},
		{"q.log", "q-20260208.log.gz", rotation{"-99999999", 0, "-20260208", gzipped}},
		{"queries", "queries-20260208", rotation{"-99999999", 0, "-20260208", plain}},
		{"a b*[c].log", "a b*[c].log.1", rotation{"#", 1, "", plain}},
	} {
		if got, ok := parseName(c.base, c.name); !ok || got != c.want {
			t.Errorf("%s: %s: %+v %v, want %+v", c.base, c.name, got, ok, c.want)
		}
	}
	for _, name := range []string{
		"", "q", "q.log", "q.log.", "q.log.gz", "q.log~", "q.log.1~", "q.log.1.tmp", "q.log.1.gz.tmp", "q.log.swp",
		"q-2.log", "q-20260208.logs", "q.log-2", "q.log-", "q.log.1.2", "xq.log.1", "q.log2", "q1.log", "q-old.log", "q.err.log.1",
	} {
		if got, ok := parseName("q.log", name); ok {
			t.Errorf("%s is a copy of q.log: %+v", name, got)
		}
	}
	if got, ok := parseName("queries", "queries"); ok {
		t.Errorf("%+v", got)
	}
}
