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
		s := QueryLog{Name: filepath.Base(base), Want: Text(t, base+".expected")}
		for line := range strings.Lines(Text(t, meta)) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
			case "tz":
				s.Zone = value
			case "end":
				s.End = value
			}
		}
		files, _ := filepath.Glob(base + "*.log")
		slices.Sort(files)
		for _, file := range files {
			s.Logs = append(s.Logs, Text(t, file))
		}
		all = append(all, s)
	}
	return all
}
