package upstream

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"egress-monitor/lib/resolved"
	"egress-monitor/lib/testtools"
)

func servers(list ...string) (out []resolved.Server) {
	for _, s := range list {
		addr, port, _ := strings.Cut(s, "#")
		r := resolved.Server{Addr: netip.MustParseAddr(addr)}
		if port != "" {
			r.Port = 5353
		}
		out = append(out, r)
	}
	return out
}

func domains(list ...string) (out []resolved.Domain) {
	for _, d := range list {
		out = append(out, resolved.Domain{Name: strings.TrimPrefix(d, "~"), Route: strings.HasPrefix(d, "~")})
	}
	return out
}

// link is one that is in use, with the default route.
func link(index int, s []resolved.Server, d ...string) resolved.Link {
	return resolved.Link{Index: index, Servers: s, Domains: domains(d...), DefaultRoute: true, Ready: true, DNSOverTLS: "no"}
}

func changed(l resolved.Link, change func(*resolved.Link)) resolved.Link {
	change(&l)
	return l
}

func TestMake(t *testing.T) {
	notDefault := func(l *resolved.Link) { l.DefaultRoute = false }
	coming := func(l *resolved.Link) { l.DefaultRoute, l.Ready = false, false }
	lan, vpn := servers("192.0.2.53"), servers("198.51.100.53", "2001:db8::53#p")
	for name, test := range map[string]struct {
		links      []resolved.Link
		config     resolved.Config
		fallback   []resolved.Server
		resolvConf string
		servers    string // the servers-file, a blank for each newline
		facts      string

		strict, pending bool
	}{
		"nothing":                    {},
		"one link":                   {links: []resolved.Link{link(2, lan)}, servers: "server=192.0.2.53"},
		"two, each once":             {links: []resolved.Link{link(2, lan), link(3, lan), link(4, servers("198.51.100.1"))}, servers: "server=192.0.2.53 server=198.51.100.1"},
		"the machine's own go first": {links: []resolved.Link{link(2, lan)}, config: resolved.Config{DNS: []string{"203.0.113.1"}}, servers: "server=203.0.113.1 server=192.0.2.53"},
		"a link with ~. takes all": {
			links:   []resolved.Link{link(2, lan), link(3, vpn, "~.")},
			config:  resolved.Config{DNS: []string{"203.0.113.1"}},
			servers: "server=198.51.100.53 server=2001:db8::53#5353", facts: "domain ~. port 5353",
		},
		"the machine's own with ~. take all": {
			links:   []resolved.Link{link(2, lan)},
			config:  resolved.Config{DNS: []string{"203.0.113.1"}, Domains: []string{"~."}},
			servers: "server=203.0.113.1",
		},
		"~. without servers takes nothing": {
			links: []resolved.Link{link(2, lan)}, config: resolved.Config{Domains: []string{"~."}}, servers: "server=192.0.2.53",
		},
		"domains are asked of their link": {
			links:   []resolved.Link{link(2, lan, "Home.Example."), changed(link(3, vpn, "~corp.example", "lab.example"), notDefault)},
			servers: "server=192.0.2.53 server=/home.example/192.0.2.53 server=/corp.example/198.51.100.53 server=/corp.example/2001:db8::53#5353 server=/lab.example/198.51.100.53 server=/lab.example/2001:db8::53#5353",
			facts:   "domain home.example domain lab.example domain ~corp.example port 5353",
		},
		"a domain of the machine's own servers is a route, and no link's": {
			config: resolved.Config{DNS: []string{"203.0.113.1"}, Domains: []string{"~corp.example"}}, servers: "server=203.0.113.1 server=/corp.example/203.0.113.1",
		},
		"domains that are none": {
			links: []resolved.Link{link(2, lan, "a b", "x/1.2.3.4", "-x", "a\nserver=192.0.2.66", "ok_1.example")}, servers: "server=192.0.2.53 server=/ok_1.example/192.0.2.53", facts: "domain ok_1.example",
		},
		"no default route":                     {links: []resolved.Link{changed(link(2, lan), notDefault)}},
		"no default route, then what is left":  {links: []resolved.Link{changed(link(2, lan), notDefault)}, fallback: servers("203.0.113.9"), servers: "server=203.0.113.9"},
		"a link that comes up":                 {links: []resolved.Link{changed(link(2, lan), coming)}, fallback: servers("203.0.113.9"), servers: "server=192.0.2.53", pending: true},
		"one that comes up beside one that is": {links: []resolved.Link{changed(link(2, lan), coming), link(3, vpn)}, servers: "server=198.51.100.53 server=2001:db8::53#5353", facts: "port 5353", pending: true},
		"one that comes up for its own names":  {links: []resolved.Link{changed(link(2, lan, "~corp.example"), coming)}, servers: "server=/corp.example/192.0.2.53", facts: "domain ~corp.example", pending: true},
		"ours and the stubs are left out":      {links: []resolved.Link{link(2, servers("127.0.0.55", "127.0.0.53", "127.0.0.54", "0.0.0.0", "::", "127.0.0.1"))}, servers: "server=127.0.0.1"},
		"link-local":                           {links: []resolved.Link{link(2, servers("fe80::1")), link(9, servers("fe80::2"))}, servers: "server=fe80::1%eth2"},
		"DNSOverTLS of a link":                 {links: []resolved.Link{changed(link(2, lan), func(l *resolved.Link) { l.DNSOverTLS = "yes" })}, servers: "server=192.0.2.53", strict: true},
		"DNSOverTLS of the machine":            {config: resolved.Config{DNSOverTLS: "true"}, strict: true},
		"opportunistic is not strict":          {config: resolved.Config{DNSOverTLS: "opportunistic"}},
		"spellings of servers": {
			config:  resolved.Config{DNS: strings.Fields("192.0.2.1#dns.example 192.0.2.2:5353 192.0.2.3:53#x [2001:db8::1]:5353 [2001:db8::2] 2001:db8::3 fe80::1%eth0 [fe80::2]:53%eth0 [fe80::3]%eth0:5353 fe80::4 192.0.2.4%eth0 name.example 192.0.2.5:x 192.0.2.6:0 1.2.3.4/x")},
			servers: "server=192.0.2.1 server=192.0.2.2#5353 server=192.0.2.3 server=2001:db8::1#5353 server=2001:db8::2 server=2001:db8::3 server=fe80::1%eth0 server=fe80::3%eth0#5353",
			facts:   "port 5353",
		},
		"resolv.conf": {
			resolvConf: "# nameserver 192.0.2.9\nsearch x.example\nnameserver 192.0.2.1\n\tnameserver\t2001:db8::1 # twice\nnameserver fe80::1%eth0\nnameserver fe80::1\nnameserver 127.0.0.55\nnameserver x\nnameserver\nnameserver 192.0.2.1\n",
			servers:    "server=192.0.2.1 server=2001:db8::1 server=fe80::1%eth0",
		},
		"a link name with more than a name": {resolvConf: "nameserver fe80::1%eth0/x\nnameserver fe80::1%eth0\\x\n"},
	} {
		src := Sources{Config: &test.config, ResolvConf: test.resolvConf, Ours: []netip.Addr{netip.MustParseAddr("127.0.0.55")},
			LinkName: func(i int) string { return map[int]string{2: "eth2", 3: "tun0"}[i] }}
		if test.resolvConf == "" {
			src.Facts = &resolved.Facts{Links: test.links, Fallback: test.fallback}
		}
		p := Make(src)
		if got := strings.Join(strings.Fields(p.ServersFile()), " "); got != test.servers {
			t.Errorf("%s: servers\ngot  %s\nwant %s", name, got, test.servers)
		}
		if got := strings.Join(strings.Fields(p.FactsFile()), " "); got != test.facts {
			t.Errorf("%s: facts\ngot  %s\nwant %s", name, got, test.facts)
		}
		if p.Strict != test.strict || p.Pending != test.pending {
			t.Errorf("%s: strict %v, pending %v", name, p.Strict, p.Pending)
		}
	}
}

