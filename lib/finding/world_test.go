package finding

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/baseline"
	"egress-monitor/lib/pulled"
	"egress-monitor/lib/testtools"
)

// A world is a made-up fleet in weekly states: hosts of roles that do the same
// things, hosts whose job is to reach everything, and a few things that do not
// belong.
type world struct {
	r      *rand.Rand
	now    time.Time
	hosts  []*machine
	pools  map[string][]string
	sites  []string
	truth  []truth
	common []service
}

// truth is something that does not belong.
type truth struct{ what, host, pattern string }

// A machine is one host.
type machine struct {
	name, role string
	services   []service
	names      map[string]*row
	ips        map[string]*row
	noCanary   bool
}

type row struct {
	count uint64
	last  time.Time
	ips   map[string]bool
}

// A service is a name that hosts of a role use, and how.
type service struct {
	name        string
	pool, week  int // addresses in all, and seen in a week
	asks, conns int // a day
	private     bool
}

const week = 7 * 24 * time.Hour

var words = strings.Fields("acorn bay birch canyon cedar cliff coral crest delta dune elm ember fern fjord glade grove heath ivy larch ledge marsh meadow mist moor nook orchard pebble pine prairie quarry reed ridge shoal spruce stream summit thorn tundra vale willow")

func newWorld(seed int64, now time.Time) *world {
	w := &world{r: rand.New(rand.NewSource(seed)), now: now, pools: map[string][]string{}}
	for len(w.sites) < 20_000 {
		tld := []string{"com", "net", "org", "de", "io", "co.uk", "fr", "info"}[w.r.Intn(8)]
		w.sites = append(w.sites, w.word()+[]string{"", "-"}[w.r.Intn(2)]+w.word()+fmt.Sprint(w.r.Intn(90))+"."+tld)
	}
	for range 12 {
		w.common = append(w.common, w.service(false))
	}
	w.common = append(w.common, w.service(true), w.service(true))
	return w
}

func (w *world) word() string { return words[w.r.Intn(len(words))] }

func (w *world) public() string {
	first := []int{5, 23, 31, 45, 52, 63, 78, 91, 104, 142, 151, 172, 185, 193, 203, 212}[w.r.Intn(16)]
	second := w.r.Intn(250)
	if first == 172 {
		second = 64 + w.r.Intn(64)
	}
	return fmt.Sprintf("%d.%d.%d.%d", first, second, w.r.Intn(256), 1+w.r.Intn(254))
}

// service makes a service of a provider: a few networks, of which a part is seen
// each week.
func (w *world) service(private bool) service {
	s := service{name: w.word() + "." + w.word() + w.word() + ".example.", private: private}
	s.name = fmt.Sprintf("%s.%s-%s%d.%s", w.word(), w.word(), w.word(), w.r.Intn(1000), []string{"com", "net", "io", "dev"}[w.r.Intn(4)])
	s.pool = []int{1, 2, 4, 12, 60, 400}[w.r.Intn(6)]
	s.week = max(1, min(s.pool, s.pool/10+w.r.Intn(4)))
	s.asks, s.conns = 1+w.r.Intn(2000), 1+w.r.Intn(900)
	nets := make([]string, 1+w.r.Intn(2))
	for i := range nets {
		ip := strings.Split(w.public(), ".")
		nets[i] = ip[0] + "." + ip[1]
	}
	for range s.pool {
		ip := fmt.Sprintf("%s.%d.%d", nets[w.r.Intn(len(nets))], w.r.Intn(256), 1+w.r.Intn(254))
		if private {
			ip = fmt.Sprintf("10.7.%d.%d", w.r.Intn(4), 1+w.r.Intn(254))
		}
		w.pools[s.name] = append(w.pools[s.name], ip)
	}
	return s
}

// role adds hosts of a role.
func (w *world) role(name string, n, services int, pattern string) {
	var own []service
	for range services {
		own = append(own, w.service(w.r.Intn(4) == 0))
	}
	for i := range n {
		w.hosts = append(w.hosts, &machine{name: fmt.Sprintf(pattern, name, i+1), role: name, services: own, names: map[string]*row{}, ips: map[string]*row{}})
	}
}

func (m *machine) ask(name string, n int, at time.Time, ips ...string) {
	r := m.names[name]
	if r == nil {
		r = &row{ips: map[string]bool{}}
		m.names[name] = r
	}
	r.count += uint64(max(1, n))
	if at.After(r.last) {
		r.last = at
	}
	for _, ip := range ips {
		r.ips[ip] = true
	}
}

func (m *machine) connect(ip string, n int, at time.Time) {
	r := m.ips[ip]
	if r == nil {
		r = &row{}
		m.ips[ip] = r
	}
	r.count += uint64(max(1, n))
	if at.After(r.last) {
		r.last = at
	}
}

