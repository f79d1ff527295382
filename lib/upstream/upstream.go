// Package upstream decides which servers our dnsmasq asks: those that the
// machine would ask without us.
//
// systemd-resolved tells its links' servers and domains truthfully whether or
// not it has been pointed at dnsmasq, so they are read anew each time; its own
// configuration is read without our drop-in. A domain of a link is asked of that
// link's servers, as systemd-resolved would. Without systemd-resolved it is
// resolv.conf as others wrote it. Our own addresses and systemd-resolved's stubs
// are never among them: no loop.
package upstream

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"egress-monitor/lib/resolved"
)

// A Server is what dnsmasq calls ADDRESS[%LINK][#PORT].
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

// A Plan is what dnsmasq, the rules and systemd-resolved's drop-in are made of.
type Plan struct {
	Servers []Server // asked for all that no Route takes
	Routes  []Route
	Domains []string // of links, as systemd-resolved spells them: "~" before a routing domain
	Strict  bool     // somebody has asked for DNSOverTLS, which dnsmasq cannot do

	Validates bool // systemd-resolved checks signatures, which dnsmasq passes on

	Pending bool // a link has servers and is not used yet: it is coming up
}

// Sources are what a Plan is made from.
type Sources struct {
	Facts      *resolved.Facts  // nil: systemd-resolved does not run
	Config     *resolved.Config // with Facts
	ResolvConf string           // as others wrote it; "" if it is systemd-resolved's
	Ours       []netip.Addr     // addresses of our dnsmasq
	LinkName   func(index int) string
}

// scope is a set of servers that is asked together: a link's, or those of no link.
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

// scopes lists those with servers: first the machine's own, then the links'.
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

// mainServers returns those for names of no domain, as systemd-resolved chooses
// them: a scope with servers and the domain "~." takes all; else all with the
// default route do. A link that is coming up has none yet: it is better than
// nothing.
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

// onlyRoutes reports whether systemd-resolved takes a link for no default route.
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

// clean returns a domain in lower case, "." for the root, and "" for what a
// line of a configuration could not be made of.
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

// allowed turns systemd-resolved's servers of a link into ours.
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

// usable reports whether dnsmasq can ask an address: not if that would be a loop.
func (src Sources) usable(a netip.Addr) bool {
	stub := a == netip.AddrFrom4([4]byte{127, 0, 0, 53}) || a == netip.AddrFrom4([4]byte{127, 0, 0, 54})
	return a.IsValid() && !stub && !a.IsUnspecified() && !a.IsMulticast() && !slices.Contains(src.Ours, a.Unmap())
}

// parse reads one server as resolved.conf(5) and resolv.conf(5) spell it:
// ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, with %LINK after the address, and
// #NAME, which is for TLS, at the end. A word that is no server is left out.
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
