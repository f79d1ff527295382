// Package clickhouse tests the schema, the loader and the queries on a real
// ClickHouse server, which it starts on loopback.
package clickhouse

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func TestMain(m *testing.M) {
	testtools.Main(m, testtools.OnPath, "../../cmd/aggmerge", "../../cmd/aggjoin")
}

const configuration = `<?xml version="1.0"?>
<yandex>
	<logger><level>warning</level><log>DIR/log</log><errorlog>DIR/log</errorlog></logger>
	<http_port>HTTP</http_port><tcp_port>TCP</tcp_port><listen_host>127.0.0.1</listen_host>
	<path>DIR/data/</path><tmp_path>DIR/tmp/</tmp_path><format_schema_path>DIR/schemas/</format_schema_path>
	<users_config>DIR/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
	<mark_cache_size>67108864</mark_cache_size><timezone>Pacific/Chatham</timezone>
</yandex>
`

const users = `<?xml version="1.0"?>
<yandex>
	<profiles><default><max_threads>2</max_threads></default></profiles>
	<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
	<quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`

// A server is a ClickHouse server, and how to speak to it.
type server struct {
	t    testing.TB
	url  string
	port string // of its own protocol
	http bool   // which of both to use
}

func start(t testing.TB) *server {
	testtools.Need(t, "clickhouse-server", "clickhouse-client", "curl")
	dir := t.TempDir()
	ports := testtools.FreePorts(t, 2)
	web, tcp := fmt.Sprint(ports[0]), fmt.Sprint(ports[1])
	config := strings.NewReplacer("DIR", dir, "HTTP", web, "TCP", tcp).Replace(configuration)
	testtools.Write(t, dir+"/config.xml", config)
	testtools.Write(t, dir+"/users.xml", users)
	program, err := exec.LookPath("clickhouse-server")
	testtools.Must(t, err)
	cmd := exec.Command(program, "--config-file="+dir+"/config.xml")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	testtools.Must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	s := &server{t: t, url: "http://127.0.0.1:" + web + "/", port: tcp}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(s.url); err == nil {
			r.Body.Close()
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("ClickHouse does not answer: %s", said.String())
		}
	}
}

// run runs egress-load.
func (s *server) run(args ...string) (stdout, stderr string, status int) {
	s.t.Helper()
	if s.http {
		args = append([]string{"--url", s.url}, args...)
	}
	cmd := exec.Command("./egress-load", args...)
	cmd.Env = append(os.Environ(), "EGRESS_CLICKHOUSE=clickhouse-client --host 127.0.0.1 --port "+s.port)
	return testtools.Run(s.t, cmd)
}

// do demands silence and success.
func (s *server) do(args ...string) {
	s.t.Helper()
	if out, errs, status := s.run(args...); status != 0 || out+errs != "" {
		s.t.Fatalf("egress-load %q: exit status %d: %s%s", args, status, out, errs)
	}
}

func (s *server) query(name string) string {
	s.t.Helper()
	out, errs, status := s.run("--query", "queries/"+name+".sql")
	if status != 0 || errs != "" {
		s.t.Fatalf("%s: exit status %d: %s", name, status, errs)
	}
	return out
}

// statement runs SQL of the test's own.
func (s *server) statement(sql string) {
	s.t.Helper()
	r, err := http.Post(s.url, "text/plain", strings.NewReader(sql))
	testtools.Must(s.t, err)
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", sql, r.Status)
	}
}

// A row of a file.
type row struct {
	count uint64
	last  string
	ips   string // sorted, with commas; empty for an address
}

// A host is what a pull brought of one: its two files.
type host struct{ domains, ips map[string]row }

// A pull is a pulled folder.
type pull struct {
	dir   string
	hosts map[string]host
}

func stamp(minute int) string {
	return time.Date(2026, 2, 8, 21, minute, 0, 0, time.UTC).Format("2006-01-02T15:04:05Z")
}

// keys of all kinds: what must be quoted in one language or another.
var (
	names = []string{`.`, `\032a\\.example`, `o'brien.example`, `"q".example`, `$(x).example`, `{a:b}.example`, `--.example`, `\N`,
		`NULL`, `x;y`, `%s.example`, `_dns.resolver.arpa`, `mail.dns.google`, `dns.google`, `notdns.google`}
	addresses = []string{"8.8.8.8", "192.0.2.53", "2001:db8::1", "::ffff:192.0.2.7", "198.51.100.0"}
)

func init() {
	for i := range 120 {
		names = append(names, fmt.Sprintf("n%03d.example.org", i))
		addresses = append(addresses, fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("2001:db8::%x:1", i+1))
	}
}

