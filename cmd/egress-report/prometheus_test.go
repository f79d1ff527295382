package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

var (
	comment = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\\]+)$`)
	sample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.+\})? (\S+)$`)
	pair    = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"[,}]`)
)

// TestMetricsAreValid reads the metrics of hosts with hostile names by the rules
// of the text format: each family in one piece, with its type before it, no
// sample twice, and labels that are quoted as they must be.
func TestMetricsAreValid(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{`a"b\c`, "x\ny", "\x1b[31mred", "q{host=\"x\"} 1", `"} 1`, "bad\xff", `\`, `\n`, "=cmd|' !A0", "<b>"} {
		testtools.Write(t, filepath.Join(dir, "hosts", host, "unique-domains.log"), "\"}.example 1 2026-11-23T11:20:00Z -\n")
		testtools.Write(t, filepath.Join(dir, "hosts", host, "unique-ips.log"), "192.0.2.1 5 2026-11-23T11:20:00Z\n")
		testtools.Write(t, filepath.Join(dir, "hosts", host, "pull.status"), "time=2026-11-23T11:30:00Z\nstate=failed\nmessage=\"} 1\n")
	}
	c := &command{Prometheus: filepath.Join(dir, "metrics"), Dir: filepath.Join(dir, "hosts"), Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Since: "7d"}
	testtools.Must(t, c.Validate())
	testtools.Must(t, c.Run())
	text, err := os.ReadFile(c.Prometheus)
	testtools.Must(t, err)
	if !strings.HasSuffix(string(text), "\n") {
		t.Error("no line feed at the end")
	}
	seen, family := map[string]bool{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if m := comment.FindStringSubmatch(line); m != nil {
			if seen[m[1]+m[2]] || m[1] == "TYPE" && m[3] != "gauge" {
				t.Errorf("%q", line)
			}
			seen[m[1]+m[2]], family = true, m[2]
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil || m[1] != family || !seen["TYPE"+family] || seen[m[1]+m[2]] {
			t.Errorf("%q in family %s", line, family)
			continue
		}
		seen[m[1]+m[2]] = true
		if _, err := strconv.ParseFloat(m[3], 64); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		labels := strings.TrimPrefix(m[2], "{")
		for p := pair.FindString(labels); p != ""; p = pair.FindString(labels) {
			labels = labels[len(p):]
		}
		if labels != "" {
			t.Errorf("%q: label %q", line, labels)
		}
	}
	if n := strings.Count(string(text), `problem="failed"} 1`); n != 10 {
		t.Errorf("%d of 10 hosts failed", n)
	}
}
