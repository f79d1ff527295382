// Package allow is the list of what is known to be right, and so is not shown.
//
//	# what                  on which hosts (all if none is named)
//	example.com             # this domain and its subdomains
//	192.0.2.0/24            # addresses of a prefix
//	198.51.100.7            ntp1 ntp2      # its own clock
//	mirror.example.net      build-*        # * and ? as in a shell
//	*                       crawl1         # all that a host does
//	any-name                mail*          # all names that it asks for
//	any-address             vpn1           # all addresses that it contacts
//	*.github.io             # all names below a public suffix, of any owner
//
// A comment begins with a # at the beginning of a line or after a blank: within a
// word a # is a part of it, since a name may have one.
//
// A rule hides no more than it names. A domain covers the names of its
// owner: amazonaws.com does not allow bucket.s3.eu-central-1.amazonaws.com,
// since anybody can have such a name (see package suffix).
//
// A folded row, *.example.com or 203.0.113.0/24, is allowed if everything
// that it may cover is allowed.
package allow

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"
	"sync/atomic"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/suffix"
)

// A List holds the allowed things, each with the hosts on which it is allowed.
type List struct {
	rules   []*Rule
	names   map[string][]*Rule
	below   map[string][]*Rule // of public suffixes
	nets    []*Rule
	all     []*Rule
	anyName []*Rule
	anyAddr []*Rule
}

// A Rule is a line of a list.
type Rule struct {
	File string
	Line int
	Text string // without its comment

	prefix netip.Prefix
	on     []string // patterns of names of hosts; none is all hosts
	used   atomic.Bool
}

func (r *Rule) match(host string) bool {
	ok := len(r.on) == 0
	for _, pattern := range r.on {
		if ok {
			break
		}
		ok, _ = path.Match(pattern, host)
	}
	if ok && !r.used.Load() {
		r.used.Store(true)
	}
	return ok
}

func anyMatch(rules []*Rule, host string) bool {
	for _, r := range rules {
		if r.match(host) {
			return true
		}
	}
	return false
}

// New returns an empty list.
func New() *List { return &List{names: map[string][]*Rule{}, below: map[string][]*Rule{}} }

// Read adds the rules of a file. bad is told of each line that cannot be
// understood: such a rule is not applied, so more is shown, not less.
func (l *List) Read(r io.Reader, file string, bad func(line int, err error)) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		f := words(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if len(f) == 0 {
			continue
		}
		rule := &Rule{File: file, Line: n, Text: strings.Join(f, " "), on: f[1:]}
		if err := l.add(f[0], rule); err != nil {
			bad(n, err)
			continue
		}
		l.rules = append(l.rules, rule)
	}
	return lines.Err()
}

// words returns those of a line, without its comment.
func words(line string) []string {
	f := strings.Fields(line)
	for i, word := range f {
		if word[0] == '#' {
			return f[:i]
		}
	}
	return f
}

// Unused returns the rules that nothing was compared with successfully.
func (l *List) Unused() (unused []*Rule) {
	if l == nil {
		return nil
	}
	for _, r := range l.rules {
		if !r.used.Load() {
			unused = append(unused, r)
		}
	}
	return unused
}

var errAll = errors.New(`"*": name the hosts for which everything is right`)

func (l *List) add(what string, r *Rule) error {
	for _, pattern := range r.on {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("host %q: %w", pattern, err)
		}
	}
	switch what {
	case "*":
		if len(r.on) == 0 {
			return errAll
		}
		l.all = append(l.all, r)
	case "any-name":
		l.anyName = append(l.anyName, r)
	case "any-address":
		l.anyAddr = append(l.anyAddr, r)
	default:
		return l.addWhat(what, r)
	}
	return nil
}

func (l *List) addWhat(what string, r *Rule) error {
	if p, ok := fold.Address([]byte(what)); ok {
		r.prefix = p
		l.nets = append(l.nets, r)
		return nil
	}
	name, wild := strings.CutPrefix(strings.ToLower(what), "*.")
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	if err := check(what, name); err != nil {
		return err
	}
	isSuffix := suffix.Of(name) == name && strings.Contains(name, ".") || wild && !strings.Contains(name, ".")
	switch {
	case wild && isSuffix:
		l.below[name] = append(l.below[name], r)
	case isSuffix:
		return fmt.Errorf("%q: anybody can have a name below it: write *.%s if all of them are right", what, name)
	default:
		l.names[name] = append(l.names[name], r)
	}
	return nil
}

// check returns an error if name is not a name.
func check(what, name string) error {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.ContainsAny(what, "/,"):
		return fmt.Errorf("%q: not a domain, an address or a prefix", what)
	case strings.ContainsAny(name, "*?["):
		return fmt.Errorf("%q: * can replace the first labels only, as in *.example.com; of addresses write a prefix", what)
	case strings.Contains(name, ":"):
		return fmt.Errorf("%q: not an address, and a name has no port", what)
	case name == "" || strings.Contains(name, "..") && name != "." || strings.HasPrefix(name, ".") && name != ".":
		return fmt.Errorf("%q: not a domain", what)
	case last != "" && strings.Trim(last, "0123456789") == "":
		return fmt.Errorf("%q: not an address or a prefix (192.0.2.0/24), and no domain ends in a number", what)
	}
	return nil
}

// Name reports whether a name, or a family of names, is allowed on a host.
func (l *List) Name(host string, key []byte) bool {
	if l == nil || len(l.rules) == 0 {
		return false
	}
	if anyMatch(l.all, host) || anyMatch(l.anyName, host) {
		return true
	}
	name, _ := fold.Names(key)
	owner := -1 // how long the registrable domain is, if it is known
	for rest := fold.Tail(name); ; {
		if rules := l.names[string(rest)]; rules != nil {
			if owner < 0 {
				owner = len(ownerOf(string(name)))
			}
			if (len(rest) >= owner || len(rest) == len(name)) && anyMatch(rules, host) {
				return true
			}
		}
		if rules := l.below[string(rest)]; rules != nil && (len(rest) < len(name) || len(name) < len(key)) && anyMatch(rules, host) {
			return true
		}
		i := bytes.IndexByte(rest, '.')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
}

// ownerOf returns the registrable domain of a name; of a public suffix, such as
// s3.eu-central-1.amazonaws.com, that of the one who offers it.
func ownerOf(name string) string {
	if _, parent, ok := strings.Cut(name, "."); ok && suffix.Of(name) == name {
		return suffix.Registrable(parent)
	}
	return suffix.Registrable(name)
}

// Address reports whether an address, or each of a prefix, is allowed on a
// host.
func (l *List) Address(host string, p netip.Prefix) bool {
	if l == nil || len(l.rules) == 0 {
		return false
	}
	if anyMatch(l.all, host) || anyMatch(l.anyAddr, host) {
		return true
	}
	for _, r := range l.nets {
		if fold.Contains(r.prefix, p) && r.match(host) {
			return true
		}
	}
	return false
}