// tick lets a week pass, to its end.
func (w *world) tick(state int, end time.Time) {
	for n, m := range w.hosts {
		last := func() time.Time { return end.Add(-time.Duration(60+w.r.Intn(6*3600)) * time.Second) }
		for _, s := range slices.Concat(w.common, m.services) {
			for range s.week {
				ip := w.pools[s.name][w.r.Intn(len(w.pools[s.name]))]
				m.ask(s.name, 7*s.asks/s.week, last(), ip)
				m.connect(ip, 7*s.conns/s.week, last())
			}
		}
		m.ask("canary.egress-monitor.invalid", 10080, end.Add(-20*time.Second))
		m.connect("203.0.113.255", 10080, end.Add(-20*time.Second))
		m.connect("169.254.169.254", 168, last())
		m.connect("10.7.9.9", 900, last())
		m.ask(fmt.Sprintf("%d.7.10.in-addr.arpa", n%250), 5, last())
		w.busy(m, last)
	}
	w.bad(state, end)
}

// busy is what hosts do whose job is to reach everything.
func (w *world) busy(m *machine, last func() time.Time) {
	visit := func(n, direct int) {
		for range n {
			site := w.sites[w.r.Intn(len(w.sites))]
			ip := siteAddress(site)
			m.ask(site, 1+w.r.Intn(20), last(), ip)
			m.connect(ip, 1+w.r.Intn(20), last())
		}
		for range direct {
			m.connect(w.public(), 1+w.r.Intn(30), last())
		}
	}
	switch m.role {
	case "spider":
		visit(1200, 0)
	case "gate":
		visit(200, 40)
	case "desk":
		visit(80, 0)
	case "mx":
		visit(300, 30)
		for range 300 {
			ip := strings.Split(w.public(), ".")
			slices.Reverse(ip)
			back := strings.Join(ip, ".")
			m.ask(back+".in-addr.arpa", 2, last())
			m.ask(back+".list.blocked-mail.example", 2, last(), "127.0.0.2")
			m.ask("_dmarc."+w.sites[w.r.Intn(len(w.sites))], 1, last())
		}
	case "logs":
		for range 500 {
			ip := strings.Split(w.public(), ".")
			m.ask(strings.Join(ip, ".")+".in-addr.arpa", 2, last())
		}
	case "kube":
		for range 20 {
			m.connect(fmt.Sprintf("10.244.%d.%d", w.r.Intn(60), w.r.Intn(250)), 5+w.r.Intn(500), last())
		}
		for _, s := range m.services {
			m.ask(s.name+".svc.cluster.local", 3000, last())
			m.ask(s.name+".cluster.local", 3000, last())
		}
	case "clock":
		for _, ip := range []string{"192.53.103.108", "129.6.15.28", "131.188.3.220", "194.58.200.20"} {
			m.connect(ip, 600, last())
		}
	case "watch":
		for i := range w.hosts {
			m.connect(fmt.Sprintf("10.7.20.%d", i%250), 40000, last())
		}
	}
}

func siteAddress(site string) string {
	h := 0
	for _, c := range site {
		h = (h*31 + int(c)) & 0xffffff
	}
	return fmt.Sprintf("%d.%d.%d.%d", []int{81, 88, 104, 217}[h%4], h>>4&0xff, h>>12&0xff, 1+h%250)
}

// quiet is a host with a plain role, which is then marked as taken.
func (w *world) quiet(state int, taken map[string]bool) *machine {
	var free []*machine
	for _, m := range w.hosts {
		if !taken[m.name] && len(m.services) > 0 {
			free = append(free, m)
		}
	}
	if len(free) == 0 {
		return w.hosts[0]
	}
	m := free[w.r.Intn(len(free))]
	taken[m.name] = true
	return m
}

func (w *world) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + w.r.Intn(26))
	}
	return string(b)
}

