// Package upstream decides which servers our dnsmasq asks: those that the
// machine would ask without us.
//
// With systemd-resolved these are the servers and domains of its links, which it reports
// whether or not it asks our dnsmasq, and those of its own configuration without our
// drop-in. Names below a link's domain are asked of that link's servers, as
// systemd-resolved would do. Without systemd-resolved these are the servers in the
// resolv.conf of others. Our own addresses and systemd-resolved's stubs are left out, as
// they would make a loop.
package upstream

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/resolved"
)

// A Server is a name server; dnsmasq spells it ADDRESS[%LINK][#PORT].
type Server struct {
	Addr netip.Addr
	Port uint16 // never 0
}

func (s Server) String() string {
	if s.Port == 53 {
		return s.Addr.String()
	}
	return s.Addr.String() + "#" + strconv.Itoa(int(s.Port))
}

// A Route sends the names of a domain to a server.
type Route struct {
	Domain string
	Server Server
}

// A Plan holds the servers and domains for dnsmasq, the rules and systemd-resolved's
// drop-in.
type Plan struct {
	Servers []Server // asked for all names that have no Route
	Routes  []Route
	Domains []string // of links, as systemd-resolved spells them: "~" before a routing domain
	Strict  bool     // systemd-resolved is set to DNSOverTLS=yes, which dnsmasq cannot do

	Validates bool // systemd-resolved checks signatures, which dnsmasq passes on

	Pending bool // a link is coming up: it has servers and is not used yet
}

// Sources holds the facts from which a Plan is made.
type Sources struct {
	Facts      *resolved.Facts  // nil: systemd-resolved does not run
	Config     *resolved.Config // with Facts
	ResolvConf string           // as others wrote it; "" if it is systemd-resolved's
	Ours       []netip.Addr     // addresses of our dnsmasq
	LinkName   func(index int) string
}

// A scope is a set of servers that are asked together: those of a link, or of none.
type scope struct {
	servers []Server
	domains []resolved.Domain
	link    bool
	main    bool // asked for names of no domain
	ready   bool
}

// Make makes the Plan.
func Make(src Sources) Plan {
	p := Plan{Validates: src.Facts != nil && src.Facts.DNSSEC != "" && src.Facts.DNSSEC != "no"}
	scopes := src.scopes(&p)
	servers := mainServers(scopes)
	if len(servers) == 0 && src.Facts != nil {
		servers = src.allowed(src.Facts.Fallback, 0)
	}
	for _, server := range servers {
		p.Servers = with(p.Servers, server)
	}
	for _, s := range scopes {
		p.addDomains(s)
	}
	return p
}

// scopes lists the scopes that have servers: first the machine's own, then the links'.
func (src Sources) scopes(p *Plan) []scope {
	own := scope{main: true, ready: true}
	if src.Config != nil {
		for _, word := range src.Config.DNS {
			own.servers = append(own.servers, src.parse(word)...)
		}
		for _, word := range src.Config.Domains {
			own.domains = append(own.domains, resolved.Domain{Name: strings.TrimPrefix(word, "~"), Route: strings.HasPrefix(word, "~")})
		}
		p.Strict = resolved.Strict(src.Config.DNSOverTLS)
	}
	for _, word := range nameservers(src.ResolvConf) {
		own.servers = append(own.servers, src.parse(word)...)
	}
	list := []scope{own}
	if src.Facts == nil {
		return list
	}
	for _, l := range src.Facts.Links {
		s := scope{servers: src.allowed(l.Servers, l.Index), domains: l.Domains, link: true, main: l.DefaultRoute, ready: l.Ready}
		if len(s.servers) == 0 {
			continue
		}
		p.Strict = p.Strict || l.DNSOverTLS == "yes"
		p.Pending = p.Pending || !l.Ready
		list = append(list, s)
	}
	return list
}

// mainServers returns the servers for names of no domain, as systemd-resolved chooses
// them: those of scopes with the domain "~.", or else with the default route. If there
// are none, a link that is coming up, and has no route yet, is better than nothing.
func mainServers(scopes []scope) []Server {
	var root, main, coming []Server
	for _, s := range scopes {
		switch {
		case hasRoot(s.domains):
			root = append(root, s.servers...)
		case s.main:
			main = append(main, s.servers...)
		case !s.ready && !onlyRoutes(s.domains):
			coming = append(coming, s.servers...)
		}
	}
	for _, list := range [][]Server{root, main} {
		if len(list) > 0 {
			return list
		}
	}
	return coming
}

