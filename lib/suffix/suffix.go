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

type ruleSet struct {
	plain  map[string]bool
	wild   map[string]bool // "*." and this
	except map[string]bool // "!" and this; there is a wild rule for its parent
}

var rules = sync.OnceValue(func() *ruleSet {
	r := &ruleSet{make(map[string]bool, 1<<14), map[string]bool{}, map[string]bool{}}
	for rule := range strings.Lines(text) {
		rule = strings.TrimSuffix(rule, "\n")
		if of, ok := strings.CutPrefix(rule, "*."); ok {
			r.wild[of] = true
		} else if of, ok := strings.CutPrefix(rule, "!"); ok {
			r.except[of] = true
		} else {
			r.plain[rule] = true
		}
	}
	return r
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
	r := rules()
	for s := lastLabels(name); ; {
		_, parent, more := strings.Cut(s, ".")
		switch {
		case !more, r.plain[s]:
			return s
		case r.wild[parent] && r.except[s]:
			return parent
		case r.wild[parent]:
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
