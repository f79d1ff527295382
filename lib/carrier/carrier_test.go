package carrier

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/stamp"
	"egress-monitor/lib/testtools"
)

// parser is one that reads on 2026-11-23 at noon, in Berlin; the kernel began to
// count at 06:59:20.
func parser(t testing.TB) *Parser {
	loc, err := stamp.Zone("CET-1CEST,M3.5.0,M10.5.0/3")
	testtools.Must(t, err)
	return &Parser{
		Clock: &stamp.Clock{Location: loc, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)},
		Boot:  func() int64 { return 1795417160 },
	}
}

const at = 1795421100 // 2026-11-23T08:05:00Z, 3940 seconds later

// The parts before a message, in every combination that makes sense.
var (
	stamps = []string{ // all of the same instant
		"1795421100.980088", "2026-11-23T08:05:00.980088+00:00", "2026-11-23T08:05:00Z", "2026-11-23T09:05:00+0100", "2026-11-23T09:05:00.98",
		"2026-11-23 09:05:00", "2026-11-23 08:05:00 UTC", "2026/11/23 09:05:00", "Mon 2026-11-23 08:05:00 UTC", "Mo 2026-11-23 09:05:00 CET",
		"Nov 23 09:05:00", "Nov 23 09:05:00.980088", "nov. 23 09:05:00", "ноя 23 09:05:00", "Mon Nov 23 09:05:00", "Mon Nov 23 09:05:00 2026",
		"Mon Nov 23 08:05:00 UTC 2026", "Nov 23 2026 09:05:00", "23 Nov 2026 09:05:00", "<4>Nov 23 09:05:00", "<0>2026-11-23T08:05:00Z", "<7> Nov 23 09:05:00",
	}
	hosts = []string{
		"", "gw ", "gw.example.org ", "192.0.2.1 ", "2001:db8::1 ", "2001:db8:: ", "fe80::1%eth0 ", "dnsmasq-7c9f ", "kernel@gw ", "Nov ", "gw  ", "gw\t",
		"kern.warn gw ", "gw kern.warn ", "gw kern.info ", "<kern.warn> gw ", "U7PG2,0200000001,v4.0: ", "192.0.2.1: ",
	}
	tags = []struct {
		text    string
		tag     string
		pid     uint32
		process bool
		kernel  bool
	}{
		{"kernel: ", "kernel", 0, false, true},
		{"kernel:", "kernel", 0, false, true},
		{"kernel:  ", "kernel", 0, false, true},
		{"kernel[]: ", "kernel", 0, false, true},
		{"kernel: [ 3940.030707] ", "kernel", 0, false, true},
		{"kernel: [93940.030707]", "kernel", 0, false, true},
		{"kernel: [  147.444368][    C0] ", "kernel", 0, false, true},
		{"kernel: [  147.444368] [T12] ", "kernel", 0, false, true},
		{"kernel: <4>", "kernel", 0, false, true},
		{"kernel: <4>[ 3940.030707] ", "kernel", 0, false, true},
		{"kernel[112]: ", "kernel", 112, true, false},
		{"dnsmasq[577]: ", "dnsmasq", 577, true, false},
		{"dnsmasq: ", "dnsmasq", 0, false, false},
		{"dnsmasq.service[577]: ", "dnsmasq.service", 577, true, false},
		{"/usr/sbin/dnsmasq[577]: ", "/usr/sbin/dnsmasq", 577, true, false},
		{"systemd-journald[48]: ", "systemd-journald", 48, true, false},
	}
	wraps = []string{
		"", "  ", "\t", "        ", "kern.log:", "/var/log/kern.log.1:12:", "12:", "    12\t", "> ", "dnsmasq-1  | ", "[pod/dns-0/dnsmasq] ", "\ufeff", "\x00\x00\x00",
		"\x1b[36mdns-1  | \x1b[0m", "\x1b[35mkern.log\x1b[0m:", "(standard input):",
	}
)

func TestEveryCombination(t *testing.T) {
	n := 0
	for _, s := range stamps {
		for _, h := range hosts {
			for _, tag := range tags {
				for _, w := range wraps {
					if strings.HasPrefix(s, "17954") && strings.HasSuffix(h, ": ") && !strings.Contains(h, ".1:") && !strings.Contains(h, ",") {
						continue // journalctl prints no colon behind a host
					}
					if n++; n%7 == 0 || w == "" { // more would take long
						contained := strings.Contains(w, "|") || strings.Contains(w, "pod/")
						check(t, w+s+" "+h+tag.text+"hello", h, tag.tag, tag.pid, tag.process, tag.kernel && !contained, contained)
					}
				}
			}
		}
	}
	t.Logf("%d lines", n)
}

