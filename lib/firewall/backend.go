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

// in returns the name of a family's tables in a backend: "iptables-nft".
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
// distribution has only one backend, its name is left out.
func (f *Firewall) command(fam family, b backend, suffix string) string {
	name := fam.in(b) + suffix
	if _, err := child.LookPath(name); err != nil && backendOf(fam.tables()) == b {
		return fam.tables() + suffix
	}
	return name
}

// active returns the backend of the admin's iptables; "" if there is none.
func (f *Firewall) active(fam family) backend {
	if _, err := child.LookPath(activeDir + fam.tables() + "-restore"); err != nil {
		return none
	}
	return backendOf(activeDir + fam.tables())
}

// activeDir is the folder of the admin's iptables, in tests; "" for the usual ones.
var activeDir string

// backendOf returns the backend of the program that a name leads to:
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

// legacyTables returns the text of /proc/net/ip_tables_names or ip6_tables_names,
// a table a line. The legacy backend makes a table when a program first lists it;
// so a table that is not in this text must not be listed.
func legacyTables(fam family) string {
	file := "ip_tables_names"
	if fam == ip6 {
		file = "ip6_tables_names"
	}
	text, _ := os.ReadFile("/proc/thread-self/net/" + file) // no such file: no such backend
	return string(text)
}

func has(tables, name string) bool { return strings.Contains("\n"+tables, "\n"+name+"\n") }
