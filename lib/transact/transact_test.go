package transact

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/stamp"
	"egress-monitor/lib/testtools"
)

var utc = stamp.Clock{Location: time.UTC, Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}

// full writes out what the logs below leave away: "00:07 1 query[A] …" is second
// 7, serial 1; "00:07 p2 - …" is another process, without a prefix.
func full(log string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(log) + "\n") {
		f := strings.SplitN(strings.TrimLeft(line, "\t"), " ", 3)
		pid := "100"
		if p, ok := strings.CutPrefix(f[1], "p"); ok {
			pid = p
			rest := strings.SplitN(f[2], " ", 2)
			f[1], f[2] = rest[0], rest[1]
		}
		prefix := f[1] + " 127.0.0.1/4711 "
		if f[1] == "-" {
			prefix = ""
		}
		fmt.Fprintf(&b, "Nov 23 08:%s dnsmasq[%s]: %s%s", f[0], pid, prefix, f[2])
	}
	return b.String()
}

var logs = []struct{ name, log, want string }{
	{"a clock that is set back, and a query that was over before", `
		05:00 1 query[A] over.example from 127.0.0.1
		09:00 2 query[A] t.example from 127.0.0.1
		04:59 3 query[A] u.example from 127.0.0.1
		05:01 1 reply over.example is 192.0.2.1
		05:01 3 reply u.example is 192.0.2.3`,
		`over.example 1 2026-11-23T08:05:00Z -
		t.example 1 2026-11-23T08:09:00Z -
		u.example 1 2026-11-23T08:04:59Z 192.0.2.3`},
	{"an answer that was stale, then refreshed", `
		00:01 1 query[A] s.example from 127.0.0.1
		00:01 1 cached-stale s.example is 192.0.2.1
		00:01 1 forwarded s.example to 192.0.2.53
		00:01 2 query[A] t.example from 127.0.0.1
		00:02 1 reply s.example is 192.0.2.2`,
		`s.example 1 2026-11-23T08:00:01Z 192.0.2.1,192.0.2.2
		t.example 1 2026-11-23T08:00:01Z -`},
	{"a chain of which the cache knows the first link", `
		00:01 1 query[AAAA] c.example from 127.0.0.1
		00:01 1 cached c.example is <CNAME>
		00:01 1 forwarded c.example to 192.0.2.53
		00:01 2 query[A] t.example from 127.0.0.1
		00:02 1 reply c.example is <CNAME>
		00:02 1 reply edge.example is 2001:db8::1`,
		`c.example 1 2026-11-23T08:00:01Z 2001:db8::1
		t.example 1 2026-11-23T08:00:01Z -`},
	{"ANY: what dnsmasq has, and not what upstream seems to send", `
		00:01 1 query[ANY] any.example from 127.0.0.1
		00:01 1 config any.example is 192.0.2.1
		00:01 1 config any.example is 2001:db8::1
		00:02 2 query[ANY] text.example from 127.0.0.1
		00:02 2 forwarded text.example to 192.0.2.53
		00:02 2 reply text.example is 192.0.2.66`,
		`any.example 1 2026-11-23T08:00:01Z 192.0.2.1,2001:db8::1
		text.example 1 2026-11-23T08:00:02Z -`},
	{"texts that look like addresses", `
		00:01 1 query[TXT] t.example from 127.0.0.1
		00:01 1 reply t.example is 192.0.2.66
		00:01 2 query[PTR] 1.2.0.192.in-addr.arpa from 127.0.0.1
		00:01 2 reply 192.0.2.1 is 192.0.2.67
		00:01 3 query[A] a.example from 127.0.0.1
		00:01 3 reply a.example is 2001:db8::66`,
		`1.2.0.192.in-addr.arpa 1 2026-11-23T08:00:01Z -
		a.example 1 2026-11-23T08:00:01Z -
		t.example 1 2026-11-23T08:00:01Z -`},
	{"turned round: address is name", `
		00:01 1 auth[A] h.zone.example from 127.0.0.1
		00:01 1 config 192.0.2.9 is h.zone.example
		00:02 2 query[A] 192.0.2.8 from 127.0.0.1
		00:02 2 config 192.0.2.8 is 192.0.2.7
		00:03 3 query[A] 192.0.2.6 from 127.0.0.1
		00:03 3 config 192.0.2.5 is 192.0.2.6
		00:04 - query[A] p.zone.example from 127.0.0.1
		00:04 - config 192.0.2.10 is p.zone.example`,
		`192.0.2.6 1 2026-11-23T08:00:03Z 192.0.2.5
		192.0.2.8 1 2026-11-23T08:00:02Z 192.0.2.7
		h.zone.example 1 2026-11-23T08:00:01Z 192.0.2.9
		p.zone.example 1 2026-11-23T08:00:04Z 192.0.2.10`},
	{"hosts files of any name", `
		00:01 1 query[A] h.example from 127.0.0.1
		00:01 1 /srv/my hosts/a b h.example is 192.0.2.1
		00:02 - query[A] i.example from 127.0.0.1
		00:02 - /srv/my hosts/a b i.example is 192.0.2.2
		00:03 - query[A] j.example from 127.0.0.1
		00:03 - hosts.txt j.example is 192.0.2.3
		00:03 - hosts.txt j.example is 192.0.2.4
		00:04 - query[A] k.example from 127.0.0.1
		00:04 - hosts.txt other.example is 192.0.2.5`,
		`h.example 1 2026-11-23T08:00:01Z 192.0.2.1
		i.example 1 2026-11-23T08:00:02Z 192.0.2.2
		j.example 1 2026-11-23T08:00:03Z 192.0.2.3,192.0.2.4
		k.example 1 2026-11-23T08:00:04Z -`},
	{"the same pid and serial again: a container that was started again", `
		00:01 1 query[A] old.example from 127.0.0.1
		00:01 1 forwarded old.example to 192.0.2.53
		00:05 1 query[TXT] new.example from 127.0.0.1
		00:05 1 reply new.example is 192.0.2.66`,
		`new.example 1 2026-11-23T08:00:05Z -
		old.example 1 2026-11-23T08:00:01Z -`},
	{"a duplicate, answered under the older serial", `
		00:01 1 query[A] d.example from 127.0.0.1
		00:01 1 forwarded d.example to 192.0.2.53
		00:02 2 query[A] D.example from 127.0.0.1
		00:03 1 reply d.example is 192.0.2.1
		00:03 2 reply query is duplicate`,
		`d.example 2 2026-11-23T08:00:02Z 192.0.2.1`},
	{"2.91: truncated for the client, with all addresses", `
		00:01 1 query[A] big.example from 127.0.0.1
		00:01 1 forwarded big.example to 192.0.2.53
		00:01 1 reply big.example is 192.0.2.1
		00:01 1 reply big.example is 192.0.2.2
		00:01 1 reply is truncated
		00:01 p200 2 query[A] big.example from 127.0.0.1
		00:01 p200 2 cached big.example is 192.0.2.3`,
		`big.example 2 2026-11-23T08:00:01Z 192.0.2.1,192.0.2.2,192.0.2.3`},
	{"no prefix in a log that has them: never an answer", `
		00:01 1 query[A] a.example from 127.0.0.1
		00:01 1 forwarded a.example to 192.0.2.53
		00:01 - reply a.example is 192.0.2.66
		00:01 - a.example is 192.0.2.67
		00:02 1 reply a.example is 192.0.2.1`,
		`a.example 1 2026-11-23T08:00:01Z 192.0.2.1`},
	{"an answer that comes when dnsmasq has forgotten the question", `
		00:01 1 query[A] a.example from 127.0.0.1
		00:01 p200 7 query[A] tcp.example from 127.0.0.1
		02:30 p200 7 reply tcp.example is 192.0.2.2
		04:00 1 reply a.example is 192.0.2.66`,
		`a.example 1 2026-11-23T08:00:01Z -
		tcp.example 1 2026-11-23T08:00:01Z 192.0.2.2`},
	{"a clock that was set back", `
		50:00 1 query[A] a.example from 127.0.0.1
		10:00 2 query[A] b.example from 127.0.0.1
		10:01 2 reply b.example is 192.0.2.2
		10:01 1 reply a.example is 192.0.2.1`,
		`a.example 1 2026-11-23T08:50:00Z 192.0.2.1
		b.example 1 2026-11-23T08:10:00Z 192.0.2.2`},
	{"plain: two questions for one name, of which one is for an address", `
		00:01 - query[A] n.example from 127.0.0.1
		00:01 - forwarded n.example to 192.0.2.53
		00:01 - query[AAAA] n.example from 127.0.0.1
		00:01 - forwarded n.example to 192.0.2.53
		00:02 - reply n.example is NODATA-IPv6
		00:02 - reply n.example is 192.0.2.1
		00:02 - query[TXT] n.example from 127.0.0.1
		00:02 - forwarded n.example to 192.0.2.53
		00:03 - reply n.example is 192.0.2.66`,
		`n.example 3 2026-11-23T08:00:02Z 192.0.2.1`},
	{"plain: a target that is asked for itself", `
		00:01 - query[A] a.example from 127.0.0.1
		00:01 - forwarded a.example to 192.0.2.53
		00:01 - query[A] edge.example from 127.0.0.1
		00:01 - forwarded edge.example to 192.0.2.53
		00:02 - reply a.example is <CNAME>
		00:02 - reply edge.example is 192.0.2.1
		00:02 - reply edge.example is 192.0.2.2
		00:02 - reply edge.example is 192.0.2.1
		00:02 - reply edge.example is 192.0.2.2`,
		`a.example 1 2026-11-23T08:00:01Z 192.0.2.1,192.0.2.2
		edge.example 1 2026-11-23T08:00:01Z 192.0.2.1,192.0.2.2`},
	{"plain: answers of another process, and a cache dump", `
		00:01 - query[A] a.example from 127.0.0.1
		00:01 - forwarded a.example to 192.0.2.53
		00:01 p200 - reply a.example is 192.0.2.66
		00:01 - a.example                      192.0.2.67                               4F         Mon Nov 23 08:00:55 2026
		00:01 - config a.example is 192.0.2.68
		00:02 - reply a.example is 192.0.2.1
		00:02 - cached a.example is 192.0.2.69`,
		`a.example 1 2026-11-23T08:00:01Z 192.0.2.1`},
	{"plain: stale", `
		00:01 - query[A] a.example from 127.0.0.1
		00:01 - cached-stale a.example is 192.0.2.1
		00:01 - cached-stale a.example is 192.0.2.2
		00:01 - forwarded a.example to 192.0.2.53
		00:02 - reply a.example is 192.0.2.3`,
		`a.example 1 2026-11-23T08:00:01Z 192.0.2.1,192.0.2.2,192.0.2.3`},
}