func check(t *testing.T, line, host, tag string, pid uint32, process, kernel, relayed bool) {
	t.Helper()
	host = strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(strings.ReplaceAll(strings.ReplaceAll(host, "kern.warn", ""), "kern.info", ""), "<>"), " "), " \t")
	if host != "2001:db8::" {
		host = strings.TrimSuffix(host, ":")
	}
	var l Line
	ok, err := parser(t).Parse([]byte(line+"\r"), &l)
	if want := strings.TrimSuffix("2001:db8::", ":"); host == "2001:db8::" && string(l.Host) == want {
		host = want
	}
	if !ok || err != nil || l.Unix != at || string(l.Host) != host || string(l.Tag) != tag || l.PID != pid || l.Process != process ||
		l.Kernel() != kernel || string(l.Message) != "hello" || l.Times != 1 || l.Relayed != relayed || l.Bare {
		t.Errorf("%q: %v %v, %s host %q tag %q pid %d %v, kernel %v, message %q, relayed %v, bare %v", line, ok, err,
			time.Unix(l.Unix, 0).UTC().Format(time.RFC3339), l.Host, l.Tag, l.PID, l.Process, l.Kernel(), l.Message, l.Relayed, l.Bare)
	}
}

// say is what a line says, in short.
func say(l *Line) string {
	s := time.Unix(l.Unix, 0).UTC().Format("15:04:05")
	for _, f := range [][]byte{l.Host, l.Tag} {
		s += " " + string(f)
	}
	if l.Process {
		s += fmt.Sprintf("[%d]", l.PID)
	}
	for name, is := range map[string]bool{" kernel": l.Kernel()} {
		if is {
			s += name
		}
	}
	if l.Relayed {
		s += " relayed"
	}
	if l.Times != 1 {
		s += fmt.Sprint(" x", l.Times)
	}
	if l.Again != 0 {
		s += fmt.Sprint(" again ", l.Again)
	}
	return s + " | " + string(l.Message)
}

