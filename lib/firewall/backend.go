package firewall

import (
	"os"
	"path/filepath"
	"strings"

	"egress-monitor/lib/child"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/nfnetlink"
)

type family byte

const (
	ip4 family = nfnetlink.IPv4
	ip6 family = nfnetlink.IPv6
)

var families = [...]family{ip4, ip6}

func (fam family) name() string { return nfnetlink.FamilyName(byte(fam)) }

func (fam family) tables() string {
	if fam == ip4 {
		return "iptables"
	}
	return "ip6tables"
}

func (fam family) String() string {
	if fam == ip4 {
		return "IPv4"
	}
	return "IPv6"
}

func (fam family) canary() string {
	if fam == ip4 {
		return layout.CanaryIP4 + "/32"
	}
	return layout.CanaryIP6 + "/128"
}

// in names a family's tables of a backend: "iptables-nft".
func (fam family) in(b backend) string { return fam.tables() + "-" + string(b) }

type backend string

const (
	nft    backend = "nft"
	legacy backend = "legacy"
	none   backend = ""
)

var backends = [...]backend{nft, legacy}

func (b backend) other() backend {
	if b == nft {
		return legacy
	}
	return nft
}

// has reports whether a backend's own program is installed.
func (f *Firewall) has(fam family, b backend) bool {
	_, err := child.LookPath(fam.in(b) + "-restore")
	return err == nil
}

// command returns the program of a backend: iptables-nft-save. Where a
// distribution has but one backend, that goes without a name.
func (f *Firewall) command(fam family, b backend, suffix string) string {
	name := fam.in(b) + suffix
	if _, err := child.LookPath(name); err != nil && backendOf(fam.tables()) == b {
		return fam.tables() + suffix
	}
	return name
}

// active returns the backend that the admin's iptables is, if any.
func (f *Firewall) active(fam family) backend {
	if _, err := child.LookPath(activeDir + fam.tables() + "-restore"); err != nil {
		return none
	}
	return backendOf(activeDir + fam.tables())
}

// activeDir is where the admin's iptables is, if not in the usual folders.
var activeDir string

// backendOf tells a backend by the program that a name leads to:
// iptables -> /etc/alternatives/iptables -> iptables-nft -> xtables-nft-multi.
func backendOf(name string) backend {
	path, err := child.LookPath(name)
	if err != nil {
		return none
	}
	if end, err := filepath.EvalSymlinks(path); err == nil && strings.Contains(filepath.Base(end), "legacy") {
		return legacy
	}
	return nft
}

// legacyTables returns what /proc/net/ip_tables_names and its like say: a table
// a line. The tables of the legacy backend are made by the first look at them;
// so nothing may ask for one that is not listed here.
func legacyTables(fam family) string {
	file := "ip_tables_names"
	if fam == ip6 {
		file = "ip6_tables_names"
	}
	text, _ := os.ReadFile("/proc/thread-self/net/" + file) // no such file: no such backend
	return string(text)
}

func has(tables, name string) bool { return strings.Contains("\n"+tables, "\n"+name+"\n") }
