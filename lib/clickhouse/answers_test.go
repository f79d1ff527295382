package clickhouse

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/testtools"
)

// one is a folder of one host, h, as it was pulled at a time.
func one(t *testing.T, status, domains, ips string) string {
	dir := t.TempDir()
	testtools.Write(t, dir+"/h/unique-domains.log", domains)
	testtools.Write(t, dir+"/h/unique-ips.log", ips)
	testtools.Write(t, dir+"/h/pull.status", status)
	return dir
}

// rows makes rows of keys, or of keys and addresses, at a time.
func rowsAt(at string, keys ...string) (text string) {
	for _, key := range keys {
		key, ips, ok := strings.Cut(key, " ")
		if text += key + " 3 " + at; ok {
			text += " " + ips
		}
		text += "\n"
	}
	return text
}

// cells are columns of an answer, a row a word.
func cells(answer string, columns ...int) string {
	var list []string
	for line := range strings.Lines(answer) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var row []string
		for _, c := range columns {
			row = append(row, f[c])
		}
		list = append(list, strings.Join(row, "|"))
	}
	return strings.Join(list, " ")
}

func TestServers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		for name, test := range map[string]func(*testing.T, *server){
			"orders": orders, "new": newInFleet, "hostile": hostile,
			"failed": failedPull, "folded": foldedRows, "history": dayByDay, "dashboard": dashboard,
		} {
			t.Run(name, func(t *testing.T) {
				s.statement("DROP DATABASE IF EXISTS egress")
				s.do("--schema")
				test(t, s)
			})
		}
	})
}

// failedPull: a pull that failed is not loaded. New things stay new, and the host is
// reported.
func failedPull(t *testing.T, s *server) {
	const first, second = "2026-02-08T00:00:00Z", "2026-02-09T00:00:00Z"
	before := rowsAt("2026-02-07T00:00:00Z", "a.example -")
	s.do(one(t, "time="+first+"\nstate=ok\nmessage=x\npulled="+first+"\n", before, ""))
	dir := one(t, "time="+second+"\nstate=ok\nmessage=x\npulled="+second+"\n", before+rowsAt("2026-02-08T12:00:00Z", "b.example -"), "")
	s.do(dir)
	for _, status := range []string{"", "time=2026-02-10T00:00:00Z\nstate=failed\nmessage=\\N\tcut short\npulled=" + second + "\n"} {
		if status != "" {
			testtools.Write(t, dir+"/h/pull.status", status)
			s.do(dir)
			s.do(dir)
		}
		if got := cells(s.query("new-domains"), 0, 1, 4); got != "h|b.example|2026-02-08 12:00:00" {
			t.Errorf("after %q new is %q", status, got)
		}
	}
	if got := s.statement("SELECT loads, current FROM egress.hosts"); got != "2\t2026-02-09 00:00:00\n" {
		t.Errorf("loads: %q", got)
	}
	if got := cells(s.query("blind"), 0, 1, 5); got != `h|failed|\N?cut short` {
		t.Errorf("blind: %q", got)
	}
	never := one(t, "time="+second+"\nstate=failed\nmessage=no route\n", "", "")
	testtools.Must(t, os.Remove(never+"/h/unique-domains.log"))
	testtools.Must(t, os.Remove(never+"/h/unique-ips.log"))
	if _, errs, status := s.run(never); status != 1 || !strings.HasPrefix(errs, "egress-load: h: was never pulled: no route\n") {
		t.Errorf("exit status %d: %s", status, errs)
	}
}

// foldedRows: the same addresses are direct as in aggjoin, no answer has canaries, and
// floods are shown.
func foldedRows(t *testing.T, s *server) {
	const at = "2026-02-08T21:30:00Z"
	dir := one(t, "time="+at+"\nstate=ok\nmessage=x\n",
		rowsAt(at, "* 198.18.0.0/15", "*.com 192.0.2.1", "*.example.org 203.0.113.0/24", layout.CanaryName+" "+layout.CanaryIP4,
			"check."+layout.SystemCanaryName+" -", "dns.google -", "many.example 198.51.0.0/16", "six.example 2001:db8:1::/64"),
		rowsAt(at, "0.0.0.0/0", "192.0.2.0/24", "198.51.100.9", "2001:db8:1::5", "2001:db8:2::5", layout.CanaryIP6, layout.CanaryIP4, "203.0.113.7", "8.8.8.8"))
	s.do(dir)
	var want []string
	for line := range strings.Lines(filter(t, "aggjoin", "--direct", "--names", dir+"/h/unique-domains.log", dir+"/h/unique-ips.log")) {
		if key := strings.Fields(line)[0]; key != layout.CanaryIP6 && key != layout.CanaryIP4 {
			want = append(want, key)
		}
	}
	if got := cells(s.query("direct-ips"), 1); got != strings.Join(want, " ") || len(want) != 5 {
		t.Errorf("direct: %s, want %s", got, want)
	}
	if got := cells(s.query("flooded"), 1, 4); got != "*|stands for others *.com|stands for others 0.0.0.0/0|stands for others "+
		"*.example.org|stands for a family 192.0.2.0/24|stands for a family many.example|more addresses than the list holds" {
		t.Errorf("flooded: %s", got)
	}
	if got := cells(s.query("resolver-bypass"), 1, 4); got != "8.8.8.8|Google dns.google|Google" {
		t.Errorf("around: %s", got)
	}
	for _, query := range []string{"direct-ips", "new-domains", "new-ips", "new-in-fleet", "one-host", "prevalence"} {
		if got := s.query(query); strings.Contains(got, "canary") || strings.Contains(got, layout.CanaryIP6) {
			t.Errorf("%s: %s", query, got)
		}
	}
	if got := s.query("blind"); got != "" {
		t.Errorf("blind: %s", got)
	}
	s.do(one(t, "time=2026-02-08T22:30:00Z\nstate=ok\nmessage=x\n", rowsAt(at, layout.CanaryName+" -"), ""))
	if got := cells(s.query("blind"), 0, 3); got != "h|2026-02-08 21:30:00" {
		t.Errorf("blind: %s", got)
	}
}

