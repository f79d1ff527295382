package ipaddr

import (
	"net/netip"
	"strings"
	"testing"
)

// An address is what package netip takes for one, but for those with a zone.
func FuzzParse(f *testing.F) {
	for text := range strings.FieldsSeq("198.51.100.7 0.0.0.0 1.02.3.4 256.1.1.1 1.2.3 :: 2001:DB8::7 ::192.0.2.1 a.b.c.d 1.2.3.4:5 fe80::1%eth0 ::ffff:192.0.2.86 deadbeef cafe.de 2001:db8::7.example 198.51.100.07 00.51.100.7 198..100.7 198.51.100. .51.100.7 1.1.1.1.1 2001:db8::7: :2001::7 1:2:3:4:5:6:7:: 1:2:3:4:5:6:7:8:: 1:2:3:4:5:6:7:8:9 1::2::3 2001:0db8:0000:0000:0000:0000:0000:0001 2001:0DB8:00ff:0000:0000:0000:0000:00g1 2001:0db8:00ff:0000:0000:0000:0000.0001") {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := Parse(text)
		want, err := netip.ParseAddr(string(text))
		if wantOK := err == nil && want.Zone() == ""; ok != wantOK || ok && got != want {
			t.Errorf("%q: got %v %v, want %v", text, got, ok, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"198.51.100.7", "2001:db8:ff00:42::8329", "<CNAME>", "NODATA-IPv6"} {
		b.Run(text, func(b *testing.B) {
			value := []byte(text)
			for b.Loop() {
				Parse(value)
			}
		})
	}
}
