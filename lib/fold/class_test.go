package fold

import (
	"net/netip"
	"testing"
)

func TestNarrowOrWide(t *testing.T) {
	for key, want := range map[string]string{
		"*": "wide", "*.com": "wide", "*.co.uk": "wide", "*.github.io": "wide", "*.local": "wide", "*.arpa": "wide",
		"*.in-addr.arpa": "wide", "*.192.in-addr.arpa": "wide", "*.0.192.in-addr.arpa": "wide", "*.ip6.arpa": "wide",
		"*.example.com": "narrow", "*.deep.example.com": "narrow", "*.example.co.uk": "narrow", "*.host.local": "narrow",
		"*.2.0.192.in-addr.arpa": "narrow", "*.7.2.0.192.in-addr.arpa": "narrow",
		"*.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": "narrow", "*.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": "wide",
		"0.0.0.0/0": "wide", "10.0.0.0/8": "wide", "10.1.0.0/16": "wide", "10.1.2.0/23": "wide",
		"10.1.2.0/24": "narrow", "10.1.2.3/32": "narrow",
		"::/0": "wide", "2001:db8::/32": "wide", "2001:db8::/48": "wide", "2001:db8::/63": "wide",
		"2001:db8::/64": "narrow", "2001:db8::/128": "narrow", "::ffff:192.0.2.0/120": "narrow",
		"example.com": "", "192.0.2.1": "", `\042.com`: "", "*.": "", "-": "", "10.0.0.1/8": "",
	} {
		got := map[[2]bool]string{{true, false}: "narrow", {false, true}: "wide", {false, false}: ""}[[2]bool{Narrow([]byte(key)), Wide([]byte(key))}]
		if got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestLeads(t *testing.T) {
	for prefix, want := range map[string]bool{
		"192.0.2.1/32": true, "192.0.2.0/24": true, "192.0.2.0/23": false, "10.0.0.0/8": false, "0.0.0.0/0": false,
		"2001:db8::1/128": true, "2001:db8::/64": true, "2001:db8::/48": true, "2001:db8::/47": false, "::/0": false,
		"::ffff:192.0.2.0/120": true, "::ffff:192.0.2.0/119": false, "::ffff:0.0.0.0/96": false,
	} {
		if p := netip.MustParsePrefix(prefix); Leads(p) != want {
			t.Errorf("%s: %v", prefix, !want)
		}
	}
}

func TestOverflowed(t *testing.T) {
	for list, want := range map[string]bool{
		"": false, "-": false, "192.0.2.1": false, "192.0.2.0/24": false, "192.0.2.0/24,198.51.100.0/24": false,
		"0.0.0.0/0": true, "0.0.0.0/0,192.0.2.1": true, "192.0.2.1,::/0": true, "192.0.2.0/24,::/0": true,
		"10.0.0.0/8,2001:db8::1": true, "192.0.2.0/24,2001:db8::/48,2001:db9::1": false,
		"1.2.3.4,192.0.2.0/24,2001::/16,2002::1": true,
	} {
		if Overflowed([]byte(list)) != want {
			t.Errorf("%s: %v", list, !want)
		}
	}
}
