// Package allow is the list of what is known to be right, and so is not shown.
//
//	# what                  on which hosts (all if none is named)
//	example.com             # this domain and its subdomains
//	192.0.2.0/24            # addresses of a prefix
//	198.51.100.7            ntp1 ntp2      # its own clock
//	mirror.example.net      build-*        # * and ? stand for what they do in a shell
//
// A folded row, *.example.com or 203.0.113.0/24, is allowed if all that it may
// stand for is.
package allow

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"

	"egress-monitor/lib/family"
)

// A List says what is allowed where.
type List struct {
	names map[string][]hosts
	nets  []network
}

type network struct {
	prefix netip.Prefix
	on     hosts
}

// hosts are patterns of names of hosts; none is all hosts.
type hosts []string

func (h hosts) match(host string) bool {
	for _, pattern := range h {
		if ok, _ := path.Match(pattern, host); ok {
			return true
		}
	}
	return len(h) == 0
}

// Read reads a list. A line that makes no sense is an error: a rule that is
// not applied should not look as if it were.
func Read(r io.Reader) (*List, error) {
	l := &List{names: map[string][]hosts{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if f := strings.Fields(text); len(f) > 0 {
			if err := l.add(f[0], f[1:]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	return l, lines.Err()
}

func (l *List) add(what string, on hosts) error {
	for _, pattern := range on {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("host %q: %w", pattern, err)
		}
	}
	if p, ok := family.Address([]byte(what)); ok {
		l.nets = append(l.nets, network{p, on})
		return nil
	}
	if strings.ContainsAny(what, "/,") {
		return fmt.Errorf("%q: not a domain, an address or a prefix", what)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(what), "*."), ".")
	l.names[name] = append(l.names[name], on)
	return nil
}

// Name says whether a name, or a family of names, is allowed on a host.
func (l *List) Name(host string, key []byte) bool {
	if l == nil || len(l.names) == 0 {
		return false
	}
	name, _ := family.Names(key)
	for {
		for _, on := range l.names[string(name)] {
			if on.match(host) {
				return true
			}
		}
		i := bytes.IndexByte(name, '.')
		if i < 0 {
			return false
		}
		name = name[i+1:]
	}
}

// Address says whether an address, or each of a prefix, is allowed on a host.
func (l *List) Address(host string, p netip.Prefix) bool {
	if l == nil {
		return false
	}
	for _, n := range l.nets {
		if family.Contains(n.prefix, p) && n.on.match(host) {
			return true
		}
	}
	return false
}