func someIPs(r *rand.Rand) string {
	set := map[string]bool{}
	for range r.IntN(4) {
		set[addresses[r.IntN(len(addresses))]] = true
	}
	if len(set) == 0 {
		return "-"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ",")
}

// unite is aggmerge's rule, for one list and more addresses.
func unite(a, b string) string {
	set := map[string]bool{}
	for _, ip := range strings.Split(a+","+b, ",") {
		if ip != "-" {
			set[ip] = true
		}
	}
	if len(set) == 0 {
		return "-"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ",")
}

// later is a host some time after: rows grew or are new; or it began anew.
func (h host) later(r *rand.Rand, minute int) host {
	n := host{map[string]row{}, map[string]row{}}
	if h.domains != nil && r.IntN(4) > 0 {
		n = host{maps.Clone(h.domains), maps.Clone(h.ips)}
	}
	for range 40 {
		d := names[r.IntN(len(names))]
		old, ok := n.domains[d]
		if !ok {
			old.ips = "-"
		}
		n.domains[d] = row{old.count + uint64(r.IntN(9)), stamp(minute), unite(old.ips, someIPs(r))}
	}
	for range 30 {
		a := addresses[r.IntN(len(addresses))]
		n.ips[a] = row{n.ips[a].count + 1, stamp(minute), ""}
	}
	return n
}

func text(rows map[string]row) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "%s %d %s", key, rows[key].count, rows[key].last)
		if ips := rows[key].ips; ips != "" {
			b.WriteString(" " + ips)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func newPull(t testing.TB, hosts map[string]host, minute int) pull {
	p := pull{t.TempDir(), hosts}
	for name, h := range hosts {
		dir := filepath.Join(p.dir, name)
		testtools.Write(t, dir+"/unique-domains.log", text(h.domains))
		testtools.Write(t, dir+"/unique-ips.log", text(h.ips))
		testtools.Write(t, dir+"/pull.status", "time="+stamp(minute)+"\nstate=ok\nmessage=x\n")
	}
	return p
}

// twoPulls is the same hosts at two times; one of them came later.
func twoPulls(t testing.TB) (first, second pull) {
	r := rand.New(rand.NewPCG(1, 2))
	before, after := map[string]host{}, map[string]host{}
	for i := range 25 {
		name := fmt.Sprintf("host%02d", i)
		h := host{}.later(r, r.IntN(20))
		if i < 24 {
			before[name] = h
		}
		after[name] = h.later(r, 20+r.IntN(20))
	}
	// sums that do not fit, and one that just does
	after["host00"].ips["203.0.113.1"] = row{1<<64 - 1, stamp(1), ""}
	after["host01"].ips["203.0.113.1"] = row{7, stamp(1), ""}
	after["host02"].ips["203.0.113.2"] = row{1 << 62, stamp(1), ""}
	after["host03"].ips["203.0.113.2"] = row{1<<62 + 1, stamp(1), ""}
	return newPull(t, before, 30), newPull(t, after, 50)
}

// filter runs one of our tools over files of a pull.
func filter(t testing.TB, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).Output()
	testtools.Must(t, err)
	return string(out)
}

func (p pull) merged(t testing.TB, file string) string {
	files, err := filepath.Glob(p.dir + "/*/" + file)
	testtools.Must(t, err)
	return filter(t, "aggmerge", files...)
}

func wantText(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; i < len(g) && i < len(w); i++ {
		if g[i] != w[i] {
			t.Errorf("%s: line %d of %d: %q, want %q (of %d)", what, i+1, len(g), g[i], w[i], len(w))
			return
		}
	}
	t.Errorf("%s: %d lines, want %d", what, len(g), len(w))
}

