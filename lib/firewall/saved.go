package firewall

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"egress-monitor/lib/layout"
)

// savedFiles are the files in which iptables-persistent, nftables.service, ufw,
// firewalld and common scripts save rules, to restore them at boot.
var savedFiles = []string{
	"/etc/iptables/*",
	"/etc/iptables.rules", "/etc/ip6tables.rules", "/etc/iptables.up.rules", "/etc/ip6tables.up.rules",
	"/etc/iptables.conf", "/etc/ip6tables.conf", "/etc/sysconfig/ip*tables*",
	"/etc/nftables.conf", "/etc/nftables/*", "/etc/nftables.d/*", "/etc/nftables.rules", "/etc/sysconfig/nftables.conf",
	"/etc/ufw/*.rules", "/etc/firewalld/direct.xml", "/etc/ferm/*", "/etc/shorewall/started",
	"/var/lib/iptables/*", "/var/lib/nftables/*", "/var/lib/ip*tables/*",
	"/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*", "/etc/rc.local",
}

const (
	maxSaved = 64 << 20 // bytes that are read of a file
	nonblock = syscall.O_NONBLOCK
)

// SavedRules returns the files of saved rules that hold ours. To save the rules
// while the monitor is on ("netfilter-persistent save") saves ours, too, and the
// next boot restores them, even if the monitor is off by then.
func SavedRules() []string { return savedRules("") }

func savedRules(root string) (found []string) {
	for _, pattern := range savedFiles {
		files, err := filepath.Glob(root + pattern)
		if err != nil {
			continue // of a constant pattern there is none
		}
		for _, file := range files {
			if holdsOurRules(file) {
				found = append(found, file)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// holdsOurRules reports whether a file names our chains. It reads only regular
// files, and does not wait for a FIFO.
func holdsOurRules(file string) bool {
	f, err := os.OpenFile(file, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false
	}
	lines := bufio.NewScanner(io.LimitReader(f, maxSaved))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); !strings.HasPrefix(line, "#") && namesOurs(line) {
			return true
		}
	}
	return false
}

func namesOurs(line string) bool {
	for _, word := range strings.FieldsFunc(line, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_')
	}) {
		if isOurs(word) || word == layout.Table {
			return true
		}
	}
	return false
}