func TestLogs(t *testing.T) {
	for _, c := range logs {
		log := []byte(full(c.log))
		want := strings.ReplaceAll(c.want, "\t", "") + "\n"
		for _, at := range [][]int{nil, everyLine(log)} {
			p := cut(t, utc, log, at)
			if got := p.aggregate(); got != want || p.bad > 0 {
				t.Errorf("%s, in %d polls: %d bad lines, got\n%swant\n%s", c.name, len(at)+1, p.bad, got, want)
			}
		}
	}
}

// The hour that comes twice, with polls at every line, and with a child that
// writes late when the second one has begun.
func TestDoubleHour(t *testing.T) {
	log := ""
	for i, at := range []string{"02:10:00", "02:50:00", "02:59:59", "02:00:01", "02:58:30", "02:50:00", "03:00:00"} {
		log += fmt.Sprintf("Oct 25 %s dnsmasq[100]: %d ::1/5 query[A] n%d.example from ::1\n", at, i, i)
	}
	want := `n0.example 1 2026-10-25T00:10:00Z -
n1.example 1 2026-10-25T00:50:00Z -
n2.example 1 2026-10-25T00:59:59Z -
n3.example 1 2026-10-25T01:00:01Z -
n4.example 1 2026-10-25T00:58:30Z -
n5.example 1 2026-10-25T01:50:00Z -
n6.example 1 2026-10-25T02:00:00Z -
`
	clock := stamp.Clock{Location: testtools.Zone(t, "Europe/Berlin"), Now: testtools.Time(t, "2026-11-01T00:00:00Z")}
	for _, at := range [][]int{nil, everyLine([]byte(log))} {
		if got := cut(t, clock, []byte(log), at).aggregate(); got != want {
			t.Errorf("in %d polls:\n%s", len(at)+1, got)
		}
	}
}

