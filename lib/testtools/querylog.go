package testtools

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A QueryLog is a captured query log of dnsmasq, and the aggregate of it.
type QueryLog struct {
	Name string
	Zone string   // of its time stamps
	End  string   // a time after its last line, RFC 3339
	Logs []string // the texts of its files, the oldest first
	Want string
}

// Meta returns the values of a text of lines KEY=VALUE, by key. Other keys than those
// given fail the test.
func Meta(t testing.TB, text string, keys ...string) map[string]string {
	t.Helper()
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if !slices.Contains(keys, key) {
			t.Fatalf("%q: not one of %s", line, keys)
		}
		values[key] = value
	}
	return values
}

// QueryLogs returns the samples in a folder: NAME.meta, NAME.expected and
// NAME*.log.
func QueryLogs(t testing.TB, dir string) (all []QueryLog) {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(dir, "*.meta"))
	if err != nil || len(metas) < 23 {
		t.Fatalf("%d samples, %v", len(metas), err)
	}
	for _, meta := range metas {
		base := strings.TrimSuffix(meta, ".meta")
		about := Meta(t, Text(t, meta), "extra", "tz", "end", "queries", "unanswered", "note")
		s := QueryLog{Name: filepath.Base(base), Zone: about["tz"], End: about["end"], Want: Text(t, base+".expected")}
		files, _ := filepath.Glob(base + "*.log")
		slices.Sort(files)
		for _, file := range files {
			s.Logs = append(s.Logs, Text(t, file))
		}
		all = append(all, s)
	}
	return all
}
