package allow

import (
	"errors"
	"slices"
	"strings"

	"egress-monitor/lib/fold"
)

// Reasons why no rule can name a thing.
var (
	errText    = errors.New("not all of it is printable text without blanks")
	errLong    = errors.New("too long to be a name")
	errPattern = errors.New("the name of the host would be a pattern")
	errOther   = errors.New("a rule would read it as something else")
)

// maxWord is longer than each name: 253 bytes, written as \DDD.
const maxWord = 1024

// Line returns the rule that allows a name, or an address, on one host. If no
// line of a list would be read back as just that, the error is the reason.
func Line(what, host string, address bool) (string, error) {
	switch {
	case len(what) > maxWord || len(host) > maxWord:
		return "", errLong
	case !isWord(what) || !isWord(host):
		return "", errText
	case strings.ContainsAny(host, `*?[\`):
		return "", errPattern
	}
	var bad error
	l, line := New(), what+" "+host
	if err := l.Read(strings.NewReader(line), "", func(_ int, err error) { bad = err }); err != nil || bad != nil {
		return "", errors.Join(err, bad)
	}
	if len(l.rules) != 1 || !slices.Equal(l.rules[0].on, []string{host}) || !l.holds(what, address) {
		return "", errOther
	}
	return line, nil
}

// isWord reports whether a text is one word of visible ASCII.
func isWord(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return s != ""
}

// holds reports whether the one rule of a list is for that name or address.
func (l *List) holds(what string, address bool) bool {
	if address {
		p, ok := fold.Address([]byte(what))
		return ok && len(l.nets) == 1 && l.nets[0].prefix == p
	}
	domain, wild := fold.Names([]byte(what))
	return len(l.names[what]) == 1 || wild && len(l.below[string(domain)]) == 1
}