func TestFacts(t *testing.T) {
	dir := t.TempDir()
	p := Plan{Servers: []Server{{netip.MustParseAddr("192.0.2.1"), 53}, {netip.MustParseAddr("2001:db8::1"), 5353}},
		Routes: []Route{{"a.example", Server{netip.MustParseAddr("192.0.2.2"), 54}}}, Domains: []string{"b.example", "~a.example"}, Validates: true}
	s, f := filepath.Join(dir, "servers"), filepath.Join(dir, "facts")
	for name, text := range map[string]string{s: p.ServersFile(), f: p.FactsFile()} {
		testtools.Must(t, os.WriteFile(name, []byte(text), 0o644))
	}
	want := Facts{Servers: []string{"192.0.2.1", "2001:db8::1#5353"}, Domains: []string{"b.example", "~a.example"}, Ports: []int{5353, 54}, Validates: true}
	if got := ReadFacts(s, f); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := ReadFacts(dir+"/no", dir+"/nor"); !reflect.DeepEqual(got, Facts{}) {
		t.Errorf("without files: %+v", got)
	}
	if p.Text() != "192.0.2.1 2001:db8::1#5353" || (Plan{}).Text() != "nobody" {
		t.Error(p.Text())
	}
}

// Whatever a configuration says, each line of the servers-file is one server.
func FuzzServersFile(f *testing.F) {
	f.Add("192.0.2.1:5353 [fe80::1]%eth0", "a.example ~.", "nameserver 192.0.2.1\n")
	f.Add("1.2.3.4#x", "a\nserver=1.1.1.1", "nameserver fe80::1%a\rb\n")
	f.Fuzz(func(t *testing.T, dns, domain, conf string) {
		src := Sources{ResolvConf: conf, Config: &resolved.Config{DNS: strings.Fields(dns), Domains: strings.Split(domain, " ")},
			Facts: &resolved.Facts{Links: []resolved.Link{link(2, servers("192.0.2.53"), strings.Split(domain, ";")...)}}}
		for line := range strings.Lines(Make(src).ServersFile()) {
			if strings.Trim(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:%#@/=-") != "\n" || !strings.HasPrefix(line, "server=") {
				t.Fatalf("%q", line)
			}
		}
	})
}
