package resolvers

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"egress-monitor/lib/dnsmasq"
	"egress-monitor/lib/fold"
)

func TestLookup(t *testing.T) {
	l := Builtin()
	if len(l.Date) != len("2026-11-23") {
		t.Errorf("date %q", l.Date)
	}
	for key, want := range map[string]string{
		"8.8.8.8":                    "Google",
		"8.8.8.0/24":                 "Google", // folded: one of them is it
		"8.8.8.9":                    "",
		"45.90.28.77":                "NextDNS",
		"45.90.0.0/16":               "NextDNS",
		"2a07:a8c0::1:2":             "NextDNS",
		"::ffff:9.9.9.9":             "Quad9",
		"0.0.0.0/0":                  "Cloudflare",
		"dns.google":                 "Google",
		"x.dns.google":               "Google",
		"xdns.google":                "",
		"google":                     "",
		"*.google":                   "Google",
		"*.adguard-dns.com":          "AdGuard",
		"*.example.com":              "",
		"mozilla.cloudflare-dns.com": "Cloudflare",
		"_dns.resolver.arpa":         "Looks for encrypted DNS",
		".":                          "",
	} {
		var r *Resolver
		var ok bool
		if p, isAddress := fold.Address([]byte(key)); isAddress {
			r, ok = l.Address(p)
		} else {
			r, ok = l.Name([]byte(key))
		}
		if ok != (want != "") || ok && r.Operator != want {
			t.Errorf("%s: got %v %v, want %q", key, r, ok, want)
		}
	}
}

// TestList: each entry is spelled as the keys of our files are.
func TestList(t *testing.T) {
	for _, r := range Builtin().names {
		if !dnsmasq.IsName([]byte(r.Entry)) {
			t.Errorf("%q is not spelled like a name", r.Entry)
		}
	}
	for p, r := range Builtin().nets.All() {
		want := p.String()
		if p.IsSingleIP() {
			want = p.Addr().String()
		}
		if r.Entry != want {
			t.Errorf("%q is spelled %q", r.Entry, want)
		}
	}
}

func TestBadLists(t *testing.T) {
	for _, text := range []string{"8.8.8.8\n", "[a]\n8.8.8.8 8.8.4.4\n"} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestPlain: a watch-list is read line by line, and a bad line is told.
func TestPlain(t *testing.T) {
	l, bad := New(), ""
	err := l.ReadPlain(strings.NewReader("\ufeffEvil.example. # c2\n198.51.100.0/24\n*.wild.example\n192.168.1.*\n10.0.0.300\na b\n"), "list",
		func(line int, err error) { bad += fmt.Sprint(line, " ") })
	if err != nil || bad != "4 5 6 " {
		t.Errorf("%v, bad lines %s", err, bad)
	}
	for key, want := range map[string]bool{"evil.example": true, "x.evil.example": true, "notevil.example": false, "a.wild.example": true, "*.example": true} {
		if _, ok := l.Name([]byte(key)); ok != want {
			t.Errorf("%s: %v", key, ok)
		}
	}
	for key, want := range map[string]bool{"198.51.100.7/32": true, "198.51.101.7/32": false, "198.51.0.0/16": true} {
		if _, ok := l.Address(netip.MustParsePrefix(key)); ok != want {
			t.Errorf("%s: %v", key, ok)
		}
	}
}

// TestDate: the first date of a list is its own; later comments are of entries.
func TestDate(t *testing.T) {
	l, err := Read(strings.NewReader("# date: 2026-02-08\n[one]\n192.0.2.1 # date: 2020-01-01\n"))
	if err != nil || l.Date != "2026-02-08" {
		t.Errorf("%q, %v", l.Date, err)
	}
}