// Questions that are never answered are forgotten, and there is a limit to
// those that might be: the newest are kept.
func TestBounded(t *testing.T) {
	tracker := New(utc)
	line := func(i int) []byte {
		return fmt.Appendf(nil, "Nov 23 08:00:00 dnsmasq[1]: %d ::1/5 query[A] %s%d.example from ::1", i, strings.Repeat("\\", 200), i)
	}
	for i := range 100_000 {
		testtools.Must(t, tracker.Line(line(i)))
		if tracker.Full() {
			tracker.Print(func([]byte) error { return nil })
		}
	}
	carry := tracker.Carry()
	size := 0
	for _, c := range carry {
		size += len(c) + 1
	}
	if len(carry) > maxOpen+1 || size > maxCarry+maxCarry/8 || tracker.open.count != maxOpen {
		t.Errorf("%d carry lines of %d bytes, %d open", len(carry), size, tracker.open.count)
	}
	if last := carry[len(carry)-1]; !strings.HasSuffix(last, "99999.example") {
		t.Errorf("the newest is %q", last)
	}
	tracker.Line([]byte("Nov 23 08:03:21 dnsmasq[1]: 7 ::1/5 query[A] later.example from ::1"))
	if carry = tracker.Carry(); len(carry) != 2 {
		t.Errorf("after 201 seconds there are %d carry lines", len(carry))
	}
}

