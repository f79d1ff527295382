package allow

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"egress-monitor/lib/fold"
	"egress-monitor/lib/testtools"
)

const list = `
# comment
Example.com.                # and below
192.0.2.0/24
198.51.100.7   ntp1 ntp2    # a clock
mirror.example.net build-*
2001:db8::/32
amazonaws.com
*.github.io
*             crawl1
any-name      mail*
any-address   vpn1
tmp.s3.eu-central-1.amazonaws.com
unused.example.org
localhost
`

func TestList(t *testing.T) {
	l := New()
	err := l.Read(strings.NewReader(list), "list", func(line int, err error) { t.Errorf("line %d: %v", line, err) })
	testtools.Must(t, err)
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
		{"a", "sqs.eu-central-1.amazonaws.com", true},
		{"a", "*.amazonaws.com", true},
		{"a", "new.s3.eu-central-1.amazonaws.com", false},
		{"a", "tmp.s3.eu-central-1.amazonaws.com", true},
		{"a", "x.tmp.s3.eu-central-1.amazonaws.com", true},
		{"a", "s3.eu-central-1.amazonaws.com", true},
		{"a", "someone.github.io", true},
		{"a", "*.github.io", true},
		{"a", "github.io", false},
		{"a", "localhost", true},
		{"a", "x.localhost", false},
		{"crawl1", "*", true},
		{"crawl1", "192.168.0.1", true},
		{"mail2", "anything.example", true},
		{"mail2", "192.168.0.1", false},
		{"vpn1", "192.168.0.1", true},
		{"vpn1", "anything.example", false},
	} {
		got := l.Name(c.host, []byte(c.key))
		if p, ok := fold.Address([]byte(c.key)); ok {
			got = l.Address(c.host, p)
		}
		if got != c.want {
			t.Errorf("%s on %s: %v", c.key, c.host, got)
		}
	}
	if u := l.Unused(); len(u) != 1 || u[0].Text != "unused.example.org" || u[0].Line != 14 {
		t.Errorf("unused: %v", u)
	}
	var none *List
	if none.Name("a", []byte("b")) {
		t.Error("no list allows something")
	}
}

func TestBadLists(t *testing.T) {
	for text, want := range map[string]string{
		"\n192.0.2.0/33\n":    `line 2: "192.0.2.0/33": not a domain`,
		"a,b\n":               `line 1: "a,b": not a domain`,
		"a [b\n":              `line 1: host "[b": syntax error`,
		"192.168.1.*\n":       `line 1: "192.168.1.*": * can replace`,
		"10.0.0.0-10.0.0.9\n": `line 1: "10.0.0.0-10.0.0.9": not an address or a prefix`,
		"a.example:53\n":      `line 1: "a.example:53": not an address, and a name has no port`,
		"*.ex*mple.com\n":     `line 1: "*.ex*mple.com": * can replace the first labels only`,
		"*\n":                 `line 1: "*": name the hosts`,
		"github.io\n":         `line 1: "github.io": anybody can have a name below it`,
		".example.com\n":      `line 1: ".example.com": not a domain`,
	} {
		got := ""
		l := New()
		err := l.Read(strings.NewReader(text+"a.example\n"), "list", func(line int, err error) { got += fmt.Sprintf("line %d: %v", line, err) })
		if err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if !l.Name("a", []byte("a.example")) || l.Name("a", []byte("b.example.com")) || l.Address("a", netip.MustParsePrefix("10.0.0.1/32")) {
			t.Errorf("%q: what follows a bad line", text)
		}
	}
}
