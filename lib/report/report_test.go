package report

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/allow"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fleet"
	"egress-monitor/lib/resolvers"
	"egress-monitor/lib/testtools"
)

// model is a fleet as maps: the slow, plain truth.
type model struct {
	on     map[string]map[int]bool // the hosts of a key
	newOn  map[string]map[int]bool
	direct map[string]map[int]bool
}

// TestAgainstModel compares the tables of random fleets with what maps say.
func TestAgainstModel(t *testing.T) {
	for seed := range int64(15) {
		r := rand.New(rand.NewSource(seed))
		dir := t.TempDir()
		m := model{map[string]map[int]bool{}, map[string]map[int]bool{}, map[string]map[int]bool{}}
		hosts := 2 + r.Intn(9)
		for h := range hosts {
			m.addHost(t, r, filepath.Join(dir, fmt.Sprintf("h%02d", h)), h)
		}
		tables := build(t, dir)
		same(t, seed, "direct", keys(tables["direct"]), hostsOf(m.direct, func(string, int) bool { return true }))
		same(t, seed, "new", keys(tables["new-addresses"]), hostsOf(m.newOn, func(k string, _ int) bool { return !strings.Contains(k, "example") }))
		same(t, seed, "lone", keys(tables["lone-addresses"]), hostsOf(m.on, func(k string, n int) bool { return n == 1 && !strings.Contains(k, "example") }))
		same(t, seed, "names", sum(tables["new-names"], 2), len(hostsOf(m.newOn, func(k string, _ int) bool { return strings.Contains(k, "example") })))
		same(t, seed, "lone names", sum(tables["lone-names"], 1)+sum(tables["lone-domains"], 1),
			len(hostsOf(m.on, func(k string, n int) bool { return n == 1 && strings.Contains(k, "example") })))
		same(t, seed, "only here", sum(tables["direct-hosts"], 2), len(hostsOf(m.direct, func(_ string, n int) bool { return n == 1 })))
		same(t, seed, "prevalence", sum(tables["prevalence"], 1)+sum(tables["prevalence"], 2), len(m.on))
	}
}

func same[T any](t *testing.T, seed int64, what string, got, want T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("seed %d: %s: got %v, want %v", seed, what, got, want)
	}
}

// addHost writes the files of a random host. A name leads to the address with
// its number.
func (m model) addHost(t *testing.T, r *rand.Rand, dir string, h int) {
	t.Helper()
	testtools.Must(t, os.Mkdir(dir, 0o755))
	hasPrev := r.Intn(4) > 0
	var names, ips, oldNames, oldIPs []string
	named := map[string]bool{}
	for i := range 30 {
		name, ip := fmt.Sprintf("w%d.d%d.example", i, i%5), fmt.Sprintf("192.0.2.%d", i)
		if r.Intn(3) == 0 {
			row := fmt.Sprintf("%s %d 2026-02-08T21:30:00Z %s\n", name, 1+r.Intn(9), ip)
			names, named[ip] = append(names, row), true
			oldNames = m.add(r, name, row, h, hasPrev, oldNames)
		}
		if r.Intn(3) == 0 {
			row := fmt.Sprintf("%s %d 2026-02-08T21:30:00Z\n", ip, 1+r.Intn(9))
			ips = append(ips, row)
			oldIPs = m.add(r, ip, row, h, hasPrev, oldIPs)
		}
	}
	for _, row := range ips {
		if ip, _, _ := strings.Cut(row, " "); !named[ip] && len(names) > 0 {
			note(m.direct, ip, h)
		}
	}
	write(t, dir, "unique-domains.log", names)
	write(t, dir, "unique-ips.log", ips)
	if hasPrev {
		write(t, dir, "unique-domains.log.prev", oldNames)
		write(t, dir, "unique-ips.log.prev", oldIPs)
	}
}

// add notes a row, and puts it into the pull before, or not.
func (m model) add(r *rand.Rand, key, row string, h int, hasPrev bool, old []string) []string {
	note(m.on, key, h)
	if hasPrev && r.Intn(2) == 0 {
		note(m.newOn, key, h)
		return old
	}
	return append(old, row)
}

func note(m map[string]map[int]bool, key string, h int) {
	if m[key] == nil {
		m[key] = map[int]bool{}
	}
	m[key][h] = true
}

func write(t *testing.T, dir, name string, lines []string) {
	t.Helper()
	slices.Sort(lines)
	testtools.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "")), 0o600))
}

func build(t *testing.T, dir string) map[string]Section {
	t.Helper()
	f, err := fleet.Read(dir, fleet.Options{Now: time.Now(), Known: resolvers.Builtin(), Warn: func(s batch.Skipped) { t.Error(s) }})
	testtools.Must(t, err)
	defer f.Close()
	r, err := Build(f, 1000, nil)
	testtools.Must(t, err)
	tables := map[string]Section{}
	for _, s := range r.Sections {
		tables[s.ID] = s
	}
	return tables
}

func keys(s Section) (all []string) {
	for _, row := range s.Rows {
		all = append(all, row[0].Text)
	}
	slices.Sort(all)
	return all
}

