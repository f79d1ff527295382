// Package suffix knows the public suffixes: the domains directly below which
// anybody can register a name (com, co.uk, github.io). The list is that of
// publicsuffix.org.
//
// golang.org/x/net/publicsuffix has the same list, and the tests hold this
// package against it. But it needs net/http, whose initialisation makes every
// tool that links it start a third slower, and a poll is three of them.
package suffix

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run gen.go

// The rules, one a line: a suffix, "*." for all labels below one, "!" for a
// name that is none although such a rule says so.
//
//go:embed rules.txt
var text string

// A kind is what the list has of a name.
type kind uint8

const (
	known     kind = 1 << iota // a rule ends with it: those of longer names may fit, too
	suffix                     // it is a public suffix
	below                      // each name one label longer is one
	exception                  // it is none, though its parent says so
)

// rules knows the names of all rules, and all that these end with.
var rules = sync.OnceValue(func() map[string]kind {
	m := make(map[string]kind, 1<<14)
	for rule := range strings.Lines(text) {
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

// Of is the public suffix of a name in lower case: what the longest rule that
// fits it says, or its last label if none does.
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

// Above says whether there are public suffixes below a name.
func Above(name string) bool { return rules()[name]&(known|below) != 0 }

// Registrable is the public suffix of a name and one label more: what somebody
// has registered. If there is no such label it is the name itself.
func Registrable(name string) string {
	rest, ok := strings.CutSuffix(name, "."+Of(name))
	if !ok {
		return name
	}
	return name[strings.LastIndexByte(rest, '.')+1:]
}
