// Package resolved reads the state of systemd-resolved, over D-Bus, and its configuration
// files: org.freedesktop.resolve1(5) and resolved.conf(5), of systemd 252.
package resolved

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"

	"egress-monitor/lib/systemd"
)

// A Server is a name server that systemd-resolved knows.
type Server struct {
	Addr netip.Addr
	Port uint16 // 0: 53
}

// A Domain is a domain of a link, or of systemd-resolved's own.
type Domain struct {
	Name  string // without a dot at its end; the root is ""
	Route bool   // a routing domain ("~" before it), no search domain
}

// A Link is a network interface that has name servers.
type Link struct {
	Index        int
	Servers      []Server
	Domains      []Domain
	DefaultRoute bool   // names of no domain are asked of it
	Ready        bool   // it is used: it has an address, and is up
	DNSOverTLS   string // yes, no, opportunistic
}

// Facts holds the state of systemd-resolved.
type Facts struct {
	Global     []Server // its own servers, without those of links
	Fallback   []Server // asked if there are no others
	DNSOverTLS string
	DNSSEC     string // yes, no, allow-downgrade
	Links      []Link
}

const (
	name    = "org.freedesktop.resolve1"
	manager = name + ".Manager"
	getAll  = "org.freedesktop.DBus.Properties.GetAll"
)

// Unit is systemd-resolved's.
const Unit = "systemd-resolved.service"

// Ask returns the Facts. It does not start systemd-resolved.
func Ask() (*Facts, error) {
	bus, err := systemd.Bus()
	if err != nil {
		return nil, err
	}
	defer bus.Close()
	ctx, cancel := context.WithTimeout(context.Background(), systemd.Timeout)
	defer cancel()
	f, err := ask(ctx, bus)
	if err != nil {
		return nil, fmt.Errorf("systemd-resolved does not answer: %w", err)
	}
	return f, nil
}

func ask(ctx context.Context, bus *dbus.Conn) (*Facts, error) {
	object := bus.Object(name, "/org/freedesktop/resolve1")
	var p properties
	if err := object.CallWithContext(ctx, getAll, dbus.FlagNoAutoStart, manager).Store(&p); err != nil {
		return nil, err
	}
	f, listed := managerFacts(p)
	for _, index := range listed.links {
		var path dbus.ObjectPath
		if err := object.CallWithContext(ctx, manager+".GetLink", dbus.FlagNoAutoStart, int32(index)).Store(&path); err != nil {
			continue // the link is gone
		}
		var p properties
		if err := bus.Object(name, path).CallWithContext(ctx, getAll, dbus.FlagNoAutoStart, name+".Link").Store(&p); err != nil {
			continue
		}
		if l := linkFacts(index, p); len(l.Servers) > 0 {
			f.Links = append(f.Links, l)
		}
	}
	f.Global = listed.global(f.Links)
	return f, nil
}

// A list holds the servers as the manager lists them: its own and those of links, each
// with a link. A server of its own has a link, too, if it is a loopback address (lo) or
// bound to a link (%eth0).
type list struct {
	links   []int // each once
	link    []int // of each server
	servers []Server
}

func (l *list) add(link int, s Server) {
	if link != 0 && !slices.Contains(l.links, link) {
		l.links = append(l.links, link)
	}
	l.link = append(l.link, link)
	l.servers = append(l.servers, s)
}

// global returns the servers that belong to no link.
func (l *list) global(links []Link) (own []Server) {
	for i, s := range l.servers {
		if !slices.ContainsFunc(links, func(k Link) bool { return k.Index == l.link[i] && slices.Contains(k.Servers, s) }) {
			own = append(own, s)
		}
	}
	return own
}

type properties map[string]dbus.Variant

func (p properties) text(key string) string {
	s, _ := p[key].Value().(string)
	return s
}

// rows returns the elements of a property that is an array of structures.
func (p properties) rows(key string) [][]any {
	rows, _ := p[key].Value().([][]any)
	return rows
}

// managerFacts reads the properties of the manager: servers as (link, family,
// address, port, name).
func managerFacts(p properties) (f *Facts, listed list) {
	f = &Facts{DNSOverTLS: p.text("DNSOverTLS"), DNSSEC: p.text("DNSSEC")}
	for _, row := range p.rows("DNSEx") {
		if link, s, ok := linkServer(row); ok {
			listed.add(link, s)
		}
	}
	for _, row := range p.rows("FallbackDNSEx") {
		if _, s, ok := linkServer(row); ok {
			f.Fallback = append(f.Fallback, s)
		}
	}
	return f, listed
}

// linkFacts reads the properties of a link: servers as (family, address, port,
// name), domains as (domain, route only). Bit 0 of ScopesMask is set while the
// link is used for DNS.
func linkFacts(index int, p properties) Link {
	l := Link{Index: index, DNSOverTLS: p.text("DNSOverTLS")}
	l.DefaultRoute, _ = p["DefaultRoute"].Value().(bool)
	mask, _ := p["ScopesMask"].Value().(uint64)
	l.Ready = mask&1 != 0
	for _, row := range p.rows("DNSEx") {
		if s, ok := server(row); ok {
			l.Servers = append(l.Servers, s)
		}
	}
	for _, row := range p.rows("Domains") {
		l.Domains = appendDomain(l.Domains, row)
	}
	return l
}

func linkServer(row []any) (link int, s Server, ok bool) {
	if len(row) < 1 {
		return 0, s, false
	}
	n, ok := row[0].(int32)
	if !ok {
		return 0, s, false
	}
	s, ok = server(row[1:])
	return int(n), s, ok
}

func server(row []any) (s Server, ok bool) {
	if len(row) < 3 {
		return s, false
	}
	bytes, _ := row[1].([]byte)
	s.Addr, ok = netip.AddrFromSlice(bytes)
	s.Port, _ = row[2].(uint16)
	return s, ok
}

func appendDomain(list []Domain, row []any) []Domain {
	if len(row) != 2 {
		return list
	}
	text, ok := row[0].(string)
	route, _ := row[1].(bool)
	if !ok {
		return list
	}
	return append(list, Domain{Name: trimDot(text), Route: route})
}

func trimDot(name string) string {
	if n := len(name); n > 0 && name[n-1] == '.' {
		return name[:n-1]
	}
	return name
}
