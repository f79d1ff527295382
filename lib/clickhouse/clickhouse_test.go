package clickhouse

// The tests run egress-load, as it is installed, with real servers on loopback:
// Debian's ClickHouse, and one of today.

import (
	"bytes"
	"fmt"
	"io"
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
	testtools.Main(m, testtools.OnPath, "../../cmd/aggmerge", "../../cmd/aggjoin", "../../cmd/egress-load")
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
	port string // of its own protocol; "" if it speaks HTTP alone
	http bool   // which of both to use
}

// onBoth runs a test with a server of each version.
func onBoth(t *testing.T, test func(t *testing.T, s *server)) {
	t.Run("18.16", func(t *testing.T) { test(t, startOld(t)) })
	t.Run("26.7", func(t *testing.T) { test(t, startNew(t)) })
}

// startOld starts the server of Debian 12.
func startOld(t testing.TB) *server {
	testtools.Need(t, "clickhouse-server", "clickhouse-client")
	dir := t.TempDir()
	ports := testtools.FreePorts(t, 2)
	web, tcp := fmt.Sprint(ports[0]), fmt.Sprint(ports[1])
	config := strings.NewReplacer("DIR", dir, "HTTP", web, "TCP", tcp).Replace(configuration)
	testtools.Write(t, dir+"/config.xml", config)
	testtools.Write(t, dir+"/users.xml", users)
	s := &server{t: t, url: "http://127.0.0.1:" + web + "/", port: tcp, http: true}
	s.start(exec.Command("clickhouse-server", "--config-file="+dir+"/config.xml"))
	return s
}

// startNew starts the engine of today, which scripts/test has brought here.
func startNew(t testing.TB) *server {
	testtools.Need(t, "node")
	cache, err := os.UserCacheDir()
	testtools.Must(t, err)
	modules := filepath.Join(cache, "egress-monitor", "chdb")
	if _, err := os.Stat(modules + "/node_modules/chdb"); err != nil {
		testtools.Missing(t, "the package chdb is not there: scripts/test brings it")
	}
	port := fmt.Sprint(testtools.FreePorts(t, 1)[0])
	s := &server{t: t, url: "http://127.0.0.1:" + port + "/", http: true}
	cmd := exec.Command("node", "../../testdata/clickhouse/server.js", modules, port, filepath.Join(t.TempDir(), "data"))
	cmd.Env = append(os.Environ(), "TZ=Pacific/Chatham")
	s.start(cmd)
	return s
}

// start starts the process, and waits until it answers.
func (s *server) start(cmd *exec.Cmd) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	testtools.Must(s.t, cmd.Start())
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(s.url); err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("ClickHouse does not answer: %s", said.String())
		}
	}
}

// run runs egress-load.
func (s *server) run(args ...string) (stdout, stderr string, status int) {
	s.t.Helper()
	if s.http {
		args = append([]string{"--url", s.url}, args...)
	}
	cmd := exec.Command("egress-load", args...)
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
	out, errs, status := s.run("--query", name, "--since", "2026-02-01")
	if status != 0 || errs != "" {
		s.t.Fatalf("%s: exit status %d: %s", name, status, errs)
	}
	return out
}

// statement runs SQL of the test's own.
func (s *server) statement(sql string) string {
	s.t.Helper()
	r, err := http.Post(s.url, "text/plain", strings.NewReader(sql))
	testtools.Must(s.t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	testtools.Must(s.t, err)
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s: %s", sql, r.Status, answer)
	}
	return string(answer)
}

// A row of a file.
type row struct {
	count uint64
	last  string
	ips   string // sorted, with commas; empty for an address
}

// A machine is what a pull brought of one host: its two files.
type machine struct{ domains, ips map[string]row }

// A folder is a pulled one.
type folder struct {
	dir   string
	hosts map[string]machine
}

// shown is a time of the files as ClickHouse prints it.
func shown(stamp string) string { return stamp[:10] + " " + stamp[11:19] }

func stamp(minute int) string {
	return time.Date(2026, 2, 8, 21, minute, 0, 0, time.UTC).Format("2006-01-02T15:04:05Z")
}