// bad plants what does not belong: each on a host of its own, with the same
// choice of hosts in every week.
func (w *world) bad(state int, end time.Time) {
	r := w.r
	w.r = rand.New(rand.NewSource(99))
	defer func() { w.r = r }()
	taken := map[string]bool{}
	last := end.Add(-3 * time.Hour)
	plant := func(what, pattern string, from int, do func(m *machine)) {
		m := w.quiet(state, taken)
		if state >= from {
			do(m)
		}
		if state == 2 {
			w.truth = append(w.truth, truth{what, m.name, pattern})
		}
	}
	plant("tunnel, slow", "quiet-data.example", 0, func(m *machine) {
		for i := range 35 {
			m.ask(fmt.Sprintf("%s%d.q.quiet-data.example", w.letters(20), i+100*state), 1, last)
		}
	})
	plant("direct, from the beginning", "198.51.100.77", 0, func(m *machine) { m.connect("198.51.100.77", 170, last) })
	plant("resolver", "9.9.9.9", 2, func(m *machine) { m.connect("9.9.9.9", 40, last) })
	plant("DoH by name", "dns.quad9.net", 2, func(m *machine) { m.ask("dns.quad9.net", 3, last, "9.9.9.9") })
	plant("lone domain", "odd-thing.example", 2, func(m *machine) {
		m.ask("www.odd-thing.example", 4, last, "198.51.100.3")
		m.connect("198.51.100.3", 3, last)
	})
	plant("lone domain, a week old", "older-thing.example", 1, func(m *machine) { m.ask("older-thing.example", 40, last, "198.51.100.4") })
	plant("many domains", "without an answer", 2, func(m *machine) {
		for range 150 {
			m.ask(w.letters(12)+".net", 2, last)
		}
	})
	plant("spread", "swift-flow.example", 1, func(m *machine) {
		for range 40 {
			m.ask("swift-flow.example", 5, last, fmt.Sprintf("%d.%d.7.7", 11+w.r.Intn(80), w.r.Intn(250)))
		}
	})
	plant("IPv6", "2001:db8:66::9", 2, func(m *machine) { m.connect("2001:db8:66::9", 20, last) })
	plant("beacon", "203.0.113.80", 1, func(m *machine) { m.connect("203.0.113.80", 24, last) })
	plant("own network", "10.7.66.66", 2, func(m *machine) { m.connect("10.7.66.66", 12, last) })
	plant("bucket", "exfil-77.s3.eu-west-1.amazonaws.com", 2, func(m *machine) {
		m.ask("exfil-77.s3.eu-west-1.amazonaws.com", 9, last, "52.218.1.1")
	})
	plant("clock", "clock", 2, func(m *machine) { m.connect("198.51.100.200", 1, end.Add(48*time.Hour)) })
	plant("blind", "blind", 2, func(m *machine) { m.noCanary = true })
	plant("sweep", "203.0.113.", 2, func(m *machine) {
		for i := range 60 {
			m.connect(fmt.Sprintf("203.0.113.%d", 100+i), 2, last)
		}
	})
	plant("reverse look-ups", "reverse look-ups", 2, func(m *machine) {
		for i := range 150 {
			m.ask(fmt.Sprintf("%d.113.0.203.in-addr.arpa", i), 1, last)
		}
	})
	plant("servers by address", "192.0.2.123", 1, func(m *machine) {
		for i := range 3 {
			m.connect(fmt.Sprintf("192.0.2.%d", 123+i), 90, last)
		}
	})
	w.elsewhere(state, last)
}

// elsewhere plants what needs hosts of a certain role, where there are such.
func (w *world) elsewhere(state int, last time.Time) {
	roles := map[string][]*machine{}
	for _, m := range w.hosts {
		roles[m.role] = append(roles[m.role], m)
	}
	if gates := roles["gate"]; len(gates) > 0 {
		gates[0].connect("198.51.100.90", 12, last)
		w.claim(state, "beacon among many", gates[0].name, "198.51.100.90")
	}
	if len(roles["front"]) < 4 {
		return
	}
	if state >= 1 {
		for _, m := range roles["front"] {
			m.ask("pool.all-of-a-role.example", 30, last, "198.51.100.91")
		}
	}
	w.claim(state, "on a whole role", roles["front"][0].name, "all-of-a-role.example")
	if state >= 2 {
		roles["api"][1].ask(roles["front"][0].services[0].name, 5, last)
	}
	_, domain, _ := strings.Cut(roles["front"][0].services[0].name, ".")
	w.claim(state, "odd for its role", roles["api"][1].name, domain)
}

func (w *world) claim(state int, what, host, pattern string) {
	if state == 2 {
		w.truth = append(w.truth, truth{what, host, pattern})
	}
}

// write writes the state of all hosts, as a pull does.
func (w *world) write(t testing.TB, dir string, at time.Time) {
	for _, m := range w.hosts {
		home := filepath.Join(dir, m.name)
		testtools.Must(t, os.MkdirAll(home, 0o755))
		canary := at
		if m.noCanary {
			canary = at.Add(-9 * time.Hour)
		}
		writeRows(t, filepath.Join(home, pulled.Domains), m.names, true, canary)
		writeRows(t, filepath.Join(home, pulled.IPs), m.ips, false, at)
		status := fmt.Sprintf("time=%s\nstate=ok\nmessage=\npulled=%[1]s\n", at.Format(time.RFC3339))
		testtools.Must(t, os.WriteFile(filepath.Join(home, "pull.status"), []byte(status), 0o600))
		testtools.Must(t, baseline.Update(home, at))
	}
}

func writeRows(t testing.TB, path string, rows map[string]*row, names bool, canary time.Time) {
	var lines []string
	for key, r := range rows {
		last := r.last
		if key == "canary.egress-monitor.invalid" && canary.Before(last) {
			last = canary
		}
		line := fmt.Sprintf("%s %d %s", key, r.count, last.UTC().Format(aggregate.TimeLayout))
		if names {
			ips := "-"
			if len(r.ips) > 0 {
				var all []string
				for ip := range r.ips {
					all = append(all, ip)
				}
				slices.Sort(all)
				ips = strings.Join(all, ",")
			}
			line += " " + ips
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	testtools.Must(t, os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600))
}
