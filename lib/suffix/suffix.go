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

var rules = sync.OnceValue(func() map[string]bool {
	m := make(map[string]bool, 1<<14)
	for rule := range strings.Lines(text) {
		m[strings.TrimSuffix(rule, "\n")] = true
	}
	return m
})

// mostLabels is how many labels the longest rule has; the tests see to that.
const mostLabels = 7

// lastLabels is what a rule can fit of a name: the names of a tunnel have many
// more labels.
func lastLabels(name string) string {
	at := len(name)
	for range mostLabels {
		if at = strings.LastIndexByte(name[:at], '.'); at < 0 {
			return name
		}
	}
	return name[at+1:]
}

// Of is the public suffix of a name in lower case: what the longest rule that
// fits it says, or its last label if none does.
func Of(name string) string {
	m := rules()
	for s := lastLabels(name); ; {
		_, parent, more := strings.Cut(s, ".")
		switch {
		case m["!"+s]:
			return parent
		case m[s], more && m["*."+parent], !more:
			return s
		}
		s = parent
	}
}

// Registrable is the public suffix of a name and one label more: what somebody
// has registered. If there is no such label it is the name itself.
func Registrable(name string) string {
	rest, ok := strings.CutSuffix(name, "."+Of(name))
	if !ok {
		return name
	}
	return name[strings.LastIndexByte(rest, '.')+1:]
}
