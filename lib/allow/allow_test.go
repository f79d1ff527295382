package allow

import (
	"strings"
	"testing"

	"egress-monitor/lib/family"
)

const list = `
# comment
Example.com.                # and below
192.0.2.0/24
198.51.100.7   ntp1 ntp2    # a clock
mirror.example.net build-*
2001:db8::/32
`

func TestList(t *testing.T) {
	l, err := Read(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, key string
		want      bool
	}{
		{"a", "example.com", true},
		{"a", "www.example.com", true},
		{"a", "*.example.com", true},
		{"a", "*.www.example.com", true},
		{"a", "*.com", false},
		{"a", "notexample.com", false},
		{"a", "example.com.evil.example", false},
		{"a", "mirror.example.net", false},
		{"build-7", "x.mirror.example.net", true},
		{"a", "192.0.2.9", true},
		{"a", "::ffff:192.0.2.9", true},
		{"a", "192.0.2.0/25", true},
		{"a", "192.0.0.0/16", false},
		{"ntp2", "198.51.100.7", true},
		{"ntp3", "198.51.100.7", false},
		{"a", "2001:db8::1", true},
		{"a", "2001:db9::1", false},
		{"a", ".", false},
	} {
		got := l.Name(c.host, []byte(c.key))
		if p, ok := family.Address([]byte(c.key)); ok {
			got = l.Address(c.host, p)
		}
		if got != c.want {
			t.Errorf("%s on %s: %v", c.key, c.host, got)
		}
	}
	var none *List
	if none.Name("a", []byte("b")) {
		t.Error("no list allows something")
	}
}

func TestBadLists(t *testing.T) {
	for text, want := range map[string]string{
		"\n192.0.2.0/33\n": `line 2: "192.0.2.0/33": not a domain`,
		"a,b\n":            `line 1: "a,b": not a domain`,
		"a [b\n":           `line 1: host "[b": syntax error`,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