// A processor that writes forever, each line by a new child, needs no more room.
func TestManyProcesses(t *testing.T) {
	tracker := New(utc)
	for i := range 10_000 {
		for _, message := range []string{"query[A] a.example from ::1", "cached a.example is 192.0.2.1"} {
			tracker.Line(fmt.Appendf(nil, "Nov 23 08:00:00 dnsmasq[%d]: %d ::1/5 %s", i, i, message))
			tracker.Line(fmt.Appendf(nil, "Nov 23 08:00:00 dnsmasq[%d]: %s", i, message))
		}
	}
	if len(tracker.procs.list) > maxProcesses {
		t.Errorf("%d processes", len(tracker.procs.list))
	}
}

// After the clock was set back, time goes on from there.
func TestSetBack(t *testing.T) {
	tracker := New(utc)
	for at, want := range map[string]string{"08:09:00": "t 1795421340", "08:05:41": "t 1795421340", "08:05:00": "t 1795421100"} {
		testtools.Must(t, tracker.Line([]byte("Nov 23 08:09:00 dnsmasq[1]: 1 ::1/5 query[A] a.example from ::1")))
		testtools.Must(t, tracker.Line([]byte("Nov 23 "+at+" dnsmasq[1]: 2 ::1/5 query[A] b.example from ::1")))
		if carry := tracker.Carry(); carry[0] != want {
			t.Errorf("after %s: %q", at, carry[0])
		}
	}
}

// A new process replaces the one that has not written for longest, and closes what
// that one has answered.
func TestReplacedProcess(t *testing.T) {
	tracker := New(utc)
	write := func(pid int) {
		for _, message := range []string{"query[A] a.example from ::1", "cached a.example is 192.0.2.1"} {
			testtools.Must(t, tracker.Line(fmt.Appendf(nil, "Nov 23 08:00:00 dnsmasq[%d]: 7 ::1/5 %s", pid, message)))
		}
	}
	for pid := range maxProcesses {
		write(pid + 1)
	}
	write(1)
	write(100)
	var pids []uint32
	for _, p := range tracker.procs.list {
		pids = append(pids, p.pid)
	}
	if slices.Contains(pids, 2) || !slices.Contains(pids, 1) || !slices.Contains(pids, 100) || tracker.open.count != maxProcesses {
		t.Errorf("processes %d, %d open", pids, tracker.open.count)
	}
}

