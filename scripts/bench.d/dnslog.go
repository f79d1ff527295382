package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The logs are of February 2026; no line is later than present.
var (
	began   = time.Date(2026, 2, 7, 20, 0, 0, 0, time.UTC)
	present = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// A dnsLog writes the query log of a dnsmasq with log-queries=extra on a server
// whose programs ask for A and AAAA together, several at a time: so up to some
// dozens of transactions are open, and their lines are mixed.
type dnsLog struct {
	next  func(r *rand.Rand) *site // the site that is asked for
	truth *truth

	r       *rand.Rand
	now     int64 // milliseconds
	stamp   []byte
	stampOf int64
	serial  int
	waiting []answer // for upstream, by the time of the answer
	buf     []byte
	lines   int
	queries int // lines that say "query["
}

type answer struct {
	due  int64
	head string
	typ  string
	site *site
}

func newDNSLog(seed uint64, next func(r *rand.Rand) *site) *dnsLog {
	l := &dnsLog{next: next, truth: newTruth(true), r: rand.New(rand.NewPCG(seed, 2)), now: began.UnixMilli()}
	l.line("", "started, version 2.90 cachesize 10000")
	l.line("", "using nameserver 192.0.2.53#53")
	return l
}

// popular returns a function that draws from n sites: each at least once (a new one
// in one of some rounds), and the first ones most often.
func popular(n, rounds int) func(r *rand.Rand) *site {
	sites := make([]*site, n)
	zipf, seen := (*rand.Zipf)(nil), 0
	return func(r *rand.Rand) *site {
		if zipf == nil {
			zipf = rand.NewZipf(r, 1.1, 20, uint64(n-1))
		}
		i := int(zipf.Uint64())
		if seen < n && r.IntN(rounds) == 0 {
			i = seen
			seen++
		}
		if sites[i] == nil {
			sites[i] = siteOf(i)
		}
		return sites[i]
	}
}

// burst writes the questions of a program that looks up a few names at once.
func (l *dnsLog) burst() {
	l.now += l.r.Int64N(400)
	for range 1 + l.r.IntN(3) {
		s := l.next(l.r)
		switch x := l.r.IntN(100); {
		case x < 70:
			l.ask("A", s)
			l.ask("AAAA", s)
		case x < 90:
			l.ask("A", s)
		case x < 94:
			l.ask("A", s)
			l.ask("AAAA", s)
			l.ask("HTTPS", s)
		case x < 97:
			l.ask("PTR", s)
		default:
			l.ask([]string{"TXT", "MX", "SRV"}[x%3], s)
		}
		l.now += l.r.Int64N(8)
		l.answers()
	}
}

// ask writes a question, and the lines that dnsmasq writes at once: the answer from
// its cache, or to whom it forwards.
func (l *dnsLog) ask(typ string, s *site) {
	l.serial++
	l.queries++
	head := strconv.Itoa(l.serial) + " 127.0.0.1/" + strconv.Itoa(32768+l.r.IntN(28000))
	name := s.name
	if typ == "PTR" {
		name = reverse(s)
	}
	l.truth.add(name, 1, l.now/1000)
	asked := name
	if l.r.IntN(300) == 0 {
		asked = strings.ToUpper(name[:1]) + name[1:]
	}
	l.line(head, "query[", typ, "] ", asked, " from 127.0.0.1")
	if s.cached && l.r.IntN(5) < 3 {
		l.reply("cached", answer{0, head, typ, s})
		return
	}
	s.cached = true
	l.line(head, "forwarded ", name, " to 192.0.2.53")
	a := answer{l.now + 1 + l.r.Int64N(1+l.r.Int64N(120)), head, typ, s}
	at := len(l.waiting)
	for at > 0 && l.waiting[at-1].due > a.due {
		at--
	}
	l.waiting = slices.Insert(l.waiting, at, a)
}

// answers writes the answers that have come by now.
func (l *dnsLog) answers() {
	for len(l.waiting) > 0 && l.waiting[0].due <= l.now {
		l.reply("reply", l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

// reply writes one answer, in one piece as dnsmasq does.
func (l *dnsLog) reply(source string, a answer) {
	s, name := a.site, a.site.name
	is := func(value string) { l.line(a.head, source, " ", name, " is ", value) }
	switch {
	case source == "reply" && l.r.IntN(400) == 0:
		name = "error"
		is("SERVFAIL")
		return
	case a.typ == "PTR":
		if len(s.v4) == 0 {
			is("NXDOMAIN")
		} else {
			name = s.v4[0]
			is(s.name)
		}
		return
	case s.none:
		is("NXDOMAIN")
		return
	}
	for _, alias := range s.aliases {
		is("<CNAME>")
		name = alias
	}
	switch {
	case a.typ == "A":
		l.addresses(s, s.v4, is)
	case a.typ == "AAAA" && len(s.v6) > 0:
		l.addresses(s, s.v6, is)
	case a.typ == "AAAA":
		is("NODATA-IPv6")
	case a.typ == "TXT":
		is("v=spf1 ip4:198.51.100.0/24 -all")
	default:
		is("NODATA")
	}
}

// addresses writes up to four of the addresses of a site, going round.
func (l *dnsLog) addresses(s *site, ips []string, is func(string)) {
	s.turn++
	row := l.truth.rows[s.name]
	for i := range min(4, len(ips)) {
		ip := ips[(s.turn+i)%len(ips)]
		is(ip)
		row.led(ip)
	}
}

// line writes one line.
func (l *dnsLog) line(head string, parts ...string) {
	if sec := l.now / 1000; sec != l.stampOf {
		l.stampOf = sec
		l.stamp = append(time.Unix(sec, 0).UTC().AppendFormat(l.stamp[:0], time.Stamp), " dnsmasq[812]: "...)
	}
	l.buf = append(l.buf, l.stamp...)
	if head != "" {
		l.buf = append(append(l.buf, head...), ' ')
	}
	for _, p := range parts {
		l.buf = append(l.buf, p...)
	}
	l.buf = append(l.buf, '\n')
	l.lines++
}

// reverse returns the name that a PTR question for the first address of a site
// asks.
func reverse(s *site) string {
	if len(s.v4) == 0 {
		return "1.2.0.192.in-addr.arpa"
	}
	p := strings.Split(s.v4[0], ".")
	return fmt.Sprintf("%s.%s.%s.%s.in-addr.arpa", p[3], p[2], p[1], p[0])
}

// take returns what was written since the last time, at least n lines. Answers
// may still be on their way.
func (l *dnsLog) take(n int) []byte {
	l.buf, l.lines = l.buf[:0], 0
	for l.lines < n {
		l.burst()
	}
	return l.buf
}

// save writes a log of some size, with all its answers.
func (l *dnsLog) save(file string, size int) {
	writeFile(file, func(w *bufio.Writer) {
		written := 0
		for written < size {
			l.burst()
			if written+len(l.buf) >= size {
				l.now += 1000
				l.answers()
			}
			w.Write(l.buf)
			written += len(l.buf)
			l.buf = l.buf[:0]
		}
	})
}
