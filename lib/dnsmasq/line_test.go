package dnsmasq

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"egress-monitor/lib/ipaddr"
)

const (
	head  = "Sep  9 03:03:03 dnsmasq[28149]: "
	extra = head + "4 127.0.0.1/59948 "
)

// say returns the content of a Line, in short.
func say(l *Line) string {
	kinds := []string{"other", "query", "forwarded", "reply", "local", "stale", "lost"}
	types := []string{"other", "A", "AAAA", "ANY"}
	s := kinds[l.Kind]
	if l.Kind == Query {
		s += " " + types[l.Type]
	}
	if l.Extra {
		s = fmt.Sprint(l.PID, "/", l.Serial, " ", s)
	}
	if l.Name != nil {
		s += fmt.Sprintf(" %q", l.Name)
	}
	if l.Value != nil {
		s += fmt.Sprintf(" = %q", l.Value)
	}
	return s
}

// The lines are of dnsmasq 2.90, if no other version is named.
var lines = []struct {
	line string
	want string
	err  error
}{
	// questions
	{line: extra + "query[A] www.example.com from 127.0.0.1", want: `28149/4 query A "www.example.com"`},
	{line: extra + "query[AAAA] WWW.Example.COM from 127.0.0.1", want: `28149/4 query AAAA "WWW.Example.COM"`},
	{line: extra + "query[ANY] . from 127.0.0.1", want: `28149/4 query ANY "."`},
	{line: extra + "query[type=65280] www.example.com from 127.0.0.1", want: `28149/4 query other "www.example.com"`},
	{line: extra + "query mixedcase.example from 127.0.0.1", want: `28149/4 query other "mixedcase.example"`},
	{line: extra + "auth[A] h.zone.example from 127.0.0.1", want: `28149/4 query A "h.zone.example"`},
	{line: extra + "query[A] a b.example from 127.0.0.1", want: `28149/4 query A "a b.example"`},
	{line: extra + "query[A]  lead.example from 127.0.0.1", want: `28149/4 query A " lead.example"`},
	{line: extra + "query[A] evil from 192.0.2.201.example from 127.0.0.1", want: `28149/4 query A "evil from 192.0.2.201.example"`},
	{line: extra + "query[A] x from 127.0.0.1 from 127.0.0.1", want: `28149/4 query A "x from 127.0.0.1"`},
	{line: extra + "query[A] query[A] fake.example from 192.0.2.205 from 127.0.0.1", want: `28149/4 query A "query[A] fake.example from 192.0.2.205"`},
	{line: extra + "query[A] from from 127.0.0.1", want: `28149/4 query A "from"`},
	{line: extra + "query[A] <name unprintable> from 127.0.0.1", want: `28149/4 query A "<name unprintable>"`},
	{line: head + "136 ::1/43720 query[A] MixedCase.Example from ::1", want: `28149/136 query A "MixedCase.Example"`},
	{line: head + "7 fe80::1%eth0/5353 query[A] zone.example from fe80::1", want: `28149/7 query A "zone.example"`},
	{line: head + "4294967295 192.0.2.1/53 query[A] wraps.example from 192.0.2.1", want: `28149/4294967295 query A "wraps.example"`},
	{line: head + "query[A] x from 192.0.2.203 from 127.0.0.1", want: `query A "x from 192.0.2.203"`},
	{line: head + "query[NS] . from ::1", want: `query other "."`},
	// log-queries=proto of 2.91
	{line: head + "UDP 220 127.0.0.1/42145 query[A] www.example.com from 127.0.0.1", want: `28149/220 query A "www.example.com"`},
	{line: head + "TCP 117 127.0.0.1/44040 cached nx.example.com is NXDOMAIN", want: `28149/117 local "nx.example.com" = "NXDOMAIN"`},
	// answers
	{line: extra + "forwarded www.example.com to 192.0.2.53#5353", want: `28149/4 forwarded`},
	{line: extra + "reply www.example.com is 198.51.100.10", want: `28149/4 reply "www.example.com" = "198.51.100.10"`},
	{line: extra + "reply evil is 192.0.2.202.example is 192.0.2.14", want: `28149/4 reply "evil is 192.0.2.202.example" = "192.0.2.14"`},
	{line: extra + "reply is is 192.0.2.33", want: `28149/4 reply "is" = "192.0.2.33"`},
	{line: extra + "reply www.example.com is 198.51.100.10 (DNSSEC signed)", want: `28149/4 reply "www.example.com" = "198.51.100.10"`},
	{line: extra + "reply txt.example is ", want: `28149/4 reply "txt.example" = ""`},
	{line: extra + "reply error is SERVFAIL", want: `28149/4 reply "error" = "SERVFAIL"`},
	{line: extra + "reply is truncated", want: `28149/4 reply = "truncated"`},
	{line: extra + "reply query is duplicate", want: `28149/4 reply "query" = "duplicate"`},
	{line: extra + "cached shop.example.org is <CNAME>", want: `28149/4 local "shop.example.org" = "<CNAME>"`},
	{line: extra + "cached-stale www.example.com is 198.51.100.10", want: `28149/4 stale "www.example.com" = "198.51.100.10"`},
	{line: extra + "config error is REFUSED (EDE: not ready)", want: `28149/4 local "error" = "REFUSED (EDE: not ready)"`},
	{line: extra + "config 192.0.2.9 is h.zone.example", want: `28149/4 local "192.0.2.9" = "h.zone.example"`},
	{line: extra + "/etc/hosts web1.lan.example is 127.0.1.1", want: `28149/4 local "web1.lan.example" = "127.0.1.1"`},
	{line: extra + "DHCP laptop.lan.example is 192.0.2.131", want: `28149/4 local "laptop.lan.example" = "192.0.2.131"`},
	// in an answer, but none
	{line: extra + "ipset add vpn 198.51.100.10 www.example.com", want: `28149/4 other`},
	{line: extra + "nftset add 4 inet t s 198.51.100.10 www.example.com", want: `28149/4 other`},
	{line: extra + "validation result is SECURE", want: `28149/4 other`},
	{line: extra + "non-query opcode 4 from 127.0.0.1", want: `28149/4 other`},
	{line: head + "12 dnssec-query[DS] example.com to 192.0.2.53", want: `other`},
	{line: head + "12 reply example.com is DS for keytag 1, algo 8, digest 2", want: `other`},
	// no transactions
	{line: head + "started, version 2.90 cachesize 150", want: `other`},
	{line: head + "gestartet, Version 2.90, Cachegröße 150", want: `other`},
	{line: head + "using nameserver 192.0.2.53#53", want: `other`},
	{line: head + "possible DNS-rebind attack detected: www.example.com", want: `other`},
	{line: head + "svc1.example.com               198.51.100.71                            4F         Mon Jun 15 07:00:55 2026", want: `other`},
	{line: head + "", want: `other`},
	{line: "Aug 20 16:00:30 dnsmasq-dhcp[30253]: DHCPACK(eth0) 192.0.2.131 02:00:00:00:00:01 laptop", want: `other`},
	{line: head + "overflow: 12 log entries lost", want: `lost = "overflow: 12 log entries lost"`},
	// broken
	{line: "", err: ErrHead},
	{line: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", err: ErrHead},
	{line: " 30 12:00:56 dnsmasq[30262]: 57 127.0.0.1/39190 reply d16.example.com is <CNAME>", err: ErrHead},
	{line: "Sep  9 03:03:03 dnsmasq[28149]:", err: ErrHead},
	{line: "Sep  9 03:03:03 dnsmasq[99999999999]: x", err: ErrHead},
	{line: "Sep  9 03:03:03 dnsmasq-\x1b[31m", err: ErrHead},
	{line: extra + "query[A] www.example.com fr", err: errFrom},
	{line: extra + "query[A", err: errFrom},
	{line: extra + "query[A]", err: errFrom},
	{line: head + "query[A] www.example.com from nobody", err: errFrom},
	{line: head + "query[A] www.example.com from fe80::1%eth0", err: errFrom},
	{line: extra + "query[A] www.example.com from 192.0.2.66", err: errClient},
	{line: extra + "query[A] www.example.com from 127.0.0.2", err: errClient},
	{line: head + strings.Repeat("x", maxLine), err: errLong},
	{line: "Sep  9 03:03:03 dnsmasq[2147483648]: x", err: ErrHead},
	{line: extra + "reply www.examNov 25 10:05:00 dnsmasq[9]: query[A] b.example from 192.0.2.5", err: ErrGlued},
	{line: extra + "query[A] www.examNov 25 10:05:00 dnsmasq[9]: query[A] b.example from 192.0.2.5", err: ErrGlued},
	{line: extra + "query[A] www.exam\x00", err: ErrNUL},
	// no prefixes
	{line: head + "4294967296 127.0.0.1/1 reply www.example.com is 192.0.2.1", want: `local "127.0.0.1/1 reply www.example.com" = "192.0.2.1"`},
	{line: head + "4 /1 reply www.example.com is 192.0.2.1", want: `other`},
	{line: head + "4 127.0.0.1/x reply www.example.com is 192.0.2.1", want: `other`},
}

func TestParse(t *testing.T) {
	for _, c := range lines {
		var l Line
		err := l.Parse([]byte(c.line))
		if !errors.Is(err, c.err) {
			t.Errorf("%.100q: %v, want %v", c.line, err, c.err)
		} else if err == nil && say(&l) != c.want {
			t.Errorf("%.100q:\ngot  %s\nwant %s", c.line, say(&l), c.want)
		}
	}
}

// The memory of a Line for the last one must not show in the next.
func TestParseAfterAnother(t *testing.T) {
	for _, before := range lines {
		var l Line
		for _, c := range lines {
			l.Parse([]byte(before.line))
			if err := l.Parse([]byte(c.line)); err != c.err || err == nil && say(&l) != c.want {
				t.Fatalf("after %.100q\n%.100q:\ngot  %s, %v\nwant %s", before.line, c.line, say(&l), err, c.want)
			}
		}
	}
}

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"www.example.com":         "www.example.com",
		"WWW.Example.COM":         "www.example.com",
		"www.example.com.":        "www.example.com",
		"www.example.com..":       "www.example.com",
		".":                       ".",
		"":                        ".",
		"a b":                     `a\032b`,
		"com,ma":                  `com\044ma`,
		`back\slash`:              `back\092slash`,
		`a\032b`:                  `a\092032b`,
		"<name unprintable>":      `<name\032unprintable>`,
		"bücher":                  `b\195\188cher`,
		"esc\x1b[31m\x00\x7f\n":   `esc\027[31m\000\127\010`,
		"0123456789abcdefZ":       "0123456789abcdefz",
		"_-{}[]|~!\"#$%&'()*+/:;": "_-{}[]|~!\"#$%&'()*+/:;",
	} {
		got := AppendName(nil, []byte(name))
		if string(got) != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if !IsName(got) {
			t.Errorf("%q: not a name", got)
		}
	}
}

