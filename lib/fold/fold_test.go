package fold

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/suffix"
)

func TestFolded(t *testing.T) {
	for key, want := range map[string]bool{
		"*": true, "*.com": true, "*.example.com": true, "*.*.com": true, "*..com": true,
		"": false, ".": false, "example.com": false, "*.": false, "*.com.": false, "*com": false,
		"a.*.com": false, "**.com": false, `\042.example.com`: false,
		"10.0.0.0/8": true, "0.0.0.0/0": true, "::/0": true, "2001:db8::/48": true, "192.0.2.1/32": true,
		"10.0.0.1": false, "10.0.0.1/8": false, "10.0.0.0/08": false, "10.0.0.0/33": false,
		"2001:DB8::/48": false, "fe80::1%eth0": false, "0/25.2.0.192.in-addr.arpa": false, "a/8": false,
	} {
		if Folded([]byte(key)) != want {
			t.Errorf("%q: %v", key, !want)
		}
	}
}

func TestOwnerAndGroup(t *testing.T) {
	for key, want := range map[string]string{ // the narrow row that could take the key, and the wide row of its group
		"www.example.com":                     "*.example.com *.com",
		"a.b.c.example.co.uk":                 "*.example.co.uk *.co.uk",
		"example.com":                         "- *.com",
		"com":                                 "- *",
		"co.uk":                               "- *.uk",
		".":                                   "- *",
		"host":                                "- *",
		"odd.":                                "- *",
		"a..com":                              "*..com *.com",
		"user.github.io":                      "- *.github.io",
		"github.io":                           "- *.io",
		"x.user.github.io":                    "*.user.github.io *.github.io",
		"b.s3.amazonaws.com":                  "- *.s3.amazonaws.com",
		"x.amazonaws.com":                     "*.amazonaws.com *.com",
		"www.unknown":                         "- *.unknown",
		"a.www.unknown":                       "*.www.unknown *.unknown",
		"*.example.com":                       "- *.com",
		"*.deep.example.com":                  "*.example.com *.com",
		"*.com":                               "- *",
		"*.co.uk":                             "- *.uk",
		"*":                                   "- *",
		`a\046b.example.com`:                  "*.example.com *.com",
		`\042.com`:                            "- *.com",
		"7.2.0.192.in-addr.arpa":              "*.2.0.192.in-addr.arpa *.in-addr.arpa",
		"2.0.192.in-addr.arpa":                "- *.in-addr.arpa",
		"192.in-addr.arpa":                    "- *.in-addr.arpa",
		"*.0.192.in-addr.arpa":                "- *.in-addr.arpa",
		"in-addr.arpa":                        "- *.arpa",
		"x.7.2.0.192.in-addr.arpa":            "*.2.0.192.in-addr.arpa *.in-addr.arpa",
		"notin-addr.arpa":                     "- *.arpa",
		"192.0.2.7":                           "192.0.2.0/24 0.0.0.0/0",
		"192.0.2.0/28":                        "192.0.2.0/24 0.0.0.0/0",
		"192.0.2.0/24":                        "- 0.0.0.0/0",
		"10.0.0.0/12":                         "- 0.0.0.0/0",
		"0.0.0.0/0":                           "- *",
		"::/0":                                "- *",
		"2001:db8:1:2::7":                     "2001:db8:1:2::/64 ::/0",
		"2001:db8::/32":                       "- ::/0",
		"::ffff:192.0.2.7":                    "::/64 ::/0",
		strings.Repeat("0.", 32) + "ip6.arpa": "*." + strings.Repeat("0.", 16) + "ip6.arpa *.ip6.arpa",
	} {
		n := nodeOf([]byte(key))
		owner := "-"
		if n.owner() != n {
			owner = n.owner().key()
		}
		if got := owner + " " + n.group().key(); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for name, want := range map[string]string{
		"example.com": "example.com", "*.wild.example": "*.wild.example", "*.a.b.example.com": "*.a.b.example.com",
		"*": `\042`, "*.com": `\042.com`, "*.co.uk": `\042.co.uk`, "*.in-addr.arpa": `\042.in-addr.arpa`,
		"10.0.0.0/8": `10.0.0.0\0478`, "::/0": `::\0470`, "0/25.2.0.192.in-addr.arpa": "0/25.2.0.192.in-addr.arpa",
		"192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1", "::ffff:1.2.3.4": "::ffff:1.2.3.4",
		"::ffff:102:304": `\058:ffff:102:304`, "2001:db8:0::1": `2001\058db8:0::1`, "192.0.2.7/24": `192.0.2.7\04724`,
		"--": `\045-`, "*.": "*.", "**": "**", "a*": "a*",
	} {
		got := string(Literal([]byte(name)))
		if got != want || batch.IsMark([]byte(got+" 1 ")) {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// A counter forgets none that is a large part of all.
func TestCounter(t *testing.T) {
	c := newNodeCounter(10)
	var buf []byte // as of a reader
	for i := range 10_000 {
		buf = fmt.Appendf(buf[:0], "x%d", i)
		c.add(nodeOf(buf))
		if i%5 == 0 {
			buf = append(buf[:0], "often"...)
			c.add(nodeOf(buf))
		}
		if len(c.size) > 10 {
			t.Fatalf("%d of them", len(c.size))
		}
	}
	if _, ok := c.size[nodeOf([]byte("often"))]; !ok || !c.lost {
		t.Errorf("lost %v: %v", c.lost, c.size)
	}
}

func TestList(t *testing.T) {
	for _, test := range []struct {
		list  string
		limit int
		want  string
	}{
		{"10.0.0.1,10.0.0.2,192.0.2.1", 3, "10.0.0.1,10.0.0.2,192.0.2.1"},
		{"10.0.0.1,10.0.0.2,192.0.2.1", 2, "0.0.0.0/0,10.0.0.1"},
		{"10.0.0.1,11.0.0.1,2001:db8::1,2001:db8::2,::1", 2, "0.0.0.0/0,::/0"},
		{"10.0.0.1,11.0.0.1,2001:db8::1,2001:db8::2,::1", 3, "0.0.0.0/0,2001:db8::1,::/0"},
		{"10.0.0.1,11.0.0.1,2001:db8::1,2001:db8::2,::1", 4, "0.0.0.0/0,10.0.0.1,2001:db8::1,::/0"},
		{"10.0.0.1,11.0.0.1,12.0.0.1,2001:db8::1", 3, "0.0.0.0/0,10.0.0.1,2001:db8::1"},
		{"10.0.0.1,2001:db8::1", 1, "10.0.0.1,2001:db8::1"},
		{"10.0.0.0/8,11.0.0.0/8,12.0.0.0/8,192.0.2.1", 3, "0.0.0.0/0,192.0.2.1"},
		{"10.0.0.0/8,11.0.0.0/8,192.0.2.1", 3, "10.0.0.0/8,11.0.0.0/8,192.0.2.1"},
		{"0.0.0.0/0,10.0.0.1,10.0.0.2,10.0.0.3", 3, "0.0.0.0/0,10.0.0.1,10.0.0.2"},
		{"192.0.2.0/24,198.51.100.1,203.0.113.1", 2, "0.0.0.0/0,192.0.2.0/24"},
		{"-", 2, "-"},
	} {
		if got := string(List([]byte(test.list), test.limit)); got != test.want {
			t.Errorf("%s to %d: %s, want %s", test.list, test.limit, got, test.want)
		}
		if again := string(List([]byte(test.want), test.limit)); again != test.want {
			t.Errorf("%s to %d: %s", test.want, test.limit, again)
		}
	}
}

// A set has the same answer as looking at each of its keys.
func FuzzTop(f *testing.F) {
	f.Add("*.example.com *.com 10.0.0.0/8 10.1.0.0/16 ::/0", "a.b.example.com")
	f.Add("*.1 *.in-addr.arpa 192.0.2.0/24 ::ffff:0.0.0.0/96", "192.0.2.1")
	f.Add("* *. *..com", "::ffff:1.2.3.4")
	f.Fuzz(func(t *testing.T, keys, key string) {
		var s Set
		want := ""
		for k := range strings.FieldsSeq(keys) {
			s.Add([]byte(k))
			if Narrow([]byte(k)) && covers(k, key) && (want == "" || covers(k, want)) {
				want = k
			}
		}
		if got := s.Top([]byte(key)); got != want {
			t.Fatalf("%q of %q: got %q, want %q", key, keys, got, want)
		}
		n := nodeOf([]byte(key))
		if owner := n.owner(); owner != n && (!Narrow([]byte(owner.key())) || !covers(owner.key(), key)) {
			t.Fatalf("%q does not own %q", owner.key(), key)
		}
		if group := n.group().key(); !Wide([]byte(group)) {
			t.Fatalf("%q is no group of %q", group, key)
		}
	})
}

// covers is the rule as the package says it. A key covers itself here.
func covers(folded, key string) bool {
	if folded == key {
		return true
	}
	inner, ok := parsePrefix([]byte(key))
	if outer, err := netip.ParsePrefix(folded); err == nil {
		return ok && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
	}
	name := key
	if Folded([]byte(key)) {
		name = strings.TrimPrefix(key, "*.")
	}
	return !ok && strings.HasSuffix(key, folded[1:]) && suffix.Of(name) == suffix.Of(folded[2:])
}