// expected is the answers, made of the files by other means.
func expected(t testing.TB, first, second pull) map[string]string {
	want := map[string]string{
		"fleet-domains": second.merged(t, "unique-domains.log"),
		"fleet-ips":     second.merged(t, "unique-ips.log"),
	}
	lines := map[string][]string{}
	add := func(query, format string, args ...any) {
		lines[query] = append(lines[query], fmt.Sprintf(format, args...))
	}
	domainHosts, ipHosts := map[string][]string{}, map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(second.hosts)) {
		h := second.hosts[name]
		before, known := first.hosts[name]
		for _, d := range slices.Sorted(maps.Keys(h.domains)) {
			domainHosts[d] = append(domainHosts[d], name)
			if _, old := before.domains[d]; !old && known {
				add("new-domains", "%s\t%s\t%d\t%s", name, d, h.domains[d].count, h.domains[d].last)
			}
			switch d {
			case "dns.google", "mail.dns.google":
				add("resolver-bypass", "%s\t%s\t%d\t%s\tGoogle", name, d, h.domains[d].count, h.domains[d].last)
			case "_dns.resolver.arpa":
				add("resolver-bypass", "%s\t%s\t%d\t%s\tLooks for encrypted DNS", name, d, h.domains[d].count, h.domains[d].last)
			}
		}
		for _, a := range slices.Sorted(maps.Keys(h.ips)) {
			ipHosts[a] = append(ipHosts[a], name)
			if _, old := before.ips[a]; !old && known {
				add("new-ips", "%s\t%s\t%d\t%s", name, a, h.ips[a].count, h.ips[a].last)
			}
			if a == "8.8.8.8" {
				add("resolver-bypass", "%s\t%s\t%d\t%s\tGoogle", name, a, h.ips[a].count, h.ips[a].last)
			}
		}
	}
	for d, on := range domainHosts {
		total, last, began := uint64(0), "", "9"
		for _, name := range on {
			r := second.hosts[name].domains[d]
			total, last = total+r.count, max(last, r.last)
		}
		for _, p := range []pull{first, second} {
			for _, h := range p.hosts {
				if r, ok := h.domains[d]; ok {
					began = min(began, r.last)
				}
			}
		}
		add("prevalence", "%04d\t%s\t%d\t%d\t%s\t%s", len(on), d, len(on), total, began, last)
		if len(on) == 1 {
			add("one-host", "%s\t%s\t%d\t%s", on[0], d, total, last)
		}
	}
	for a, on := range ipHosts {
		if r := second.hosts[on[0]].ips[a]; len(on) == 1 {
			add("one-host", "%s\t%s\t%d\t%s", on[0], a, r.count, r.last)
		}
	}
	for query, l := range lines {
		sort.Strings(l)
		if query == "prevalence" { // sorted by the number of hosts
			for i := range l {
				l[i] = l[i][5:]
			}
		}
		want[query] = strings.Join(l, "\n") + "\n"
	}
	want["direct-ips"] = direct(t, second, ipHosts)
	return want
}

// direct is what aggjoin says of each host, with the number of hosts.
func direct(t testing.TB, p pull, on map[string][]string) string {
	var lines []string
	for name := range p.hosts {
		dir := filepath.Join(p.dir, name)
		joined := filter(t, "aggjoin", "--names", dir+"/unique-domains.log", dir+"/unique-ips.log")
		for line := range strings.Lines(joined) {
			f := strings.Fields(line)
			if f[3] == "-" {
				hosts := len(on[f[0]])
				count := p.hosts[name].ips[f[0]].count
				lines = append(lines, fmt.Sprintf("%04d %020d %s\t%s\t%s\t%s\t%d\n", hosts, ^count, name, f[0], f[1], f[2], hosts))
			}
		}
	}
	sort.Strings(lines)
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l[26:])
	}
	return b.String()
}

// TestOrders loads two pulls of the same hosts, again and again, in both orders
// and by both roads. Each time the answers must be those of the filters.
func TestOrders(t *testing.T) {
	s := start(t)
	first, second := twoPulls(t)
	want := expected(t, first, second)
	for _, order := range []struct {
		http  bool
		loads []pull
	}{
		{false, []pull{first, second}},
		{true, []pull{first, second, second}},
		{true, []pull{second, first}},
		{false, []pull{second, first, first, second, first}},
	} {
		s.statement("DROP DATABASE IF EXISTS egress")
		s.http = order.http
		s.do("--schema")
		s.do("--schema") // twice is once
		for range 2 {
			s.do("--resolvers", "../../lib/resolvers/resolvers.txt")
		}
		for _, p := range order.loads {
			s.do(p.dir)
		}
		s.compare(fmt.Sprintf("http %v, %d loads", order.http, len(order.loads)), want)
	}
	// and when ClickHouse has merged its parts, which it does when it likes
	for _, table := range []string{"domain_states", "ip_states", "loads", "domain_firsts", "ip_firsts", "resolvers"} {
		s.statement("OPTIMIZE TABLE egress." + table + " FINAL")
	}
	s.compare("optimized", want)
}

func (s *server) compare(what string, want map[string]string) {
	s.t.Helper()
	for query, answer := range want {
		got := s.query(query)
		switch query {
		case "one-host", "resolver-bypass": // the order of keys is not the order of lines
			got = sortLines(got)
		case "new-in-fleet":
			continue
		}
		wantText(s.t, what+": "+query, got, answer)
	}
}

func sortLines(text string) string {
	l := strings.SplitAfter(text, "\n")
	sort.Strings(l)
	return strings.Join(l, "")
}