// A name is canonical if AppendName leaves it as it is, whatever byte it has.
func TestCanonicalEveryByte(t *testing.T) {
	var buf []byte
	for c := range 256 {
		name := []byte{'a', byte(c), 'a'}
		want := AppendName(nil, name)
		if got, same := Canonical(&buf, name); !bytes.Equal(got, want) || same != bytes.Equal(name, want) {
			t.Fatalf("%q: got %q (%v), want %q", name, got, same, want)
		}
	}
}

func TestRest(t *testing.T) {
	const whole = "Nov 25 10:05:00 dnsmasq[9]: query[A] b.example from 192.0.2.5"
	for line, want := range map[string]struct {
		rest string
		sure bool
	}{
		whole + "\x00\x00": {whole, false}, head + "query[A] a.ex\x00\x00" + whole: {whole, true}, head + "query[A] a.ex" + whole: {whole, false}, whole: {},
	} {
		if rest, sure := Rest([]byte(line)); string(rest) != want.rest || sure != want.sure {
			t.Errorf("%q: got %q, sure: %v", line, rest, sure)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	var texts [][]byte
	for _, c := range lines {
		texts = append(texts, []byte(c.line))
	}
	var l Line
	var buf []byte
	all := func() {
		for _, text := range texts {
			if l.Parse(text) == nil {
				buf = AppendName(buf[:0], l.Name)
				ipaddr.Parse(l.Value)
			}
		}
	}
	all()
	if n := testing.AllocsPerRun(10, all); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever comes, a name is printable, and a line is read alike behind another.
func FuzzParse(f *testing.F) {
	for i, c := range lines {
		f.Add([]byte(lines[(i+1)%len(lines)].line), []byte(c.line))
	}
	f.Fuzz(func(t *testing.T, before, line []byte) {
		var fresh, l Line
		l.Parse(before)
		err, again := fresh.Parse(line), l.Parse(line)
		if err != again || err == nil && say(&fresh) != say(&l) {
			t.Fatalf("%q behind %q: %s, %v; alone %s, %v", line, before, say(&l), again, say(&fresh), err)
		}
		name := AppendName(nil, l.Name)
		for _, c := range name {
			if c <= ' ' || c > '~' || c == ',' {
				t.Fatalf("%q: name %q", line, name)
			}
		}
		if !IsName(name) {
			t.Fatalf("%q: not a name", name)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var texts [][]byte
	for serial := range 1000 {
		for _, message := range []string{
			"query[A] www.example.com from 127.0.0.1", "forwarded www.example.com to 192.0.2.53",
			"reply www.example.com is <CNAME>", "reply edge.example.net is 198.51.100.10",
		} {
			texts = append(texts, fmt.Appendf(nil, "%s%d 127.0.0.1/59948 %s", head, serial, message))
		}
	}
	var l Line
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if l.Parse(texts[i%len(texts)]) != nil {
			b.Fatal()
		}
	}
}