func hasRoot(domains []resolved.Domain) bool {
	return slices.ContainsFunc(domains, func(d resolved.Domain) bool { return d.Route && clean(d.Name) == "." })
}

// onlyRoutes reports whether systemd-resolved does not use a link as a default route.
func onlyRoutes(domains []resolved.Domain) bool {
	return slices.ContainsFunc(domains, func(d resolved.Domain) bool { return d.Route })
}

func (p *Plan) addDomains(s scope) {
	if len(s.servers) == 0 {
		return
	}
	for _, d := range s.domains {
		name := clean(d.Name)
		if name == "" {
			continue
		}
		if s.link {
			text := name
			if d.Route || name == "." {
				text = "~" + name
			}
			p.Domains = with(p.Domains, text)
		}
		if name == "." {
			continue
		}
		for _, server := range s.servers {
			p.Routes = with(p.Routes, Route{name, server})
		}
	}
}

// clean returns a domain in lower case, "." for the root, and "" for a name that cannot
// be put into a line of a configuration.
func clean(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" {
		return "."
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
		case i > 0 && (c == '-' || c == '.'):
		default:
			return ""
		}
	}
	return name
}

// allowed converts servers of a link that dnsmasq can ask.
func (src Sources) allowed(list []resolved.Server, link int) []Server {
	var out []Server
	for _, s := range list {
		if s.Addr.IsLinkLocalUnicast() && s.Addr.Is6() {
			name := ""
			if src.LinkName != nil && link > 0 {
				name = src.LinkName(link)
			}
			if name == "" {
				continue
			}
			s.Addr = s.Addr.WithZone(name)
		}
		if src.usable(s.Addr) {
			out = append(out, Server{s.Addr, orDNS(s.Port)})
		}
	}
	return out
}

func orDNS(port uint16) uint16 {
	if port == 0 {
		return 53
	}
	return port
}

// usable reports whether dnsmasq can ask an address, without a loop.
func (src Sources) usable(a netip.Addr) bool {
	stub := a == netip.AddrFrom4([4]byte{127, 0, 0, 53}) || a == netip.AddrFrom4([4]byte{127, 0, 0, 54})
	return a.IsValid() && !stub && !a.IsUnspecified() && !a.IsMulticast() && !slices.Contains(src.Ours, a.Unmap())
}

// parse reads one server as resolved.conf(5) and resolv.conf(5) spell it:
// ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, with %LINK after the address, and
// #NAME, which is for TLS, at the end. Another word is no server.
func (src Sources) parse(word string) []Server {
	word, _, _ = strings.Cut(word, "#")
	host, port := word, "53"
	if strings.HasPrefix(word, "[") || strings.Count(word, ":") == 1 {
		if h, p, err := net.SplitHostPort(word); err == nil {
			host, port = h, p
		} else {
			host = strings.NewReplacer("[", "", "]", "").Replace(word)
		}
	}
	// [fe80::1]%eth0:53 is systemd-resolved's way
	if at := strings.Index(word, "]%"); at > 0 {
		zone, p, _ := strings.Cut(word[at+2:], ":")
		host, port = word[1:at]+"%"+zone, p
		if p == "" {
			port = "53"
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	a, err2 := netip.ParseAddr(host)
	if err != nil || err2 != nil || n == 0 {
		return nil
	}
	if !a.IsLinkLocalUnicast() {
		a = a.WithZone("")
	}
	if a.Zone() != "" && !linkName(a.Zone()) || a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "" || !src.usable(a) {
		return nil
	}
	return []Server{{a, uint16(n)}}
}

func linkName(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-@", c) >= 0) {
			return false
		}
	}
	return len(s) < 16
}

// nameservers returns the addresses in a resolv.conf.
func nameservers(text string) (list []string) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			list = append(list, f[1])
		}
	}
	return list
}

// with returns list, and v at its end if it was not in there.
func with[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
