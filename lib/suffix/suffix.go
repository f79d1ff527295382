// Package suffix has the public suffixes: the domains directly below which
// anybody can register a name (com, co.uk, github.io). The list is that of
// publicsuffix.org.
//
// golang.org/x/net/publicsuffix has such a list, too. But it needs net/http,
// whose initialisation makes every tool that links it start a fifth slower (1.8
// instead of 1.5 ms), and a poll starts three of them.
package suffix

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run gen.go

// The date of the list as a comment, then the rules, one a line: a suffix, "*."
// for all names one label longer, or "!" for a name that is not a suffix although
// a "*." rule matches it.
//
//go:embed rules.txt
var text string

// A kind tells what rules the list has for a name.
type kind uint8

const (
	known     kind = 1 << iota // there are rules for longer names
	suffix                     // the name is a public suffix
	below                      // each name one label longer is one
	exception                  // the name is not one, though its parent has "below"
)

// rules has the names of all rules, and their parents.
var rules = sync.OnceValue(func() map[string]kind {
	m := make(map[string]kind, 1<<14)
	_, list, _ := strings.Cut(text, "\n")
	for rule := range strings.Lines(list) {
		name, is := strings.TrimSuffix(rule, "\n"), suffix
		if rest, ok := strings.CutPrefix(name, "!"); ok {
			name, is = rest, exception
		} else if rest, ok := strings.CutPrefix(name, "*."); ok {
			name, is = rest, below
		}
		m[name] |= is
		_, parent, more := strings.Cut(name, ".")
		for more && m[parent]&known == 0 {
			m[parent] |= known
			_, parent, more = strings.Cut(parent, ".")
		}
	}
	return m
})

// Of returns the public suffix of a name in lower case: that of the longest rule
// that matches the name, or else the last label.
func Of(name string) string {
	m := rules()
	at := strings.LastIndexByte(name, '.') + 1
	longest := name[at:]
	for is := m[longest]; is != 0 && at > 0; {
		from := strings.LastIndexByte(name[:at-1], '.') + 1
		wild := is&below != 0
		if is = m[name[from:]]; is&exception != 0 {
			return name[at:]
		}
		if wild || is&suffix != 0 {
			longest = name[from:]
		}
		at = from
	}
	return longest
}

// Above reports whether there are public suffixes below a name.
func Above(name string) bool { return rules()[name]&(known|below) != 0 }

// Registrable returns the registered domain of a name: its public suffix and one
// label more. Without such a label it returns the name itself.
func Registrable(name string) string {
	rest, ok := strings.CutSuffix(name, "."+Of(name))
	if !ok {
		return name
	}
	return name[strings.LastIndexByte(rest, '.')+1:]
}