// dayByDay: the state of each day stays; the first times of egress-pull count;
// old months go.
func dayByDay(t *testing.T, s *server) {
	var dir string
	for day := 1; day <= 3; day++ {
		at := fmt.Sprintf("2026-11-%02dT12:00:00Z", day)
		domains := rowsAt(at, "a.example -", "b.example -", "c.example -")
		lines := strings.SplitAfter(domains, "\n")
		dir = one(t, "time="+at+"\nstate=ok\nmessage=x\npulled="+at+"\n", strings.Join(lines[:day], ""), rowsAt(at, "192.0.2.1"))
		testtools.Write(t, dir+"/h/pull.history", "2026-10-01T00:00:00Z first\n")
		s.do(dir)
		s.do(dir)
	}
	want := "2026-11-01|1|1|1|1|1|1 2026-11-02|1|2|1|1|1|0 2026-11-03|1|3|1|1|1|0"
	if got := cells(s.query("history"), 0, 1, 2, 3, 4, 5, 6); got != want {
		t.Errorf("history: %s", got)
	}
	testtools.Write(t, dir+"/h/first-seen-domains.log", "a.example 1 2026-09-30T00:00:00Z -\nb.example 1 2026-10-20T00:00:00Z -\n")
	s.do(dir)
	if got := cells(s.query("prevalence"), 0, 3, 4); got != "a.example|2026-09-30 00:00:00|2026-11-03 12:00:00 "+
		"b.example|2026-10-20 00:00:00|2026-11-03 12:00:00 c.example|2026-11-03 12:00:00|2026-11-03 12:00:00" {
		t.Errorf("since: %s", got)
	}
	if got := cells(s.query("new-domains"), 1); got != "c.example b.example" {
		t.Errorf("new: %s", got)
	}
	const old = "1999-12-31T12:00:00Z"
	s.do(one(t, "time="+old+"\nstate=ok\nmessage=x\n", rowsAt("9999-12-31T23:59:59Z", "a.example -")+rowsAt("0001-01-01T00:00:00Z", "b.example -"), ""))
	if got := s.statement("SELECT DISTINCT toString(toYYYYMM(day)) FROM egress.name_days"); got != "202611\n" {
		t.Errorf("months: %q", got)
	}
}

var macro = regexp.MustCompile(`\$__dateFilter\((\w+)\)`)

// dashboard: each query in it runs, its panels do not overlap, and nothing in it
// makes markup of cells.
func dashboard(t *testing.T, s *server) {
	dir := t.TempDir()
	testtools.Must(t, os.Rename(one(t, "time=2026-11-01T12:00:00Z\nstate=ok\nmessage=x\n",
		rowsAt("2026-11-01T11:00:00Z", "<script>alert(1)</script> -", "a.example 192.0.2.1"), rowsAt("2026-11-01T11:00:00Z", "192.0.2.1", "8.8.8.8")), filepath.Join(dir, "pulled")))
	s.do(filepath.Join(dir, "pulled"))
	out, errs, status := s.run("--grafana")
	var board struct {
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []struct {
			ID         int
			Title      string
			Datasource struct{ Type, UID string }
			Targets    []struct{ RawSQL, QueryType string }
			GridPos    struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(out), &board); err != nil || errs != "" || status != 0 || len(board.Panels) < 8 {
		t.Fatalf("%v, %d panels, %s", err, len(board.Panels), errs)
	}
	if v := board.Templating.List; len(v) != 1 || v[0].Type != "datasource" || v[0].Query != plugin {
		t.Errorf("variables: %v", v)
	}
	taken := map[[2]int]string{}
	for i, p := range board.Panels {
		if p.ID != i+1 || p.Datasource.Type != plugin || p.Datasource.UID != "${"+board.Templating.List[0].Name+"}" {
			t.Errorf("panel %+v", p)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies on %q, or sticks out", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		sql := macro.ReplaceAllString(p.Targets[0].RawSQL, "$1 >= toDate('2026-01-01') AND $1 <= toDate('2026-12-31')")
		sql = strings.ReplaceAll(sql, "$__fromTime", "toDateTime(1767225600)")
		if strings.Contains(sql, "$") || strings.Contains(sql, "{") {
			t.Errorf("%s: %s", p.Title, sql)
		}
		s.statement(sql)
	}
	for _, word := range []string{`"links"`, `"markdown"`, `"html"`, "json-view", "image"} {
		if strings.Contains(out, word) {
			t.Errorf("there is %s in it", word)
		}
	}
}
