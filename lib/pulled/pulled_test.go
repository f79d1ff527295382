package pulled

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

const at = " 2026-02-08T21:30:00Z"

func TestCheck(t *testing.T) {
	const d, i = "a.example 1" + at + " 192.0.2.1\n", "192.0.2.1 1" + at + "\n"
	for _, test := range []struct{ domains, ips, want string }{
		{"", "", ""},
		{d, i, ""},
		{"*.example 1" + at + " -\n", "*" + strings.TrimPrefix(i, "192.0.2.1"), ""},
		{d + "b" + d, "10.0.0.0/8 1" + at + "\n" + i + "2001:db8::/48 1" + at + "\n", ""},
		{"-.example 1" + at + " 192.0.2.1\n" + d, i, ""},
		{"192.0.2.1/24 1" + at + " -\n" + "2001:0db8::1 1" + at + " -\n", i, ""}, // odd names
		{"192.0.2.1/24 01" + at + " -\n", i, "unique-domains.log: line 1: key: an address that is not spelt as RFC 5952 has it"},
		{i, i, "unique-domains.log: line 1: not a row of this file"},
		{d, d, "unique-ips.log: line 1: not a row of this file"},
		{d[:len(d)-1], i, "unique-domains.log: line 1: ends without a line feed"},
		{"-- cursor: x\n", i, "unique-domains.log: line 1: not a row of this file"},
		{"B.example 1" + at + " -\n", i, "unique-domains.log: line 1: not a row of this file"},
		{d + d, i, "unique-domains.log: rows out of order or not in their one form: line 2"},
		{"a.example 01" + at + " -\n", i, "unique-domains.log: line 1: count: not a decimal number"},
		{"a.example 1" + at + " 192.0.2.2,192.0.2.1\n", i, "unique-domains.log: rows out of order or not in their one form: line 1"},
		{"a.example 1" + at + " 192.0.2.1,192.0.2.0/24\n", i, "unique-domains.log: rows out of order or not in their one form: line 1"},
		{d, "2001:DB8::1 1" + at + "\n", "unique-ips.log: line 1: key: an address that is not spelt as RFC 5952 has it"},
		{d, "fe80::1%eth0 1" + at + "\n", "unique-ips.log: line 1: address: not an address"},
		{d, "192.0.2.1/24 1" + at + "\n", "unique-ips.log: line 1: key: an address that is not spelt as RFC 5952 has it"},
		{d, "example.org 1" + at + "\n", "unique-ips.log: line 1: address: not an address"},
		{d, "-", "unique-ips.log: line 1: ends without a line feed"},
		{strings.Repeat(d, 100), i, "unique-domains.log: more than 1000 bytes"},
	} {
		dir := t.TempDir()
		testtools.Write(t, dir+"/"+Domains, test.domains)
		testtools.Write(t, dir+"/"+IPs, test.ips)
		got := ""
		if err := Check(dir, 1000); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%.80q, %.80q: %s, want %s", test.domains, test.ips, got, test.want)
		}
	}
}

func TestFell(t *testing.T) {
	for _, test := range []struct {
		old, new string
		want     bool
	}{
		{"", "", false},
		{"", "a 1", false},
		{"a 1", "", true},
		{"a 1", "a 1;b 2", false},
		{"a 2", "a 1;b 2", true},
		{"a 2;b 1", "a 9", true},
		{"a.x 2;b.x 1", "*.x 3", false},
		{"a.x 2;b.x 1", "*.x 2", true},       // it has less than what went into it
		{"*.x 5;a.y 1;b.y 1", "*.x 7", true}, // *.x does not cover a.y
		{"*.x 5;a.x 1", "*.x 6", false},
		{"*.x 5;a.x 1", "*.x 5", true},
		{"*.x 5;a.y 1;b.y 1", "* 7", false}, // everything in one row
		{"*.x.y 5;a.b.y 1", "*.y 7", false},
		{"192.0.2.1 1;192.0.2.9 1", "192.0.2.0/24 2", false},
		{"192.0.2.1 1;2001:db8::1 1;192.0.2.0/24 3", "0.0.0.0/0 4;2001:db8::/32 1", false},
		{"192.0.2.1 1;198.51.100.9 1", "192.0.2.0/24 9", true},
		{"192.0.2.1 1;a.0.2.1 1", "*.1 2", true}, // an address is no name
		{"a 18446744073709551615;b.x 18446744073709551615;c.x 1", "*.x 18446744073709551615;a 18446744073709551615", false},
	} {
		dir := t.TempDir()
		for name, rows := range map[string]string{"old": test.old, "new": test.new} {
			text := ""
			for row := range strings.SplitSeq(rows, ";") {
				if row != "" {
					text += row + at + " -\n"
				}
			}
			testtools.Write(t, filepath.Join(dir, name), text)
		}
		if got, err := fell(dir+"/old", dir+"/new"); got != test.want || err != nil {
			t.Errorf("%q, %q: %v, %v", test.old, test.new, got, err)
		}
	}
}

