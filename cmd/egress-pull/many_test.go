package main

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

const (
	domainRow = "example.org 3 2026-02-08T21:30:00Z 192.0.2.1\n"
	ipRow     = "192.0.2.1 3 2026-02-08T21:30:00Z\n"
	endOne    = "-- end: unique-domains.log\n"
	endBoth   = "-- end: unique-ips.log\n"
)

// rows is the aggregates of an ordinary server.
func rows(host, n int) (domains, ips string) {
	var d, i strings.Builder
	for k := range n {
		fmt.Fprintf(&d, "host%05d.example.org %d 2026-02-08T21:%02d:00Z 192.0.2.%d,2001:db8::%x\n", k, k*host+1, k%60, k%256, k+1)
	}
	for k := range 9 {
		fmt.Fprintf(&i, "192.0.2.%d %d 2026-02-08T21:30:00Z\n", k, k*host+1)
	}
	return d.String(), i.String()
}

// printing answers any question with a text.
func (f *fleet) printing(text string) string {
	name := fmt.Sprintf("texts/%d", len(f.ports))
	f.write(name, text)
	return "cat '" + f.file(name) + "'"
}

// stream is what egress-serve prints.
func stream(domains, ips string) string { return domains + endOne + ips + endBoth }

// serving has the real rsync of a server send FILES of a folder, whatever it
// was asked for.
func (f *fleet) serving(dir, files string) string {
	return "cd '" + f.file(dir) + "' && exec rsync --server --sender -tze.LsfxCIvu . " + files
}

// silent starts a server that accepts, sends a banner if it has one, and hangs.
func (f *fleet) silent(name, banner string) {
	f.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testtools.Must(f.t, err)
	f.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			c.Write([]byte(banner))
		}
	}()
	f.listed(name, l.Addr().(*net.TCPAddr).Port, f.key)
}

