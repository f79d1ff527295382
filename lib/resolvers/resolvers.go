// Package resolvers knows public DNS resolvers by their addresses and by the
// names under which they speak DoH, DoT and DoQ. The list it brings along is
// resolvers.txt, whose head names its source and date.
package resolvers

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/networks"
)

//go:embed resolvers.txt
var builtin []byte

// A Resolver is one address or name of an operator.
type Resolver struct {
	Operator string
	Entry    string // as the list has it
}

// A List holds resolvers by name and by network.
type List struct {
	Date  string // of the list, "" if it has none
	names map[string]*Resolver
	nets  networks.Table[*Resolver]
}

// Builtin returns the list that this package brings along.
func Builtin() *List {
	l, err := Read(bytes.NewReader(builtin))
	if err != nil {
		panic(err) // seen by every test
	}
	return l
}

// ReadPlain adds the entries of a list without operators, one a line, all as
// those of one operator: a list of names, addresses and prefixes to watch for.
// bad is told of each line that cannot be understood.
func (l *List) ReadPlain(r io.Reader, operator string, bad func(line int, err error)) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		text = strings.TrimPrefix(strings.TrimSpace(text), "*.")
		switch _, isNet := fold.Address([]byte(text)); {
		case text == "":
		case strings.ContainsAny(text, " \t,*?") || !isNet && (strings.ContainsAny(text, "/:") || endsInNumber(text)):
			bad(n, fmt.Errorf("%q: not one name, address or prefix", text))
		default:
			l.add(operator, text)
		}
	}
	return lines.Err()
}

// endsInNumber reports whether the last label is a number, which no name has.
func endsInNumber(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// New returns an empty list.
func New() *List {
	return &List{names: map[string]*Resolver{}}
}

// Read reads a list in the format of resolvers.txt.
func Read(r io.Reader) (*List, error) {
	l := New()
	operator := ""
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, comment, _ := strings.Cut(lines.Text(), "#")
		if date, ok := strings.CutPrefix(strings.TrimSpace(comment), "date: "); ok && l.Date == "" {
			l.Date = date
		}
		switch text = strings.TrimSpace(text); {
		case text == "":
		case text[0] == '[' && text[len(text)-1] == ']':
			operator = text[1 : len(text)-1]
		case operator == "":
			return nil, fmt.Errorf("line %d: no [operator] above it", n)
		case strings.ContainsAny(text, " \t,"):
			return nil, fmt.Errorf("line %d: %q: not one address or host name", n, text)
		default:
			l.add(operator, text)
		}
	}
	return l, lines.Err()
}

func (l *List) add(operator, entry string) {
	r := &Resolver{operator, entry}
	if p, ok := fold.Address([]byte(entry)); ok {
		l.nets.Set(p, r)
	} else {
		l.names[strings.TrimSuffix(strings.ToLower(entry), ".")] = r
	}
}

// Address returns the resolver with an address, or, of a prefix, one in it.
func (l *List) Address(p netip.Prefix) (*Resolver, bool) {
	if r, ok := l.nets.Get(p); ok || p.IsSingleIP() {
		return r, ok
	}
	return l.within(p)
}

// within looks through the list for the first resolver in a folded prefix.
func (l *List) within(p netip.Prefix) (found *Resolver, ok bool) {
	for net, r := range l.nets.All() {
		if fold.Contains(p, net) && (!ok || r.Entry < found.Entry) {
			found, ok = r, true
		}
	}
	return found, ok
}

// Name returns the resolver that a name belongs to; of a folded family, one of
// its names.
func (l *List) Name(key []byte) (*Resolver, bool) {
	name, folded := fold.Names(key)
	for rest := fold.Tail(name); ; {
		if r, ok := l.names[string(rest)]; ok {
			return r, true
		}
		i := bytes.IndexByte(rest, '.')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if !folded {
		return nil, false
	}
	return l.below("." + string(name))
}

// below looks through the list for the first name in a folded family.
func (l *List) below(suffix string) (found *Resolver, ok bool) {
	for name, r := range l.names {
		if strings.HasSuffix(name, suffix) && (!ok || r.Entry < found.Entry) {
			found, ok = r, true
		}
	}
	return found, ok
}