// Lines as programs print them: the source of each is above it.
var lines = []struct{ line, want string }{
	// RFC 5424; rsyslog's RSYSLOG_SyslogProtocol23Format; syslog-ng; with the length of RFC 6587
	{"<4>1 2026-11-23T08:05:00.979955+00:00 gw kernel - - - hello", "08:05:00 gw kernel kernel | hello"},
	{"<4>1 2026-11-23T08:05:00Z gw kernel - - -  hello", "08:05:00 gw kernel kernel | hello"},
	{`<4>1 2026-11-23T08:05:00Z gw kernel - - [meta sequenceId="1"][x@1 a="b]\"c"] hello`, "08:05:00 gw kernel kernel | hello"},
	{"<4>1 2026-11-23T08:05:00Z gw kernel - - - \ufeffhello", "08:05:00 gw kernel kernel | hello"},
	{"103 <4>1 2026-11-23T08:05:00Z gw kernel - - - hello", "08:05:00 gw kernel kernel | hello"},
	{"<30>1 2026-11-23T08:05:00Z gw dnsmasq 577 - - hello", "08:05:00 gw dnsmasq[577] | hello"},
	{"<13>1 2026-11-23T08:05:00Z gw kernel - - - hello", "08:05:00 gw kernel | hello"},
	{"<4>1 2026-11-23T08:05:00Z gw kernel 12 - - hello", "08:05:00 gw kernel[12] | hello"},
	{"<4>1 2026-11-23T08:05:00Z gw - - - - hello", "08:05:00 gw  | hello"},
	{"2026-11-23T08:05:00Z gw kernel - - - hello", "08:05:00 gw kernel kernel | hello"},
	// OpenWrt logread, -t too, and its remote form
	{"Mon Nov 23 09:05:00 2026 kern.warn kernel: [ 3940.030707] hello", "08:05:00  kernel kernel | hello"},
	{"Mon Nov 23 09:05:00 2026 [1795421100.980] kern.warn kernel: [ 3940.030707] hello", "08:05:00  kernel kernel | hello"},
	{"Mon Nov 23 09:05:00 2026 daemon.info dnsmasq[1551]: hello", "08:05:00  dnsmasq[1551] | hello"},
	{"Mon Nov 23 09:05:00 2026 user.notice kernel: hello", "08:05:00  kernel | hello"},
	{"Mon Nov 23 09:05:00 2026 user.notice kernel: [ 3940.030707] hello", "08:05:00  kernel | hello"},
	{"Mon Nov 23 09:05:00 2026 user.err : hello", "08:05:00   | hello"},
	{"<4>Nov 23 09:05:00 gw kernel: [ 3940.030707] hello", "08:05:00 gw kernel kernel | hello"},
	// busybox syslogd and klogd; logger
	{"Nov 23 09:05:00 gw1 user.warn kernel: [10132.478629] hello", "08:05:00 gw1 kernel kernel | hello"},
	{"Nov 23 09:05:00 gw1 user.notice kernel: hello", "08:05:00 gw1 kernel | hello"},
	{"Nov 23 09:05:00 gw1 kern.warn kernel: hello", "08:05:00 gw1 kernel kernel | hello"},
	{"Nov 23 09:05:00 gw1 daemon.notice kernel: [10132.478629] hello", "08:05:00 gw1 kernel | hello"},
	{"<12>Nov 23 09:05:00 gw1 kernel: [10132.478629] hello", "08:05:00 gw1 kernel | hello"},
	{"<12>Nov 23 09:05:00 gw1 kernel: hello", "08:05:00 gw1 kernel | hello"},
	{"<134>Nov 23 09:05:00 gw1 kernel: hello", "08:05:00 gw1 kernel | hello"},
	{"Nov 23 09:05:00 dnsmasq[945]: hello", "08:05:00  dnsmasq[945] | hello"},
	// dmesg, of util-linux and busybox
	{"[ 3940.030707] hello", "08:05:00   kernel | hello"},
	{"[ 3940.030707] [UFW BLOCK] hello", "08:05:00   kernel | [UFW BLOCK] hello"},
	{"[ 3940.030707] [T12] hello", "08:05:00   kernel | hello"},
	{"[ 3940.030707][    C0] hello", "08:05:00   kernel | hello"},
	{"[ 3940.030707] [   T12] [drm] hello", "08:05:00   kernel | [drm] hello"},
	{"[ 3940.030707 <    0.000123>] hello", "08:05:00   kernel | hello"},
	{"<4>[ 3940.030707] hello", "08:05:00   kernel | hello"},
	{"<12>[ 3940.030707] hello", "08:05:00   | hello"},
	{"kern  :warn  : [ 3940.030707] hello", "08:05:00   kernel | hello"},
	{"kern  :warn  : [ 3940.030707] [    C0] hello", "08:05:00   kernel | hello"},
	{"user  :notice: [ 3940.030707] hello", "08:05:00   | hello"},
	{"daemon:info  : [ 3940.030707] hello", "08:05:00   | hello"},
	{"kern  :info  : [Mon Nov 23 09:05:00 2026] hello", "08:05:00   kernel | hello"},
	{"kern  :info  : 2026-11-23T08:05:00,030707+00:00 hello", "08:05:00   kernel | hello"},
	{"[Mon Nov 23 09:05:00 2026] hello", "08:05:00   kernel | hello"},
	{"[Mon Nov 23 09:05:00 2026 <    0.000123>] hello", "08:05:00   kernel | hello"},
	{"[Mo Nov 23 09:05:00 2026] hello", "08:05:00   kernel | hello"},
	{"[lun. nov. 23 09:05:00 2026] hello", "08:05:00   kernel | hello"},
	{"2026-11-23T08:05:00,030707+00:00 hello", "08:05:00   kernel | hello"},
	{"2026-11-23T08:05:00,030707+00:00 [   T12] hello", "08:05:00   kernel | hello"},
	// /dev/kmsg, and netconsole's extended form
	{"4,1234,3940030707,-;hello", "08:05:00   kernel | hello"},
	{"6,1234,3940030707,-,caller=T12;hello", "08:05:00   kernel | hello"},
	{"12,1234,3940030707,-;hello", "08:05:00   | hello"},
	// netconsole through a syslog daemon; ulogd's syslogemu; UniFi without a tag
	{"Nov 23 09:05:00 192.0.2.7 [ 3940.030707] hello", "08:05:00 192.0.2.7  | hello"},
	{"Nov 23 09:05:00 gw IN-work: IN=eth0 OUT=", "08:05:00 gw IN-work | IN=eth0 OUT="},
	{"Nov 23 09:05:00 gw [WAN_LOCAL-D-1] DESCR=\"Drop\" IN=eth8", "08:05:00 gw  | [WAN_LOCAL-D-1] DESCR=\"Drop\" IN=eth8"},
	{"Nov 23 09:05:00 gw ulogd[9]: hello", "08:05:00 gw ulogd[9] | hello"},
	// journalctl
	{"[ 3940.030707] gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"[ 3940.030707] kernel: hello", "08:05:00  kernel kernel | hello"},
	{"[ 3940.030707 <    0.000123 >] gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"[ 3940.030707] gw dnsmasq[9]: hello", "08:05:00 gw dnsmasq[9] | hello"},
	{"Mon 2026-11-23 09:05:00 CET gw dnsmasq.service[603]: hello", "08:05:00 gw dnsmasq.service[603] | hello"},
	{"Mon 2026-11-23 03:05:00 EST gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	// containers: the time of the outer stamp if it has a zone
	{"2026-11-23T08:05:00.123456789Z dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"2026-11-23T08:05:00.123456789Z dnsmasq: hello", "08:05:00  dnsmasq relayed | hello"},
	{"2026-11-23T08:05:00.123456789Z Nov 23 11:11:11 dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"2026-11-23T08:05:00.123456789+00:00 stdout F Nov 23 11:11:11 dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"2026-11-23T08:05:00.123456789Z stderr F dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"dnsmasq-1  | 2026-11-23T08:05:00.123456789Z dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"[pod/dns-0/dnsmasq] 2026-11-23T08:05:00.123456789Z dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"2026-11-23T08:05:00.123456789Z dns.1.k3jf9@node1    | dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"dns-0 dnsmasq 2026-11-23T08:05:00.123456789Z dnsmasq[1]: hello", "08:05:00  dnsmasq[1] relayed | hello"},
	{"dns-0 Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{`2026-11-23T08:05:00Z {job="syslog"} Nov 23 11:11:11 gw dnsmasq[9]: hello`, "08:05:00 gw dnsmasq[9] | hello"},
	{`2026-11-23T08:05:00Z {} gw kernel: hello`, "08:05:00 gw kernel kernel | hello"},
	{`Nov 23 09:05:00 {x} kernel: hello`, "08:05:00 {x} kernel kernel | hello"},
	// multilog, svlogd, s6-log, socklog
	{"@400000006b03f3b6075bcd15 Nov 23 11:11:11 gw dnsmasq[9]: hello", "08:05:00 gw dnsmasq[9] | hello"},
	{"@400000006b03f3b6075bcd15 kern.warn: [ 3940.030707] hello", "08:05:00   kernel | hello"},
	{"@400000006b03f3b6075bcd15 [ 3940.030707] hello", "08:05:00   relayed | hello"},
	{"2026-11-23_08:05:00.12345 daemon.info: Nov 23 11:11:11 dnsmasq[9]: hello", "08:05:00  dnsmasq[9] | hello"},
	{"2026-11-23T08:05:00.12345 kern.warn: Nov 23 11:11:11 gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"2026-11-23_08:05:00.12345 user.notice: <4>Nov 23 11:11:11 kernel: hello", "08:05:00  kernel | hello"},
	{"user.notice: Nov 23 09:05:00 kernel: hello", "08:05:00  kernel | hello"},
	{"kern.warn: Nov 23 09:05:00 kernel: hello", "08:05:00  kernel kernel | hello"},
	// web pages, lists, editors
	{"Nov\u00a023\u00a009:05:00\u00a0gw kernel:\u00a0hello", "08:05:00 gw kernel kernel | hello"},
	{"\u200bNov\t23\t09:05:00\tgw\tkernel:\thello", "08:05:00 gw kernel kernel | hello"},
	{"- Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"1. Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"kern.log-12-Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"> > 12-Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel kernel | hello"},
	{"6.12.1-arch1,4,1234,3940030707,-;hello", "08:05:00   kernel | hello"},
	// a relay's header
	{"Nov 23 09:05:01 relay Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{"Nov 23 09:05:01 192.0.2.1 <4>Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{"2026-11-23T08:05:00+00:00 mo Nov 23 11:11:11 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{"2026-11-23T08:05:00+00:00 relay Nov 23 11:11:11 gw dnsmasq[9]: hello", "08:05:00 gw dnsmasq[9] relayed | hello"},
	{"Nov 23 09:05:00 Nov 23 09:05:00 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{"Nov 23 09:05:01 relay Nov 23 09:05:00 dnsmasq[9]: hello", "08:05:00 relay dnsmasq[9] relayed | hello"},
	// repetition
	{"Nov 23 09:05:00 gw kernel: message repeated 2 times: [ hello]", "08:05:00 gw kernel kernel x2 | hello"},
	{"Nov 23 09:05:00 gw kernel: message repeated 2 times: [ [ 3940.030707] hello]", "08:05:00 gw kernel kernel x2 | hello"},
	{"Nov 23 09:05:00 gw kernel: [ 3940.030707] message repeated 3 times: [ [UFW BLOCK] hello]", "08:05:00 gw kernel kernel x3 | [UFW BLOCK] hello"},
	{"Nov 23 09:05:00 dnsmasq[577]: message repeated 12 times: [ hello]", "08:05:00  dnsmasq[577] x12 | hello"},
	{"Nov 23 09:05:00 gw app[1]: message repeated 2 times: [ hello]", "08:05:00 gw app[1] x2 | hello"},
	{"Nov 23 09:05:00 gw kernel: message repeated 0 times: [ hello]", "08:05:00 gw kernel kernel | message repeated 0 times: [ hello]"},
	{"Nov 23 09:05:00 gw kernel: message repeated 9999999 times: [ hello]", "08:05:00 gw kernel kernel | message repeated 9999999 times: [ hello]"},
	{"Nov 23 09:05:00 gw last message repeated 2 times", "08:05:00 gw  again 2 | last message repeated 2 times"},
	{"Nov 23 09:05:00 gw kernel: last message repeated 2 times", "08:05:00 gw kernel kernel again 2 | last message repeated 2 times"},
	{"Nov 23 09:05:00 gw --- last message repeated 1 time ---", "08:05:00 gw  again 1 | --- last message repeated 1 time ---"},
	{"Nov 23 09:05:00 gw app: last message repeated 2 times", "08:05:00 gw app again 2 | last message repeated 2 times"},
	{"Nov 23 09:05:00 gw kernel: Last message 'hello' repeated 2 times, suppressed by syslog-ng on gw", "08:05:00 gw kernel kernel x2 | hello"},
	{"Nov 23 09:05:00 gw kernel: Last message 'hello' repeated often", "08:05:00 gw kernel kernel | Last message 'hello' repeated often"},
	// what is not the kernel's, whatever it says
	{"Mon Nov 23 09:05:00 2026 user.notice x kern.warn kernel: hello", "08:05:00 x kernel | hello"},
	{"<13>Nov 23 09:05:00 gw kern.warn kernel: hello", "08:05:00 gw kernel | hello"},
	{"Nov 23 09:05:00 gw app[112]: kernel: hello", "08:05:00 gw app[112] | kernel: hello"},
	{"Nov 23 09:05:00 gw app: kernel: hello", "08:05:00 gw app | kernel: hello"},
	{"1795421100.346626 app[112]: kernel: hello", "08:05:00  app[112] | kernel: hello"},
	{"1795421100.346626 app: kernel: hello", "08:05:00  app | kernel: hello"},
	{"Nov 23 09:05:00 daemon.info app: kernel: hello", "08:05:00  app | kernel: hello"},
	{"2026-11-23T08:05:00.123456789Z kernel: hello", "08:05:00  kernel relayed | hello"}, // a container may print that
	{"2026-11-23T08:05:00.123456789Z Nov 23 08:05:00 gw kernel: hello", "08:05:00 gw kernel relayed | hello"},
	{"2026-11-23T08:05:00.123456Z Nov 23 08:05:00 gw kernel: hello", "08:05:00 gw kernel kernel | hello"}, // a shipper
	{"2026-11-23T08:05:00.98+00:00 gw app: x,4,1234,3940030707,-;hello", "08:05:00 gw app | x,4,1234,3940030707,-;hello"},
	{"1795421100.346626 gw app[112]: x,4,1234,3940030707,-;hello", "08:05:00 gw app[112] | x,4,1234,3940030707,-;hello"},
	{"2026-11-23T08:05:00+00:00 a!b[94]: kernel: hello", "08:05:00  a!b[94] | kernel: hello"},
	{"2026-11-23T08:05:00+00:00 gw a!b[94]: kernel: hello", "08:05:00 gw  | a!b[94]: kernel: hello"},
	{"Nov 23 09:05:00 " + strings.Repeat("a", 130) + "[94]: kernel: hello", "08:05:00  " + strings.Repeat("a", 130) + "[94] | kernel: hello"},
	{"<12>1 2026-11-23T08:05:00Z gw kernel - - - [ 1.0] hello", "08:05:00 gw kernel | hello"},
	{"<12>Nov 23 09:05:00 gw user.warn kernel: [ 1.0] hello", "08:05:00 gw kernel | hello"},
	{"<12>Nov 23 09:05:00 gw kern.warn kernel: [ 1.0] hello", "08:05:00 gw kernel | hello"},
	{"2026-11-23T08:05:00Z gw user.warn kernel: [ 1.0] hello", "08:05:00 gw kernel | hello"},
	{"Nov 23 09:05:00 user.warn kernel: [ 1.0] hello", "08:05:00  kernel | hello"},
	{`2026-11-23T08:05:00Z {container="app"} kernel: hello`, "08:05:00  kernel relayed | hello"},
	{`2026-11-23T08:05:00Z {job="x", pod="app"} gw kernel: hello`, "08:05:00 gw kernel relayed | hello"},
	{`2026-11-23T08:05:00Z {job="x} kernel: hello"} app[9]: hello`, "08:05:00  app[9] | hello"},
	{`2026-11-23T08:05:00Z {a="\"} gw kernel: hello"} app[9]: hello`, "08:05:00  app[9] | hello"},
	{`2026-11-23T08:05:00Z {mypod="syslog"} gw kernel: hello`, "08:05:00 gw kernel kernel | hello"},
	{"Nov 23 09:05:00 gw kernelx: hello", "08:05:00 gw kernelx | hello"},
	{"Nov 23 09:05:00 gw my kernel: hello", "08:05:00 gw  | my kernel: hello"},
	{"Nov 23 09:05:00 gw kernel hello", "08:05:00 gw  | kernel hello"},
	{"Nov 23 09:05:00 gw kernel[abc]: hello", "08:05:00 gw kernel[0] | hello"},
	{"[2026-11-23 09:05:00] local.ERROR: hello", "08:05:00  local.ERROR | hello"},
	{"[Mon Nov 23 09:05:00.123456 2026] [core:error] [pid 9] hello", "08:05:00   kernel | [core:error] [pid 9] hello"}, // Apache's: begins with brackets of its own
}

func TestLines(t *testing.T) {
	for _, c := range lines {
		var l Line
		ok, err := parser(t).Parse([]byte(c.line), &l)
		got := say(&l)
		c.want = strings.Replace(c.want, "08:05:00   kernel |", "08:05:00   kernel |", 1)
		if !ok || err != nil || got != c.want {
			t.Errorf("%s: %v, %v\ngot  %q\nwant %q", c.line, ok, err, got, c.want)
		}
	}
}

// Lines that say nothing, and lines that cannot be read.
func TestNoLine(t *testing.T) {
	for line, want := range map[string]error{
		"": nil, "   ": nil, "\r": nil, "\x00\x00": nil, "--": nil, "==> /var/log/syslog <==": nil,
		"                     kernel: hello":                 ErrContinued,
		"                  Nov 23 09:05:00 gw kernel: hello": ErrContinued,
		"             1795421100.346626 vm kernel: hello":    ErrContinued,
		"    hello":                     ErrContinued,
		"hello":                         ErrForm,
		"kernel: hello":                 ErrNoTime,
		"dnsmasq[1]: query[A] a from b": ErrNoTime,
		"daemon.info dnsmasq[1]: query[A] a from b":                   ErrNoTime,
		"<4>kernel: hello":                                            ErrForm,
		"<4>1 - gw kernel - - - hello":                                ErrNoTime,
		"<4>1 2026-11-23T08:05:00Z gw kernel - - [a b":                ErrForm,
		"Nov 23 09:05:00":                                             ErrForm,
		"[ 3940.030707]":                                              ErrForm,
		"[9993940.030707] hello":                                      ErrBoot,
		"[Nov23 09:05] hello":                                         ErrForm,
		"[  +0.000123] hello":                                         ErrForm,
		"[  +0.000123] EGRESS: IN= OUT=a SRC=192.0.2.1 DST=192.0.2.2": ErrNoTime,
		"query[A] a from b":                                           ErrNoTime,
		"11/23/2026 08:05:00 gw dnsmasq[577]: hello":                  ErrDate,
		"Thg 11 23 09:05:00 gw dnsmasq[577]: hello":                   ErrDate,
		"@400000006b03f3b6 gw kernel: hello":                          ErrForm,
		"\x1f\x8b\x08\x00\x00\x00":                                    ErrForm,
		"Nov 31 09:05:00 gw kernel: hello":                            stamp.ErrTime,
		"Mon 2026-11-23 09:05:00 IST gw kernel: hello":                stamp.ErrZone,
		`192.0.2.1 - - [23/Nov/2026:09:05:00 +0100] "GET /kernel: x"`: ErrForm,
		"GET /Nov 23 09:05:00 gw kernel: hello":                       ErrForm,
		`"Nov 23 09:05:00 gw kernel: hello"`:                          ErrForm,
	} {
		var l Line
		if ok, err := parser(t).Parse([]byte(line), &l); ok || err != want {
			t.Errorf("%q: %v, %v, want %v", line, ok, err, want)
		}
	}
}

// An assumption about the time since a boot is reported once. A time after now is of
// another boot: if it is little after, it is read as now, otherwise it is refused.
func TestUptime(t *testing.T) {
	for _, c := range []struct {
		seconds, unix, said int64
		err                 error
	}{
		{0, 1795417160, 1, nil}, {3940, at, 1, nil}, {18040, 1795435200, 1, nil}, {18041, 1795435200, 1, nil}, {93940, 1795435200, 1, nil}, {999999, 0, 0, ErrBoot},
	} {
		p, said := parser(t), int64(0)
		p.Assumed = func(string) { said++ }
		for range 2 {
			var l Line
			if _, err := p.Parse(fmt.Appendf(nil, "[%5d.000000] hello", c.seconds), &l); err != c.err || err == nil && l.Unix != c.unix {
				t.Errorf("%d: %d, %v", c.seconds, l.Unix, err)
			}
		}
		if said != c.said {
			t.Errorf("%d: said %d times", c.seconds, said)
		}
	}
	p := parser(t)
	p.Boot = func() int64 { return 0 }
	if _, err := p.Parse([]byte("[    1.000000] hello"), new(Line)); err != ErrBoot {
		t.Error(err)
	}
}

// FuzzParse: whatever the line, no panic; its parts are parts of it; it is read
// the same after any other; and only a header makes a line the kernel's.
func FuzzParse(f *testing.F) {
	for i, c := range lines {
		f.Add([]byte(lines[(i+1)%len(lines)].line), []byte(c.line))
	}
	for i, message := range messages {
		f.Add([]byte(stamps[0]+" gw dnsmasq[9]: hello"), []byte(stamps[0]+" gw dnsmasq[9]: "+message))
		f.Add([]byte(stamps[10]+" gw dnsmasq[9]: "+messages[(i+1)%len(messages)]), []byte(stamps[10]+" gw dnsmasq[9]: "+message))
	}
	for _, w := range wraps {
		f.Add([]byte(w), []byte(w+stamps[0]+" gw kernel: hello"))
	}
	f.Fuzz(func(t *testing.T, before, line []byte) {
		p, fresh := parser(t), parser(t)
		var first, l, alone Line
		p.Parse(before, &first)
		p.Clock.Last = 0 // which of two hours it is depends on what came before
		ok, err := p.Parse(line, &l)
		okAlone, errAlone := fresh.Parse(line, &alone)
		if ok != okAlone || err != errAlone || ok && all(&l) != all(&alone) {
			t.Fatalf("%q after %q: %s, %v; alone %s, %v", line, before, all(&l), err, all(&alone), errAlone)
		}
		if !ok {
			return
		}
		plain := strings.ReplaceAll(string(p.plain(line)), noBreak, " ") + " "
		for _, part := range [][]byte{l.Host, l.Tag, l.Message} {
			if !strings.Contains(plain, string(part)) {
				t.Fatalf("%q: %q", line, part)
			}
		}
		if l.Kernel() && !l.Bare && !strings.Contains(plain, "kernel") {
			t.Fatalf("%q: the kernel's", line)
		}
	})
}

// all is all that is known of a line.
func all(l *Line) string {
	return fmt.Sprintf("%d %q %q %d %v %d %v %v %d %d %q %q %q %v %v", l.Unix, l.Host, l.Tag, l.PID, l.Process, l.Facility, l.Bare, l.Relayed,
		l.Times, l.Again, l.Message, l.Text, l.Rest, l.uptime, l.busybox)
}

// Messages that may change what the header before them means, and others.
var messages = []string{
	"hello", " hello", "", "-", "kernel: hello", "dnsmasq[5]: hello", "dnsmasq: hello", "192.0.2.1: x", "Nov 23 09:05:00 x kernel: hello", "a 09:05:00 b", "a=b 09:05:00",
	"message repeated 2 times: [ hello]", "last message repeated 2 times", "Last message 'hello' repeated 2 times, suppressed by syslog-ng on gw", "--- last message repeated 2 times ---",
	"hello\r", "hello\x00", "\x1b[31mhello", "a\u00a0b", "a\u00b0b", "} hello", "| hello", "<4>hello", "[ 3940.030707] hello", "x,4,1,2,-;hello", "- - hello", "F hello",
}

// A line after one with the same header gives what it gives alone.
func TestSameHeader(t *testing.T) {
	texts := []string{""}
	for _, tag := range tags {
		texts = append(texts, tag.text)
	}
	for _, at := range stamps {
		for _, host := range append(hosts, "[x] ", "{a ", "stdout ", "last ", "a: ", "daemon.info: ", "gw daemon.info: ") {
			for _, tag := range texts {
				p := parser(t)
				for _, message := range messages {
					line := []byte(at + " " + host + tag + message)
					var l, alone Line
					p.Clock.Last = 0
					ok, err := p.Parse(line, &l)
					okAlone, errAlone := parser(t).Parse(line, &alone)
					if ok != okAlone || err != errAlone || ok && all(&l) != all(&alone) {
						t.Errorf("%q:\n%s, %v; alone\n%s, %v", line, all(&l), err, all(&alone), errAlone)
					}
				}
			}
		}
	}
}

// Long lines of what the parser looks for take no longer than their length.
func BenchmarkLong(b *testing.B) {
	for _, piece := range []string{"gw Nov 23 09:05:00 ", "12:", "x", " ", "\x1b[31m"} {
		b.Run(fmt.Sprintf("%q", piece), func(b *testing.B) {
			const n = 1 << 18
			p, line := parser(b), []byte(strings.Repeat(piece, n/len(piece)))
			b.SetBytes(n)
			for b.Loop() {
				p.Parse(line, new(Line))
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, c := range lines[:12] {
		b.Run(c.line[:min(len(c.line), 40)], func(b *testing.B) {
			p := parser(b)
			var l Line
			b.ReportAllocs()
			for b.Loop() {
				p.Parse([]byte(c.line), &l)
			}
		})
	}
}

// The message within that of a container's log driver.
func TestInner(t *testing.T) {
	for message, want := range map[string]string{
		"dnsmasq[1]: query[A] a from b":                  "1 query[A] a from b",
		"Nov 23 08:05:00 dnsmasq[12]: query[A] a from b": "12 query[A] a from b",
		"dnsmasq: query[A] a from b":                     "0 query[A] a from b",
		"query[A] dnsmasq[1]: a from b":                  "9 query[A] dnsmasq[1]: a from b",
		"dnsmasqx[1]: query[A] a from b":                 "9 dnsmasqx[1]: query[A] a from b",
		"":                                               "9 ",
	} {
		l := Line{Message: []byte(message), PID: 9}
		if inner, pid := l.Inner("dnsmasq"); fmt.Sprintf("%d %s", pid, inner) != want {
			t.Errorf("%q: %d %q", message, pid, inner)
		}
	}
}

// Only a syslog daemon repeats the message of another program, and it shows no process.
func TestByDaemon(t *testing.T) {
	const what = "last message repeated 2 times"
	for header, want := range map[string]bool{
		"Nov 23 09:05:00 gw ": true, "Nov 23 09:05:00 gw kernel: ": true, "Nov 23 09:05:00 gw syslogd: ": true, "<4>Nov 23 09:05:00 gw kernel: ": true,
		"<4>1 2026-11-23T08:05:00Z gw syslogd - - - ": true, "Nov 23 09:05:00 gw daemon.info ": true,
		"Nov 23 09:05:00 gw syslogd[94]: ": false, "Nov 23 09:05:00 gw kernel[94]: ": false, "<13>Nov 23 09:05:00 gw kernel: ": false, "Nov 23 09:05:00 gw app: ": false,
		"<4>1 2026-11-23T08:05:00Z gw syslogd 94 - - ": false, "<4>1 2026-11-23T08:05:00Z gw - 94 - - ": false, "Nov 23 09:05:00 gw user.warn kernel: ": false,
	} {
		var l Line
		if ok, err := parser(t).Parse([]byte(header+what), &l); !ok || err != nil || l.Again != 2 || l.ByDaemon() != want {
			t.Errorf("%s: %v, %v, again %d, by a daemon: %v", header, ok, err, l.Again, l.ByDaemon())
		}
	}
}

// What a relay or a container passes on is not journald's.
func TestJournald(t *testing.T) {
	for line, want := range map[string]bool{
		"Nov 23 09:05:00 gw systemd-journald[48]: x": true, "Nov 23 09:05:00 gw systemd-journald: x": false, "Nov 23 09:05:00 gw journald[48]: x": false,
		"2026-11-23T08:05:00.123456789Z gw systemd-journald[48]: x": false,
	} {
		var l Line
		if ok, err := parser(t).Parse([]byte(line), &l); !ok || err != nil || l.Journald() != want {
			t.Errorf("%s: %v, %v, %v", line, ok, err, l.Journald())
		}
	}
}