// keys of all kinds: what must be quoted in one language or another.
var (
	names = []string{`.`, `\032a\\.example`, `o'brien.example`, `"q".example`, `$(x).example`, `{a:b}.example`, `--.example`, `\n`,
		`null`, `\t.x`, `x;y`, `%s.example`, `_dns.resolver.arpa`, `mail.dns.google`, `dns.google`, `notdns.google`}
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
	for ip := range strings.SplitSeq(a+","+b, ",") {
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
func (h machine) later(r *rand.Rand, minute int) machine {
	n := machine{map[string]row{}, map[string]row{}}
	if h.domains != nil && r.IntN(4) > 0 {
		n = machine{maps.Clone(h.domains), maps.Clone(h.ips)}
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

func newPull(t testing.TB, hosts map[string]machine, minute int) folder {
	p := folder{t.TempDir(), hosts}
	for name, h := range hosts {
		dir := filepath.Join(p.dir, name)
		testtools.Write(t, dir+"/unique-domains.log", text(h.domains))
		testtools.Write(t, dir+"/unique-ips.log", text(h.ips))
		testtools.Write(t, dir+"/pull.status", "time="+stamp(minute)+"\nstate=ok\nmessage=x\n")
	}
	return p
}

// twoPulls is the same hosts at two times; one of them came later.
func twoPulls(t testing.TB) (first, second folder) {
	r := rand.New(rand.NewPCG(1, 2))
	before, after := map[string]machine{}, map[string]machine{}
	for i := range 25 {
		name := fmt.Sprintf("host%02d", i)
		h := machine{}.later(r, r.IntN(20))
		if i < 24 {
			before[name] = h
		}
		after[name] = h.later(r, 31+r.IntN(15))
	}
	// sums that do not fit, and one that just does
	after["host00"].ips["203.0.113.1"] = row{1<<64 - 1, stamp(32), ""}
	after["host01"].ips["203.0.113.1"] = row{7, stamp(32), ""}
	after["host02"].ips["203.0.113.2"] = row{1 << 62, stamp(32), ""}
	after["host03"].ips["203.0.113.2"] = row{1<<62 + 1, stamp(32), ""}
	return newPull(t, before, 30), newPull(t, after, 50)
}

// filter runs one of our tools over files of a pull.
func filter(t testing.TB, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).Output()
	testtools.Must(t, err)
	return string(out)
}

func (p folder) merged(t testing.TB, file string) string {
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
func expected(t testing.TB, first, second folder) map[string]string {
	want := map[string]string{
		"fleet-domains": second.merged(t, "unique-domains.log"),
		"fleet-ips":     second.merged(t, "unique-ips.log"),
	}
	lines := map[string][]string{}
	add := func(query, format string, args ...any) {
		lines[query] = append(lines[query], fmt.Sprintf(format, args...))
	}
	domainHosts, ipHosts := map[string][]string{}, map[string][]string{}
	for name, h := range second.hosts {
		for a := range h.ips {
			ipHosts[a] = append(ipHosts[a], name)
		}
	}
	direct := directIPs(t, first, second, ipHosts)
	for _, name := range slices.Sorted(maps.Keys(second.hosts)) {
		h := second.hosts[name]
		before, known := first.hosts[name]
		for _, d := range slices.Sorted(maps.Keys(h.domains)) {
			domainHosts[d] = append(domainHosts[d], name)
			if _, old := before.domains[d]; !old && known {
				add("new-domains", "%s\t%s\t%d\t%s\t%s", name, d, h.domains[d].count, shown(h.domains[d].last), shown(h.domains[d].last))
			}
			switch d {
			case "dns.google", "mail.dns.google":
				add("resolver-bypass", "%s\t%s\t%d\t%s\tGoogle", name, d, h.domains[d].count, shown(h.domains[d].last))
			case "_dns.resolver.arpa":
				add("resolver-bypass", "%s\t%s\t%d\t%s\tLooks for encrypted DNS", name, d, h.domains[d].count, shown(h.domains[d].last))
			}
		}
		for _, a := range slices.Sorted(maps.Keys(h.ips)) {
			if _, old := before.ips[a]; !old && known {
				known := 0
				if !strings.Contains(direct, "\n"+name+"\t"+a+"\t") {
					known = 1
				}
				add("new-ips", "%s\t%s\t%d\t%s\t%s\t%d", name, a, h.ips[a].count, shown(h.ips[a].last), shown(h.ips[a].last), known)
			}
			if a == "8.8.8.8" {
				add("resolver-bypass", "%s\t%s\t%d\t%s\tGoogle", name, a, h.ips[a].count, shown(h.ips[a].last))
			}
		}
	}
	for d, on := range domainHosts {
		total, last, began := uint64(0), "", "9"
		for _, name := range on {
			r := second.hosts[name].domains[d]
			total, last = total+r.count, max(last, r.last)
		}
		for _, p := range []folder{first, second} {
			for _, h := range p.hosts {
				if r, ok := h.domains[d]; ok {
					began = min(began, r.last)
				}
			}
		}
		add("prevalence", "%04d\t%s\t%d\t%d\t%s\t%s", len(on), d, len(on), total, shown(began), shown(last))
		if len(on) == 1 {
			add("one-host", "%s\t%s\t%d\t%s", on[0], d, total, shown(last))
		}
	}
	for a, on := range ipHosts {
		if r := second.hosts[on[0]].ips[a]; len(on) == 1 {
			add("one-host", "%s\t%s\t%d\t%s", on[0], a, r.count, shown(r.last))
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
	want["direct-ips"] = direct[1:]
	return want
}

// directIPs is what aggjoin says of each host, with the number of hosts, and
// since when; after an empty line.
func directIPs(t testing.TB, first, p folder, on map[string][]string) string {
	var lines []string
	for name := range p.hosts {
		dir := filepath.Join(p.dir, name)
		joined := filter(t, "aggjoin", "--names", dir+"/unique-domains.log", dir+"/unique-ips.log")
		for line := range strings.Lines(joined) {
			f := strings.Fields(line)
			if f[3] == "-" {
				hosts, since := len(on[f[0]]), f[2]
				if old, ok := first.hosts[name].ips[f[0]]; ok {
					since = min(since, old.last)
				}
				count := p.hosts[name].ips[f[0]].count
				lines = append(lines, fmt.Sprintf("%04d %020d %s\t%s\t%s\t%s\t%d\t%s\t\n", hosts, ^count, name, f[0], f[1], shown(f[2]), hosts, shown(since)))
			}
		}
	}
	sort.Strings(lines)
	b := "\n"
	for _, l := range lines {
		b += l[26:]
	}
	return b
}

// orders loads two pulls of the same hosts, again and again, in both orders
// and by both roads. Each time the answers must be those of the filters.
func orders(t *testing.T, s *server) {
	first, second := twoPulls(t)
	want := expected(t, first, second)
	for _, order := range []struct {
		http  bool
		loads []folder
	}{
		{false, []folder{first, second}},
		{true, []folder{second, first, second, first}},
	} {
		s.statement("DROP DATABASE IF EXISTS egress")
		s.http = order.http || s.port == ""
		s.do("--schema")
		s.do("--schema") // twice is once
		for _, p := range order.loads {
			s.do(p.dir)
		}
		s.compare(fmt.Sprintf("http %v, %d loads", order.http, len(order.loads)), want)
	}
	// and when ClickHouse has merged its parts, which it does when it likes
	for _, table := range []string{"name_states", "address_states", "loaded", "name_seen", "address_seen", "name_days", "address_days", "pulls"} {
		s.statement("OPTIMIZE TABLE egress." + table + " FINAL")
	}
	s.compare("optimized", want)
}

func (s *server) compare(what string, want map[string]string) {
	s.t.Helper()
	for query, answer := range want {
		got := s.query(query)
		switch query {
		case "one-host", "resolver-bypass", "new-domains", "new-ips": // the order of keys is not the order of lines
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

// newInFleet: new on one host is not new to the fleet.
func newInFleet(t *testing.T, s *server) {
	r := func(minute int) row { return row{1, stamp(minute), "-"} }
	a, b := map[string]row{"old.example": r(1)}, map[string]row{"b.example": r(1), "gone.example": r(1)}
	first := newPull(t, map[string]machine{"a": {a, nil}, "b": {b, nil}}, 30)
	a2, b2 := maps.Clone(a), maps.Clone(b)
	a2["b.example"], a2["new.example"], a2["gone.example"] = r(40), r(41), r(42)
	b2["new.example"] = r(40)
	delete(b2, "gone.example")
	second := newPull(t, map[string]machine{"a": {a2, nil}, "b": {b2, nil}}, 50)
	for _, p := range []folder{second, first, second} {
		s.do(p.dir)
	}
	wantText(t, "new-in-fleet", strings.ReplaceAll(s.query("new-in-fleet"), "\tb\n", "\ta\n"),
		"new.example\t2\t2026-02-08 21:40:00\ta\n")
}

// hostile: folders and files that egress-pull did not make are reported and
// not loaded; what stood there stays, and the others go in.
func hostile(t *testing.T, s *server) {
	domains := map[string]row{"a.example": {1, stamp(1), "-"}}
	ips := map[string]row{"192.0.2.1": {1, stamp(1), ""}}
	lines := []string{
		"a.example 1 2026-02-08T21:01:00Z ['x']", "a.example 1 2026-02-08T21:01:00Z 192.0.2.1','x", "a.example x 2026-02-08T21:01:00Z -",
		"a.example 1 2026-02-08T21:01:00Z", "a.example\t7\t2026-02-08T21:01:00Z\t-", "a,b 1 2026-02-08T21:01:00Z -",
		"b.example 1 2026-02-08T21:01:00Z -\na.example 1 2026-02-08T21:01:00Z -", "a.example 1 now() -", "\x1b 1 2026-02-08T21:01:00Z -",
	}
	hosts := map[string]machine{"good": {domains, ips}}
	for i := range lines {
		hosts[fmt.Sprint("bad", i)] = machine{domains, ips}
	}
	before, p := newPull(t, hosts, 30), newPull(t, hosts, 50)
	for i, line := range lines {
		testtools.Write(t, fmt.Sprintf("%s/bad%d/unique-domains.log", p.dir, i), line+"\n")
	}
	names := []string{"x'y", "a b", "$(touch pwned)", "-q", "t\tab", `back\nslash`, "x;DROP DATABASE egress"}
	for _, name := range names {
		testtools.Write(t, filepath.Join(p.dir, name, "pull.status"), "time="+stamp(50)+"\n")
	}
	s.do(before.dir)
	for _, http := range []bool{s.port == "", true} {
		s.http = http
		_, errs, status := s.run(p.dir)
		if status != 1 || strings.Count(errs, "\n") != len(names)+len(lines)+1 || !strings.HasSuffix(errs, "egress-load: 1 of 17 hosts loaded\n") {
			t.Errorf("exit status %d: %s", status, errs)
		}
		for i, line := range lines {
			if !strings.Contains(errs, fmt.Sprintf("egress-load: bad%d: unique-domains.log: ", i)) {
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
	testtools.Need(t, "clickhouse-client")
	p := newPull(t, map[string]machine{"a": {}}, 1)
	for _, http := range []bool{false, true} {
		s := &server{t: t, url: "http://user:secret@127.0.0.1:1/", port: "1", http: http}
		if _, errs, status := s.run(p.dir); status == 0 || errs == "" || strings.Contains(errs, "secret") {
			t.Errorf("http %v: exit status %d: %s", http, status, errs)
		}
	}
	for _, args := range [][]string{nil, {"--no-such"}, {"--url"}, {"--query"}, {"--schema", "dir"}, {"--schema", "--list"}, {"--keep", "0", "dir"}} {
		s := &server{t: t}
		if _, errs, status := s.run(args...); status != 2 || !strings.HasPrefix(errs, "egress-load: ") {
			t.Errorf("%q: exit status %d: %s", args, status, errs)
		}
	}
	if _, errs, status := (&server{t: t}).run("--query", "direct"); status != 1 || !strings.HasPrefix(errs, "egress-load: direct: no query has that name") {
		t.Errorf("exit status %d: %s", status, errs)
	}
}
