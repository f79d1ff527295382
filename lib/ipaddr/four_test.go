package ipaddr

import (
	"net/netip"
	"strings"
	"testing"
)

// An address is what package netip takes for one, up to a byte that is no digit.
func FuzzRead4(f *testing.F) {
	for text := range strings.FieldsSeq("198.51.100.7 0.0.0.0 1.02.3.4 00.1.1.1 256.1.1.1 1.2.3 1.2.3.4.5 255.255.255.255 255.255.255.2555 .1.2.3 1..2.3 1.2.3. 1.2.3.4x 10.0.0.0/8") {
		f.Add([]byte(text))
	}
	f.Add([]byte("192.0.2.1 LEN=60"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, size := Read4(b)
		whole, err := netip.ParseAddr(string(b))
		if isWhole := err == nil && whole.Is4(); isWhole != (size > 0 && size == len(b)) || isWhole && netip.AddrFrom4(ip) != whole {
			t.Errorf("%q: %v, %d, want %v (%v)", b, ip, size, whole, err)
		}
		if size == 0 {
			return
		}
		if part, err := netip.ParseAddr(string(b[:size])); err != nil || part != netip.AddrFrom4(ip) {
			t.Errorf("%q: %v, %d, which is %v (%v)", b, ip, size, part, err)
		}
	})
}