// bad adds servers that must be reported, each of which ends by itself, and
// returns by what words.
func (f *fleet) bad() map[string]string {
	const both = "unique-domains.log unique-ips.log"
	words := map[string]string{}
	add := func(name, script, message string) {
		f.server(name, script)
		words[name] = message
	}

	for i, port := range testtools.FreePorts(f.t, 2) {
		name := fmt.Sprint("dead", i)
		f.listed(name, port, f.key)
		words[name] = "Connection refused"
	}
	f.known.WriteString("# the key of these two is another one, or not known\n")
	changed := f.server("changed-key", "exit 9")
	words["changed-key"] = "^the host key is another one than before$"
	stranger := f.server("unknown-key", "exit 9")
	words["unknown-key"] = "^the host key is not known$"
	known := f.known.String()
	known = strings.Replace(known, fmt.Sprintf("[127.0.0.1]:%d %s\n", changed, f.key),
		fmt.Sprintf("[127.0.0.1]:%d %s\n", changed, f.publicKey("other")), 1)
	known = strings.Replace(known, fmt.Sprintf("[127.0.0.1]:%d %s\n", stranger, f.key), "", 1)
	f.known.Reset()
	f.known.WriteString(known)

	add("junk", "head -c 300000 /dev/urandom", "^cut short$")
	add("endless", "yes '"+strings.TrimSpace(domainRow)+"'", "^more than 1048576 bytes$")
	add("endless-zeros", "cat /dev/zero", "^more than 1048576 bytes$")
	add("endless-stderr", "yes >&2", "^more than 1048576 bytes$")
	add("escapes", `printf '\033]0;owned\007 \\033[2J\r\n' >&2; exit 3`, `^ssh: exit status 3: \?\]0;owned\? \\033\[2J`)
	add("nothing", "exit 0", "^cut short$")
	add("fails", "exit 3", "^ssh: exit status 3, and no message$")

	f.write("sparse/unique-domains.log", domainRow)
	f.write("sparse/unique-ips.log", ipRow)
	testtools.Must(f.t, os.Truncate(f.file("sparse/unique-ips.log"), 10<<30))
	add("sparse", f.serving("sparse", both), "^unique-ips.log: not sent, or larger than 1048576 bytes$")
	f.write("elsewhere/evil.log", "evil\n")
	f.write("above/sub/x", "")
	f.write("above/unique-domains.log", domainRow)
	f.write("above/unique-ips.log", ipRow)
	add("above", f.serving("above/sub", "../unique-domains.log ../unique-ips.log ../../elsewhere/evil.log"), "rsync|^cut short$")
	f.write("links/x", "")
	testtools.Must(f.t, os.Symlink("/etc/passwd", f.file("links/unique-domains.log")))
	testtools.Must(f.t, os.Symlink("/etc/passwd", f.file("links/unique-ips.log")))
	add("links", f.serving("links", both), "^unique-domains.log: not sent")
	f.write("folders/unique-domains.log/x", "")
	f.write("folders/unique-ips.log/x", "")
	add("folders", f.serving("folders", both), "^unique-domains.log: not sent")
	f.aggregates("half", domainRow, ipRow)
	testtools.Must(f.t, os.Remove(f.file("servers/half/unique-ips.log")))
	f.good("half", "")
	words["half"] = "No such file"

	for name, lie := range map[string]struct{ text, words string }{
		"cut":         {domainRow + endOne + ipRow, "^cut short$"},
		"cut-early":   {domainRow, "^cut short$"},
		"cut-row":     {stream(domainRow, "192.0.2.1 3 2026-02-08T21:3\n"), "^unique-ips.log: line 1: not a row"},
		"one-file":    {ipRow + endBoth, "^unique-domains.log: line 1: not a row"},
		"unsorted":    {stream("b"+domainRow+"a"+domainRow, ipRow), "^unique-domains.log: rows out of order"},
		"twice":       {stream(domainRow+domainRow, ipRow), "^unique-domains.log: rows out of order"},
		"crlf":        {stream(strings.ReplaceAll(domainRow, "\n", "\r\n"), ipRow), "^unique-domains.log: line 1"},
		"upper-case":  {stream("Ex"+domainRow[2:], ipRow), "^unique-domains.log: line 1"},
		"escape-row":  {stream(domainRow+"\x1b[2J 1 2026-02-08T21:30:00Z -\n", ipRow), "^unique-domains.log: line 2"},
		"no-address":  {stream(domainRow, "192.0.2.1/33 3 2026-02-08T21:30:00Z\n"), "^unique-ips.log: line 1: [at]"},
		"ip-unsorted": {stream(domainRow, "192.0.2.9 3 2026-02-08T21:30:00Z\n"+ipRow), "^unique-ips.log: rows out of order"},
		"no-time":     {stream(domainRow, "192.0.2.1 3 2026-02-30T21:30:00Z\n"), "^unique-ips.log: line 1: [at]"},
	} {
		add(name, f.printing(lie.text), lie.words)
	}
	return words
}

// TestFleet pulls from more than 50 servers, of which half are dead or lie.
func TestFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 61)
	var goods []string
	for i := range 28 {
		name := fmt.Sprintf("good%02d", i)
		goods = append(goods, name)
		domains, ips := rows(i+1, 200)
		f.aggregates(name, domains, ips)
		f.good(name, []string{"", "", "", "--no-rsync"}[i%4])
	}
	words := f.bad()
	f.pulledBefore(words)
	t.Logf("%d good servers, %d bad ones", len(goods), len(words))

	said, status := f.run("-j", "8", "-t", "480", "--max-size=1M") // no limit of time is reached
	t.Log(said)
	hosts := len(goods) + len(words)
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	if !strings.HasSuffix(said, fmt.Sprintf("egress-pull: %d of %d hosts pulled, %d failed\n", len(goods), hosts, len(words))) {
		t.Errorf("the last line is not the summary")
	}
	for _, c := range said {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Errorf("says %q", c)
		}
	}
	for i, name := range goods {
		domains, ips := rows(i+1, 200)
		f.want("out/"+name+"/unique-domains.log", domains)
		f.want("out/"+name+"/unique-ips.log", ips)
		f.wantFiles("out/"+name, "pull.status unique-domains.log unique-ips.log")
		if state := f.status(name, "state"); state != "ok" {
			t.Errorf("%s: state %s", name, state)
		}
		road := "by " + []string{"rsync", "rsync", "rsync", "ssh"}[i%4] + ", "
		if message := f.status(name, "message"); !strings.HasPrefix(message, road) {
			t.Errorf("%s: %s", name, message)
		}
	}
	f.wantFailed(words, said)
	if entries, _ := os.ReadDir(f.file("out")); len(entries) != hosts+2 { // .lock and .fleet
		t.Errorf("%d entries in DIR for %d hosts", len(entries), hosts)
	}
}

