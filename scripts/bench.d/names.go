package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// A site is a name that is asked for, and what the world answers.
type site struct {
	name    string
	aliases []string // targets of CNAMEs, in order
	none    bool     // NXDOMAIN
	v4, v6  []string
	turn    int  // from which address the next answer goes round
	cached  bool // it was asked for before
}

var (
	first  = strings.Fields("www api cdn static img mail app auth login sync update edge assets media push telemetry files docs registry download cdn-eu cdn-us api-gateway s3-eu-west-1 metrics-ingest graph status")
	second = strings.Fields("brook harbor lantern meadow quartz willow falcon copper summit orchard beacon granite cedar ember pixel cobalt saffron juniper atlas nimbus cloudworks northwind bluefin datastream paystack shopfront newsdesk mapserver adexchange")
	ends   = strings.Fields("example.com example.net example.org co.example shop.example io.example test.example")
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// siteOf returns the i-th site of the world: the same in every run. Names have
// some 30 letters, a third of them lead through aliases, and one in twelve does
// not exist. Addresses are of 198.18.0.0/15 and 2001:db8::/32.
func siteOf(i int) *site {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	s := &site{name: fmt.Sprintf("%s.%s-%s.%s", pick(r, first), pick(r, second), base36(i), pick(r, ends))}
	if r.IntN(12) == 0 {
		s.none = true
		return s
	}
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(3) {
			s.aliases = append(s.aliases, fmt.Sprintf("%s.e%d.%s.cdn%d.example.net", pick(r, second), r.IntN(100000), pick(r, first), r.IntN(20)))
		}
	}
	for range []int{1, 1, 1, 1, 2, 2, 3, 4, 4, 8}[r.IntN(10)] {
		s.v4 = append(s.v4, ipv4(r))
	}
	for range []int{0, 0, 0, 0, 0, 1, 1, 2, 2, 4}[r.IntN(10)] {
		s.v6 = append(s.v6, ipv6(r).String())
	}
	return s
}

func base36(i int) string {
	const digits = "k7w2m9x4q8z3v6t1hsdnfbpgjrlcyaeiou05"
	b := []byte{digits[i%36]}
	for i /= 36; i > 0; i /= 36 {
		b = append(b, digits[i%36])
	}
	return string(b)
}

func ipv4(r *rand.Rand) string {
	n := r.IntN(1 << 17)
	return fmt.Sprintf("198.%d.%d.%d", 18+n>>16, n>>8&255, n&255)
}

func ipv6(r *rand.Rand) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, byte(r.IntN(256)), byte(r.IntN(256)), 0, byte(r.IntN(4)), 14: byte(r.IntN(16)), 15: byte(r.IntN(256))})
}
