package fetch

import (
	"errors"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// TestStream: what comes is split in the same way, whatever pieces it comes in.
func TestStream(t *testing.T) {
	for _, test := range []struct {
		sent, domains, ips string
		err                error
	}{
		{endDomains + endIPs, "", "", nil},
		{"a\nb\n" + endDomains + "c\n" + endIPs, "a\nb\n", "c\n", nil},
		{"a" + endDomains + "\n" + endDomains + "- \n--\n" + endIPs, "a" + endDomains + "\n", "- \n--\n", nil},
		{endDomains + endDomains + endIPs + endIPs, "", endDomains + endIPs, nil},
		{endDomains + endIPs + "x\n" + endIPs, "", endIPs + "x\n", nil},
		{"a\n" + endIPs, "a\n" + endIPs, "", nil}, // one file: its rows are wrong
		{"", "", "", errCut},
		{"a\n" + endDomains, "a\n", "", errCut},
		{"a\n" + endDomains + "c\n" + endIPs + "d", "a\n", "c\n" + endIPs + "d", errCut},
		{"a\n" + endDomains + "c\n" + endIPs[:9], "a\n", "c\n", errCut},
		{strings.Repeat("x", 101) + "\n" + endDomains + endIPs, "", "", errSize},
		{endDomains + strings.Repeat("x\n", 51) + endIPs, "", strings.Repeat("x\n", 50), errSize},
	} {
		for _, piece := range []int{1, 2, 7, 1000} {
			dir := t.TempDir()
			s := &stream{dir: dir, max: 100}
			for rest := test.sent; rest != ""; rest = rest[min(piece, len(rest)):] {
				s.Write([]byte(rest[:min(piece, len(rest))]))
			}
			if err := s.close(); !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("%.60q in pieces of %d: %v", test.sent, piece, err)
			}
			domains, ips := testtools.Read(t, dir+"/unique-domains.log"), testtools.Read(t, dir+"/unique-ips.log")
			if test.err != errSize && (domains != test.domains || !strings.HasPrefix(test.ips, ips)) || test.err == nil && ips != test.ips {
				t.Errorf("%.60q in pieces of %d: %q, %q", test.sent, piece, domains, ips)
			}
		}
	}
}
