package allow

import (
	"fmt"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// TestLine: a line is read back as a rule for that thing on that host, whatever
// they are called, or there is none.
func TestLine(t *testing.T) {
	for _, c := range []struct {
		what, host string
		address    bool
		ok         bool
	}{
		{"example.com", "web1", false, true},
		{"192.0.2.1", "web1", true, true},
		{"192.0.2.0/24", "web1", true, true},
		{"2001:db8::1", "web1", true, true},
		{"any-address#x.evil.example", "web1", false, true},
		{"x#y", "web1", false, true},
		{"*.github.io", "web1", false, true},
		{".", "web1", false, true},
		{`a\032b.example`, "web1", false, true},
		{"#x", "web1", false, false},
		{"any-address", "web1", false, false},
		{"any-address", "web1", true, false},
		{"any-name", "web1", false, false},
		{"*", "web1", false, false},
		{"*.example.com", "web1", false, false},
		{"6.6.6.6", "web1", false, false},
		{"6.6.6.0/24", "web1", false, false},
		{"2001:db8::1", "web1", false, false},
		{"example.com", "web1", true, false},
		{"Example.com", "web1", false, false},
		{"example.com.", "web1", false, false},
		{"co.uk", "web1", false, false},
		{"<name", "web 1", false, false},
		{"a b", "web1", false, false},
		{"a\nany-address", "web1", false, false},
		{"\ufeffa", "web1", false, false},
		{"", "web1", false, false},
		{"example.com", "", false, false},
		{"example.com", "#", false, false},
		{"example.com", "*", false, false},
		{"example.com", "web[1]", false, false},
		{"example.com", "a\nany-address", false, false},
		{strings.Repeat("a", 70_000), "web1", false, false},
	} {
		line, err := Line(c.what, c.host, c.address)
		if (err == nil) != c.ok {
			t.Errorf("%.80q on %q: %q, %v", c.what, c.host, line, err)
		}
	}
}

// TestComments: a # begins a comment where it begins a word, and nowhere else.
func TestComments(t *testing.T) {
	l := New()
	text := "#a.example\n \t# b.example\nc.example #web1\nd.example# web2\nany-address#x web3\n"
	testtools.Must(t, l.Read(strings.NewReader(text), "list", func(line int, err error) { t.Errorf("line %d: %v", line, err) }))
	var got []string
	for _, r := range l.rules {
		got = append(got, r.Text)
	}
	if want := "c.example|d.example# web2|any-address#x web3"; strings.Join(got, "|") != want || len(l.anyAddr) > 0 {
		t.Errorf("%q, want %s", got, want)
	}
}

// TestLongKey: a key with a million labels, which is no name, is compared with the
// rules for its last labels alone; that once took hours.
func TestLongKey(t *testing.T) {
	l := New()
	rules := "evil.example\n"
	for i := range 20 { // of few rules a map is compared by length
		rules += fmt.Sprintf("rule%d.example\n", i)
	}
	testtools.Must(t, l.Read(strings.NewReader(rules), "list", func(line int, err error) { t.Error(line, err) }))
	long := strings.Repeat("a.", 4<<20)
	if !l.Name("web1", []byte(long+"evil.example")) || l.Name("web1", []byte(long+"other.example")) {
		t.Error("the last labels are not what the rules are for")
	}
}