func TestDamagedCarry(t *testing.T) {
	good := []string{
		"t 1795421100",
		"q 100 1 1 1795421100 1795421300 www.example.com",
		"a 100 2 2 1795421100 1795421110 www.example.com",
		"p 100 1 0 2 1795421100 1795421300 plain.example",
		"b 100 1 1 2 1 d926ce66f8445695 6d5a86e5e5866b69,6d5a85e5e58669b6 plain.example plain.example",
		"b 101 1 0 0 0 0 , , plain.example",
	}
	for _, c := range good {
		if err := New(utc).Restore(c); err != nil {
			t.Errorf("%q: %v", c, err)
		}
		words := strings.Split(c, " ")
		for i := range words {
			for _, w := range []string{"", "x", "-1", "1\x1b[31m", "99999999999999999999", "01"} {
				bad := slices.Clone(words)
				bad[i] = w
				restoreAny(t, strings.Join(bad, " "))
			}
		}
		for n := range c {
			if err := New(utc).Restore(c[:n]); err == nil && n < strings.LastIndexByte(c, ' ') {
				t.Errorf("%q is taken", c[:n])
			}
		}
	}
	for _, c := range []string{"", "t", "t -1", "t +1", "t 01", "t 1 2", "q 100 1 0 1 1 x", "q 100 1 1 1 1 A", "q 100 1 1 1 1 a b", "q 100 1 1 1 1 a,b", `q 100 1 1 1 1 a\b`} {
		if err := New(utc).Restore(c); err == nil {
			t.Errorf("%q is taken", c)
		}
	}
}

// restoreAny takes a carry line that may be damaged, and looks that what is
// carried on can be read again.
func restoreAny(t *testing.T, carry string) {
	t.Helper()
	tracker := New(utc)
	tracker.Restore("t 1795421100")
	tracker.Restore(carry)
	again := New(utc)
	for _, c := range tracker.Carry() {
		if err := again.Restore(c); err != nil {
			t.Errorf("%q made %q: %v", carry, c, err)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	var lines [][]byte
	for _, s := range samples(t) {
		if strings.HasSuffix(s.name, "-extra") {
			lines = append(lines, bytes.Split(bytes.TrimSpace(s.log), []byte("\n"))...)
		}
	}
	tracker := New(utc)
	all := func() {
		for _, line := range lines {
			tracker.Line(line)
		}
	}
	all()
	if n := testing.AllocsPerRun(5, all) / float64(len(lines)); n > 0.01 {
		t.Errorf("%.3f allocations a line", n)
	}
}

// Lines of all logs in any order, of few processes, serials and names: nothing
// depends on where polls begin.
func TestShuffled(t *testing.T) {
	var lines []string
	for _, c := range logs {
		for line := range strings.Lines(full(c.log)) {
			lines = append(lines, line)
		}
	}
	r := rand.New(rand.NewSource(1))
	for range 1000 {
		var log []byte
		for range 40 {
			log = append(log, lines[r.Intn(len(lines))]...)
		}
		one, many := cut(t, utc, log, nil), cut(t, utc, log, everyLine(log))
		if got, want := many.aggregate(), one.aggregate(); got != want || !slices.Equal(many.carry, one.carry) {
			t.Fatalf("%s\none poll\n%s%q\na poll a line\n%s%q", log, want, one.carry, got, many.carry)
		}
	}
}

// Any lines in any order give the same in one poll and in one a line, and
// nothing but good records.
func FuzzPolls(f *testing.F) {
	for _, c := range logs {
		f.Add([]byte(full(c.log)))
	}
	f.Add([]byte("Nov 23 08:00:00 dnsmasq[1]: 1 ::1/5 query[A] a\x00\x1b[31m,b\\ from ::1\nhalf"))
	f.Fuzz(func(t *testing.T, log []byte) {
		if bytes.Count(log, []byte("\n")) > 200 {
			return
		}
		one, many := cut(t, utc, log, nil), cut(t, utc, log, everyLine(log))
		if one.aggregate() != many.aggregate() {
			t.Fatalf("%q:\none poll\n%sa poll a line\n%s", log, one.aggregate(), many.aggregate())
		}
		if !slices.Equal(one.carry, many.carry) {
			t.Fatalf("%q:\none poll %q\na poll a line %q", log, one.carry, many.carry)
		}
	})
}

// The lines are those of a log with many names, of which each is seen often.
func BenchmarkLine(b *testing.B) {
	var lines [][]byte
	for i := range 20_000 {
		for _, message := range []string{
			"query[A] host%d.example.com from 127.0.0.1", "forwarded host%d.example.com to 192.0.2.53",
			"reply host%d.example.com is <CNAME>", "reply edge%d.example.net is 198.51.100.10",
		} {
			lines = append(lines, fmt.Appendf(nil, "Nov 23 08:00:00 dnsmasq[1]: %d 127.0.0.1/4711 "+message, i, i*7919%20_000))
		}
	}
	tracker := New(utc)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i == len(lines) {
			i = 0
		}
		tracker.Line(lines[i])
	}
}
