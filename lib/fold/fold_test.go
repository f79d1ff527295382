package fold

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
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

func TestFamilies(t *testing.T) {
	for key, want := range map[string]string{ // the families from narrow to wide, without those that are the key itself
		"www.example.com":          "*.example.com *.com *",
		"a.b.c.example.co.uk":      "*.example.co.uk *.co.uk *.uk *",
		"example.com":              "*.com *",
		"com":                      "*",
		".":                        "*",
		"host":                     "*",
		"odd.":                     "*",
		"a..com":                   "*..com *.com *",
		"user.github.io":           "*.github.io *.io *",
		"x.user.github.io":         "*.user.github.io *.github.io *.io *",
		"*.example.com":            "*.com *",
		"*.deep.example.com":       "*.example.com *.com *",
		`a\046b.example.com`:       "*.example.com *.com *",
		"7.2.0.192.in-addr.arpa":   "*.2.0.192.in-addr.arpa *.0.192.in-addr.arpa *.192.in-addr.arpa *.in-addr.arpa *.arpa *",
		"192.in-addr.arpa":         "*.in-addr.arpa *.arpa *",
		"x.7.2.0.192.in-addr.arpa": "*.2.0.192.in-addr.arpa *.0.192.in-addr.arpa *.192.in-addr.arpa *.in-addr.arpa *.arpa *",
		"notin-addr.arpa":          "*.arpa *",
		"192.0.2.7":                "192.0.2.0/24 192.0.0.0/16 192.0.0.0/8 0.0.0.0/0 *",
		"192.0.2.0/28":             "192.0.2.0/24 192.0.0.0/16 192.0.0.0/8 0.0.0.0/0 *",
		"10.0.0.0/12":              "10.0.0.0/8 0.0.0.0/0 *",
		"2001:db8:1:2::7":          "2001:db8:1:2::/64 2001:db8:1::/48 2001:db8::/32 2001::/16 ::/0 *",
		"::ffff:192.0.2.7":         "::/64 ::/48 ::/32 ::/16 ::/0 *",
	} {
		if got := families(key); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", key, got, want)
		}
	}
	nibbles := strings.Repeat("0.", 32) + "ip6.arpa"
	want := fmt.Sprintf("*.%sip6.arpa *.%sip6.arpa *.%sip6.arpa *.%sip6.arpa *.ip6.arpa *.arpa *",
		strings.Repeat("0.", 16), strings.Repeat("0.", 12), strings.Repeat("0.", 8), strings.Repeat("0.", 4))
	if got := families(nibbles); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func families(key string) string {
	var all []string
	last := key
	for level := range levels {
		if family := nodeOf([]byte(key)).wider(level).key(); family != last {
			all, last = append(all, family), family
		}
	}
	return strings.Join(all, " ")
}

func TestLiteral(t *testing.T) {
	for name, want := range map[string]string{
		"example.com": "example.com", "*.wild.example": "*.wild.example", "*.a.b.example.com": "*.a.b.example.com",
		"*": `\042`, "*.com": `\042.com`, "*.co.uk": `\042.co.uk`, "*.in-addr.arpa": `\042.in-addr.arpa`,
		"10.0.0.0/8": `10.0.0.0\0478`, "::/0": `::\0470`, "0/25.2.0.192.in-addr.arpa": "0/25.2.0.192.in-addr.arpa",
	} {
		if got := string(Literal([]byte(name))); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// The counter remembers no more families than rows may be left, and what it
// chooses is enough.
func TestCounterIsBounded(t *testing.T) {
	for _, key := range []func(i int) string{
		func(i int) string { return fmt.Sprintf("x%d.example.com", i) },
		func(i int) string { return fmt.Sprintf("www.x%d.com", i) },
		func(i int) string { return fmt.Sprintf("x%d.com", i) },
		func(i int) string { return fmt.Sprintf("x%d", i) },
		func(i int) string { return netip.AddrFrom4([4]byte{byte(i >> 8), byte(i), 1, 1}).String() },
		func(i int) string { return netip.AddrFrom16([16]byte{0x20, 1, byte(i >> 8), byte(i)}).String() },
	} {
		c := NewCounter(100)
		for i := range 20_000 {
			c.Add([]byte(key(i)))
			if len(c.size) > 100 {
				t.Fatalf("%s: %d families", key(i), len(c.size))
			}
		}
		var s Set
		for _, k := range c.Choose() {
			s.Add([]byte(k))
		}
		rows := len(s.Tops())
		for i := range 20_000 {
			if s.Top([]byte(key(i))) == "" {
				rows++
			}
		}
		if rows > 100 {
			t.Errorf("%s: %v leaves %d rows", key(0), c.Choose(), rows)
		}
	}
}

// A flood of domains below one top level domain costs the detail of that one.
func TestNarrowFamiliesAreSpared(t *testing.T) {
	c := NewCounter(1000)
	for i := range 500 {
		c.Add(fmt.Appendf(nil, "h%d.normal%d.example.net", i, i%50))
	}
	for i := range 100_000 {
		c.Add(fmt.Appendf(nil, "flood%d.com", i))
	}
	if got := c.Choose(); len(got) != 1 || got[0] != "*.com" {
		t.Errorf("chosen %v", got)
	}
}

func TestList(t *testing.T) {
	for _, test := range []struct {
		list  string
		limit int
		want  string
	}{
		{"10.0.0.1,10.0.0.2,192.0.2.1", 3, "10.0.0.1,10.0.0.2,192.0.2.1"},
		{"10.0.0.1,10.0.0.2,192.0.2.1", 2, "10.0.0.0/24,192.0.2.1"},
		{"10.0.0.1,10.0.1.1,10.1.0.1", 2, "10.0.0.0/16,10.1.0.1"},
		{"10.0.0.1,11.0.0.1,12.0.0.1", 2, "0.0.0.0/0"},
		{"10.0.0.1,11.0.0.1,2001:db8::1,2001:db8::2,::1", 2, "0.0.0.0/0,::/0"},
		{"10.0.0.1,2001:db8::1", 1, "10.0.0.1,2001:db8::1"},
		{"10.0.0.1,10.0.0.2,11.0.0.1,11.0.0.2", 3, "10.0.0.0/24,11.0.0.1,11.0.0.2"},
		{"-", 2, "-"},
	} {
		if got := string(List([]byte(test.list), test.limit)); got != test.want {
			t.Errorf("%s to %d: %s, want %s", test.list, test.limit, got, test.want)
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
		for _, k := range strings.Fields(keys) {
			s.Add([]byte(k))
			if Folded([]byte(k)) && covers(k, key) && (want == "" || covers(k, want)) {
				want = k
			}
		}
		if got := s.Top([]byte(key)); got != want {
			t.Fatalf("%q of %q: got %q, want %q", key, keys, got, want)
		}
		for level := range levels {
			family := nodeOf([]byte(key)).wider(level).key()
			if family != key && (!Folded([]byte(family)) || !covers(family, key)) {
				t.Fatalf("%q is no family of %q", family, key)
			}
		}
	})
}

// covers is the rule as the package says it. A key covers itself here.
func covers(folded, key string) bool {
	if folded == "*" || folded == key {
		return true
	}
	inner, ok := parsePrefix([]byte(key))
	if outer, err := netip.ParsePrefix(folded); err == nil {
		return ok && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
	}
	return !ok && strings.HasSuffix(key, folded[1:])
}