// TestCover: the smallest row takes a key, and none takes itself. A key is looked for in
// as many steps as there are sizes of rows, and not in each row; of a key that is longer
// than any name only the end is looked up.
func TestCover(t *testing.T) {
	var c Cover[string]
	for _, key := range []string{"192.0.2.0/24", "192.0.2.0/28", "2001:db8::/64", "2001:db8::/72", "*.example", "*.b.example"} {
		c.Set([]byte(key), key)
	}
	const rows = 200_000
	for i := range rows {
		c.Set(fmt.Appendf(nil, "10.%d.%d.%d/32", byte(i>>16), byte(i>>8), byte(i)), "many")
	}
	for key, want := range map[string]string{
		"192.0.2.1": "192.0.2.0/28", "192.0.2.77": "192.0.2.0/24", "192.0.2.0/28": "192.0.2.0/24", "192.0.2.0/24": "", "192.0.3.1": "",
		"2001:db8::1": "2001:db8::/72", "2001:db8:0:0:100::": "2001:db8::/64", "2001:db8:1::": "", "::ffff:192.0.2.1": "192.0.2.0/28",
		"*.example": "", "example": "", "b.example": "*.example", "*.b.example": "*.example", "a.b.example": "*.b.example", "a.bexample": "",
		strings.Repeat("a.", 1<<20) + "example": "*.example", "0.0.0.0/0": "",
	} {
		if got, ok := c.Of([]byte(key)); got != want || ok != (want != "") {
			t.Errorf("%.80s: %s, want the row %s", key, got, want)
		}
	}
	for i := range rows {
		if got, _ := c.Of(fmt.Appendf(nil, "11.%d.%d.%d", byte(i>>16), byte(i>>8), byte(i))); got != "" {
			t.Fatal(got)
		}
	}
	c.Set([]byte("*"), "all")
	for _, key := range []string{"192.0.3.1", "a.other", "other", "0.0.0.0/0"} {
		if got, _ := c.Of([]byte(key)); got != "all" {
			t.Errorf("%s: %s, want all", key, got)
		}
	}
}

func TestStatus(t *testing.T) {
	dir := t.TempDir()
	if s := ReadStatus(dir); s != (Status{}) {
		t.Errorf("of nothing: %v", s)
	}
	h := Host{Dir: dir, Stage: t.TempDir(), Mode: 0o640}
	when := time.Date(2026, 2, 8, 21, 30, 0, 0, time.UTC)
	for _, s := range []Status{{when, OK, "by ssh, unchanged", when}, {when, Failed, "cut short", when.Add(-time.Hour)}, {when, Failed, "cut short", time.Time{}}} {
		testtools.Must(t, h.WriteStatus(s))
		if got := ReadStatus(dir); got != s {
			t.Errorf("%v, want %v", got, s)
		}
	}
	if info, err := os.Stat(dir + "/pull.status"); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	// the shell's egress-pull did not write pulled=
	testtools.Write(t, dir+"/pull.status", "time=2026-02-08T21:30:00Z\nstate=reset\nmessage=x\n")
	if got := ReadStatus(dir).Pulled; got != when {
		t.Errorf("pulled %v", got)
	}
	testtools.Write(t, dir+"/pull.status", "time=2026-02-09T21:30:00Z\nstate=failed\nmessage=x\n")
	testtools.Write(t, dir+"/unique-ips.log", "")
	testtools.Must(t, os.Chtimes(dir+"/unique-ips.log", when, when))
	if got := ReadStatus(dir).Pulled; got != when {
		t.Errorf("pulled %v", got)
	}
	testtools.Must(t, os.Remove(dir+"/pull.status"))
	testtools.Must(t, os.Symlink("/dev/zero", dir+"/pull.status"))
	if s := ReadStatus(dir); s != (Status{}) {
		t.Errorf("of a device: %v", s)
	}
}