func hostsOf(m map[string]map[int]bool, wanted func(key string, hosts int) bool) (all []string) {
	for key, hosts := range m {
		if wanted(key, len(hosts)) {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

func sum(s Section, column int) (n int) {
	for _, row := range s.Rows {
		n += int(row[column].Number)
	}
	return n
}

// TestTerminal: on a terminal no line of a table is wider than it but for a name
// that is, and nothing is cut.
func TestTerminal(t *testing.T) {
	long := strings.Repeat("a", 30) + "." + strings.Repeat("b", 30) + ".example.com"
	r := Report{Title: "Title", Lead: []string{strings.Repeat("word ", 50)}, Sections: []Section{{
		Title: "Section", Note: strings.Repeat("note ", 50), Columns: []Column{{Name: "name", ID: true}, {Name: "count", Number: true}, {Name: "on"}},
		Rows: [][]Cell{{Text(long), Number(1234567), Text("store1.example.org web1.example.org web2.example.org")}, {Text("short"), Number(1), Text("web1")}},
	}}}
	var out strings.Builder
	testtools.Must(t, r.Print(&out, TextStyle{Width: 80}))
	for line := range strings.Lines(out.String()) {
		if len(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("%d wide: %s", len(line), line)
		}
	}
	if !strings.Contains(out.String(), "\n  "+long+"\n") {
		t.Error(out.String())
	}
	if got := strings.Join(strings.Fields(out.String()), ""); !strings.Contains(got, long+"1,234,567store1.example.orgweb1.example.orgweb2.example.org") {
		t.Errorf("cut: %s", out.String())
	}
	out.Reset()
	if err := r.Print(&out, TextStyle{}); err != nil || !strings.Contains(out.String(), long+"  1,234,567  store1.example.org web1.example.org web2.example.org\n") {
		t.Errorf("in a file: %v\n%s", err, out.String())
	}
}

func TestClean(t *testing.T) {
	if got := Clean("a b\x1b[31m\n\u202e\xff\\"); got != `a b\027[31m\010\226\128\174\255\` {
		t.Error(got)
	}
	if got := Number(18446744073709551615).Text + " " + Number(0).Text + " " + Number(1000).Text; got != "18,446,744,073,709,551,615 0 1,000" {
		t.Error(got)
	}
}

func TestHistogram(t *testing.T) {
	for hosts, want := range map[int]string{
		1: "all 1", 2: "1, all 2", 3: "1, 2, all 3", 12: "1, 2, 3 to 9, 10 to 11, all 12", 1000: "1, 2, 3 to 9, 10 to 99, 100 to 999, all 1,000",
	} {
		h := newHistogram(hosts)
		var classes []string
		for i := range h.from {
			classes = append(classes, h.class(i))
		}
		if got := strings.Join(classes, ", "); got != want {
			t.Errorf("%d hosts: %s, want %s", hosts, got, want)
		}
	}
}

// TestEightyColumns: no line of a table is wider than the terminal, and what
// identifies a row is there in one piece.
func TestEightyColumns(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{"frontend-web-001", "frontend-web-002", "frontend-web-003"} {
		path := filepath.Join(dir, host)
		testtools.Must(t, os.Mkdir(path, 0o755))
		var names, ips strings.Builder
		for i := range 30 {
			fmt.Fprintf(&names, "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnop%02d.tunnel-%s.example 1234567 2026-11-22T11:20:00Z -\n", i, host)
			fmt.Fprintf(&ips, "198.51.100.%d 123456789 2026-11-22T11:20:00Z\n", i+100)
		}
		os.WriteFile(filepath.Join(path, "unique-domains.log"), []byte(names.String()), 0o600)
		os.WriteFile(filepath.Join(path, "unique-ips.log"), []byte(ips.String()), 0o600)
		os.WriteFile(filepath.Join(path, "pull.history"), []byte("2026-11-01T00:00:00Z first\n"), 0o600)
		os.WriteFile(filepath.Join(path, "pull.status"), []byte("time=2026-11-22T12:00:00Z\nstate=ok\nmessage=x\n"), 0o600)
	}
	now := time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)
	f, err := fleet.Read(dir, fleet.Options{Now: now, Since: now.AddDate(0, 0, -7), Stale: 24 * time.Hour, Known: resolvers.Builtin(), Warn: func(batch.Skipped) {}, Allow: allow.New()})
	testtools.Must(t, err)
	defer f.Close()
	r, err := Build(f, 20, nil)
	testtools.Must(t, err)
	var out strings.Builder
	testtools.Must(t, r.Print(&out, TextStyle{Width: 80}))
	for line := range strings.Lines(out.String()) {
		if n := len(strings.TrimSuffix(line, "\n")); n > 80 && !strings.HasPrefix(strings.TrimSpace(line), "abcdef") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, s := range r.Sections {
		for _, row := range s.Rows {
			for i, c := range s.Columns {
				if c.ID && !strings.Contains(out.String(), row[i].Text) {
					t.Errorf("%s: %s is not there in one piece", s.ID, row[i].Text)
				}
			}
		}
	}
}
