package netfilter

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// An IPv4 address is what package netip takes for one, up to a space.
func FuzzIPv4Len(f *testing.F) {
	for text := range strings.FieldsSeq("198.51.100.7 0.0.0.0 1.02.3.4 00.1.1.1 256.1.1.1 1.2.3 1.2.3.4.5 255.255.255.255 255.255.255.2555 .1.2.3 1..2.3 1.2.3.") {
		f.Add([]byte(text))
		f.Add([]byte(text + " LEN=60"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, _, _ := bytes.Cut(b, []byte{' '})
		want := 0
		if ip, err := netip.ParseAddr(string(text)); err == nil && ip.Is4() {
			want = len(text)
		}
		if got := ipv4Len(b); got != want {
			t.Errorf("%q: %d, want %d", b, got, want)
		}
	})
}