// TestNewInFleet: new on one host is not new to the fleet.
func TestNewInFleet(t *testing.T) {
	s := start(t)
	r := func(minute int) row { return row{1, stamp(minute), "-"} }
	a, b := map[string]row{"old.example": r(1)}, map[string]row{"b.example": r(1), "gone.example": r(1)}
	first := newPull(t, map[string]host{"a": {a, nil}, "b": {b, nil}}, 30)
	a2, b2 := maps.Clone(a), maps.Clone(b)
	a2["b.example"], a2["new.example"], a2["gone.example"] = r(40), r(41), r(42)
	b2["new.example"] = r(40)
	delete(b2, "gone.example")
	second := newPull(t, map[string]host{"a": {a2, nil}, "b": {b2, nil}}, 50)
	s.do("--schema")
	for _, p := range []pull{second, first, second} {
		s.do(p.dir)
	}
	wantText(t, "new-in-fleet", strings.ReplaceAll(s.query("new-in-fleet"), "\tb\n", "\ta\n"),
		"new.example\t2\t20260208215000\t2026-02-08T21:40:00Z\ta\n")
}

// TestHostile: folders and files that egress-pull did not make are reported and
// not loaded; what stood there stays, and the others go in.
func TestHostile(t *testing.T) {
	s := start(t)
	domains := map[string]row{"a.example": {1, stamp(1), "-"}}
	ips := map[string]row{"192.0.2.1": {1, stamp(1), ""}}
	lines := []string{
		"a.example 1 2026-02-08T21:01:00Z ['x']", "a.example 1 2026-02-08T21:01:00Z 192.0.2.1','x", "a.example x 2026-02-08T21:01:00Z -",
		"a.example 1 2026-02-08T21:01:00Z", "a.example\t7\t2026-02-08T21:01:00Z\t-", "a,b 1 2026-02-08T21:01:00Z -",
		"b.example 1 2026-02-08T21:01:00Z -\na.example 1 2026-02-08T21:01:00Z -", "a.example 1 now() -", "\x1b 1 2026-02-08T21:01:00Z -",
	}
	hosts := map[string]host{"good": {domains, ips}}
	for i := range lines {
		hosts[fmt.Sprint("bad", i)] = host{domains, ips}
	}
	before, p := newPull(t, hosts, 30), newPull(t, hosts, 50)
	for i, line := range lines {
		testtools.Write(t, fmt.Sprintf("%s/bad%d/unique-domains.log", p.dir, i), line+"\n")
	}
	names := []string{"x'y", "a b", "$(touch pwned)", "-q", "t\tab", `back\nslash`, "x;DROP DATABASE egress"}
	for _, name := range names {
		testtools.Write(t, filepath.Join(p.dir, name, "pull.status"), "time="+stamp(50)+"\n")
	}
	s.do("--schema")
	s.do(before.dir)
	for _, http := range []bool{false, true} {
		s.http = http
		_, errs, status := s.run(p.dir)
		if status != 1 || strings.Count(errs, "\n") != len(names)+len(lines) {
			t.Errorf("exit status %d: %s", status, errs)
		}
		for i, line := range lines {
			if !strings.Contains(errs, fmt.Sprintf("egress-load: bad%d: unique-domains.log: line ", i)) {
				t.Errorf("%q: says %s", line, errs)
			}
		}
		for _, c := range errs {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Errorf("says %q", c)
			}
		}
		wantText(t, "fleet-domains", s.query("fleet-domains"), "a.example 10 "+stamp(1)+" -\n")
		wantText(t, "fleet-ips", s.query("fleet-ips"), "192.0.2.1 10 "+stamp(1)+"\n")
	}
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("a command was run")
	}
}

// TestFailure: a server that cannot be reached is a failure.
func TestFailure(t *testing.T) {
	testtools.Need(t, "clickhouse-client", "curl")
	p := newPull(t, map[string]host{"a": {}}, 1)
	for _, http := range []bool{false, true} {
		s := &server{t: t, url: "http://127.0.0.1:1/", port: "1", http: http}
		if _, errs, status := s.run(p.dir); status == 0 || errs == "" {
			t.Errorf("http %v: exit status %d: %s", http, status, errs)
		}
	}
	for _, args := range [][]string{nil, {"--no-such"}, {"--url"}, {"--query"}} {
		s := &server{t: t}
		if _, errs, status := s.run(args...); status != 2 || !strings.HasPrefix(errs, "usage: egress-load ") {
			t.Errorf("%q: exit status %d: %s", args, status, errs)
		}
	}
}