// pulledBefore has hosts of the collector's pulled well, some time ago.
func (f *fleet) pulledBefore(words map[string]string) {
	f.t.Helper()
	for name := range words {
		f.write("out/"+name+"/unique-domains.log", "old "+domainRow[12:])
		f.write("out/"+name+"/unique-ips.log", ipRow)
		f.write("out/"+name+"/unique-ips.log.prev", "")
	}
}

// wantFailed demands that hosts failed for a reason that matches a pattern, that
// this was reported, and that their files of before stayed.
func (f *fleet) wantFailed(words map[string]string, said string) {
	f.t.Helper()
	for name, pattern := range words {
		f.want("out/"+name+"/unique-domains.log", "old "+domainRow[12:])
		f.want("out/"+name+"/unique-ips.log", ipRow)
		f.want("out/"+name+"/unique-ips.log.prev", "")
		f.wantFiles("out/"+name, "pull.status unique-domains.log unique-ips.log unique-ips.log.prev")
		message := f.status(name, "message")
		if state := f.status(name, "state"); state != "failed" || !regexp.MustCompile(pattern).MatchString(message) {
			f.t.Errorf("%s: state %s: %q, want %q", name, state, message, pattern)
		}
		if !strings.Contains(said, "egress-pull: "+name+": "+message+"\n") {
			f.t.Errorf("%s: not reported", name)
		}
	}
}

// TestNoAnswer: a server that gives no whole answer is given up after the time
// that it has, and nothing of it stays.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	words := map[string]string{"hangs": "", "hangs-later": "", "sleeps": "", "trickles": ""}
	for name := range words {
		words[name] = "^no whole answer within 5 seconds$|[Tt]imed out|^ssh: the server answered and then fell silent, or hung up$"
	}
	f.silent("hangs", "")
	f.silent("hangs-later", "SSH-2.0-OpenSSH_9.2p1\r\n")
	f.server("sleeps", "exec sleep 1000")
	f.server("trickles", "while echo '"+strings.TrimSpace(domainRow)+"'; do sleep 1; done")
	f.pulledBefore(words)
	said, status := f.run("-t", "5")
	if status != 1 || !strings.HasSuffix(said, "egress-pull: 0 of 4 hosts pulled, 4 failed\n") {
		t.Errorf("exit status %d: %s", status, said)
	}
	f.wantFailed(words, said)
	if left := processesIn(f.file("out")); left != "" {
		t.Errorf("still running: %s", left)
	}
}

// TestSlowOne: a slow server holds up no other. It answers when all others are
// pulled.
func TestSlowOne(t *testing.T) {
	f := collector(t)
	f.hosts.WriteString("slow\na\nb\nc\n")
	for _, name := range []string{"slow", "a", "b", "c"} {
		f.aggregates(name, domainRow, ipRow)
	}
	f.write("before/slow", "until [ -e '"+f.file("out")+"/a/pull.status' -a -e '"+f.file("out")+"/b/pull.status' -a -e '"+f.file("out")+
		"/c/pull.status' ]; do sleep 0.05; done")
	f.pull("-j", "2", "-t", "600")
	f.wantHost("slow", "ok", files{domains: domainRow, ips: ipRow})
	f.want("out/slow/first-seen-ips.log", ipRow) // by the clock, too, the first pull brings nothing new
}
