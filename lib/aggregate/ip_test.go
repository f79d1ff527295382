package aggregate

import (
	"net/netip"
	"testing"
)

// An address whose bytes are taken for canonical is printed by netip in the same way.
func FuzzCanonical(f *testing.F) {
	for _, ip := range []string{
		"192.0.2.7", "0.0.0.0", "01.2.3.4", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1..2.3",
		"::", "::1", "1::", "2001:db8::7", "2001:db8:0:0:1::2", "2001:db8:0:1:2:3:4:5", "1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:0:0:4:5:6:7:8", "1:0:3:0:5:6:7:0",
		":1", "1:", ":::", "1:::2", "1::2::3", "2001:DB8::1", "::ffff:192.0.2.1", "12345::", "fe80::1%eth0", "",
		"0:0:0:0:0:0:0:0", "::0", "0::", "1::0:2",
		"::ffff:102:304", "::ffff:1:2", "::ffff:102", "::ffff:0:0", "0:0:0:0:0:ffff:102:304", "::FFFF:1.2.3.4",
	} {
		f.Add(ip)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := netip.ParseAddr(s)
		want := err == nil && a.String() == s && a.Zone() == ""
		fast := plain([]byte(s))
		if fast && !want {
			t.Fatalf("%q taken for canonical, it is %v (%v)", s, a, err)
		}
		if want && !canonical([]byte(s)) {
			t.Fatalf("%q not taken for canonical", s)
		}
	})
}
