package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// TestHostNames: a name in the list that is no name is reported, is no option,
// no command and no path, and does not keep the others from being pulled.
func TestHostNames(t *testing.T) {
	f := newFleet(t, 1)
	f.good("good", "")
	f.aggregates("good", domainRow, ipRow)
	list := f.hosts.String() + strings.Join([]string{
		"# a comment",
		"",
		"  \t ",
		"-oProxyCommand=touch${IFS}pwned",
		"-oProxyCommand=touch${IFS}pwned 127.0.0.1",
		"a -oProxyCommand=touch${IFS}pwned",
		"b -l@127.0.0.1",
		"c root@-oProxyCommand=x",
		"d;touch${IFS}pwned",
		"e 127.0.0.1;touch${IFS}pwned",
		"$(touch${IFS}pwned)",
		"`touch${IFS}pwned`",
		"..",
		".",
		".hidden",
		"../up",
		"/abs",
		"f/../../up",
		"g two words",
		"*",
		"h 127.0.0.1:0",
		"i 127.0.0.1:65536",
		"j 127.0.0.1:22:22",
		"k 127.0.0.1:",
		"l @127.0.0.1",
		"m [::1]x",
		"n [::1;x]:22",
		"o\x1b[2J",
		"p\rq",
		"q\\033",
		strings.Repeat("long", 40),
		"good 127.0.0.1:1",
		"dead 127.0.0.1:1",
		"dead6 some.user@[::1]:1 # its port is closed",
	}, "\n") // no line feed at the end
	f.hosts.Reset()
	f.hosts.WriteString(list)
	said, status := f.run("-t", "20")
	bad := 0
	for _, line := range strings.Split(list, "\n")[4:] {
		if !strings.HasPrefix(line, "dead") {
			bad++
		}
	}
	if got := strings.Count(said, " of the hosts: "); got != bad || status != 1 {
		t.Errorf("%d of %d reported; exit status %d: %s", got, bad, status, said)
	}
	if !strings.HasSuffix(said, "egress-pull: 1 of 32 hosts pulled, 31 failed\n") {
		t.Errorf("says %s", said)
	}
	f.wantHost("good", "ok", files{domains: domainRow, ips: ipRow})
	f.wantFiles("out", ".lock dead dead6 good")
	for _, dir := range []string{".", f.dir, f.file("out")} {
		if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
			t.Error("a command was run")
		}
	}
	if strings.ContainsAny(said, "\x1b\r") {
		t.Errorf("says %q", said)
	}
}

// TestDeceivedRsync puts something in the place of our own rsync that leaves
// what a hostile sender could make the worst of them leave.
func TestDeceivedRsync(t *testing.T) {
	for what, receive := range map[string]string{
		"links":     `ln -s /etc/passwd "$to/unique-domains.log"; ln -s ` + "/etc/passwd" + ` "$to/unique-ips.log"`,
		"fifos":     `mkfifo "$to/unique-domains.log" "$to/unique-ips.log"`,
		"folders":   `mkdir "$to/unique-domains.log" "$to/unique-ips.log"`,
		"one file":  `cp "$good/unique-ips.log" "$to"`,
		"swapped":   `cp "$good/unique-ips.log" "$to/unique-domains.log"; cp "$good/unique-domains.log" "$to/unique-ips.log"`,
		"large":     `cp "$good"/* "$to"; exec cat /dev/zero >"$to/unique-ips.log"`,
		"too large": `cp "$good"/* "$to"; yes "$(cat "$good/unique-ips.log")" | head -c 70000 >"$to/unique-ips.log"`,
		"nothing":   `:`,
	} {
		t.Run(what, func(t *testing.T) {
			f := newFleet(t, 0)
			f.listed("a", 1, f.key)
			f.aggregates("good", domainRow, ipRow)
			f.write("out/a/unique-domains.log", "old "+domainRow[12:])
			f.write("out/a/unique-ips.log", ipRow)
			f.standIn("rsync", "good='"+f.file("servers/good")+"'\nfor to; do :; done\n"+receive)
			cmd := f.command("--max-size", "64K", "-t", "10")
			cmd.Env = append(os.Environ(), "PATH="+f.file("bin")+":"+os.Getenv("PATH"))
			said, status := run(t, cmd)
			if status != 1 || strings.Count(said, "\n") != 2 {
				t.Errorf("exit status %d: %s", status, said)
			}
			f.wantHost("a", "failed", files{domains: "old " + domainRow[12:], ips: ipRow})
			f.wantFiles("out", ".lock a")
			f.wantFiles("out/a", "pull.status unique-domains.log unique-ips.log")
		})
	}
}

// TestInterrupt: a signal ends the pull and everything it started, and what
// was there stays.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	f.good("good", "")
	f.aggregates("good", domainRow, ipRow)
	f.server("slow", "exec sleep 600")
	f.silent("hangs", "")
	f.write("out/slow/unique-ips.log", ipRow)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // nohup's children ignore it otherwise
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd := f.command("-j", "2")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var errs strings.Builder
		cmd.Stderr = &errs
		testtools.Must(t, cmd.Start())
		for deadline := time.Now().Add(30 * time.Second); f.status("good", "state") != "ok"; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the good one is not pulled: %s", f.status("good", "message"))
			}
		}
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		to := cmd.Process.Pid
		if sig == syscall.SIGINT {
			to = -to // as from the terminal, to all its processes
		}
		testtools.Must(t, syscall.Kill(to, sig))
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 128+int(sig) {
			t.Errorf("%v: exit status %d: %s", sig, code, errs.String())
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%v: took %v", sig, took)
		}
		if said := errs.String(); said != "egress-pull: stopped by a signal\n" {
			t.Errorf("says %q", said)
		}
		f.wantFiles("out", ".lock good slow")
		f.wantFiles("out/slow", "unique-ips.log")
		if left := processesIn(f.file("out")); left != "" {
			t.Errorf("%v: still running: %s", sig, left)
		}
		testtools.Must(t, os.RemoveAll(f.file("out/good")))
	}
}

// processesIn is those whose working folder is below dir, as the pull's are.
func processesIn(dir string) (names string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, dir) {
			name, _ := os.ReadFile(filepath.Dir(link) + "/cmdline")
			names += string(name) + "\n"
		}
	}
	return names
}

// TestKilled: what a pull that was killed leaves is swept by the next one.
func TestKilled(t *testing.T) {
	f := newFleet(t, 1)
	f.good("good", "")
	f.aggregates("good", domainRow, ipRow)
	f.write("out/.pull.killed/stage.1/in/unique-ips.log", "half")
	cmd := f.command()
	cmd.Args[len(cmd.Args)-2] = "-" // the list of hosts may come on standard input, too
	cmd.Stdin = strings.NewReader(f.hosts.String())
	if said, status := run(t, cmd); status != 0 || said != "" {
		t.Errorf("exit status %d: %s", status, said)
	}
	f.wantFiles("out", ".lock good")
}

// TestLock: two pulls into one folder do not mix.
func TestLock(t *testing.T) {
	f := newFleet(t, 0)
	f.write("out/.lock", "")
	lock, err := os.Open(f.file("out/.lock"))
	testtools.Must(t, err)
	defer lock.Close()
	testtools.Must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	said, status := f.run()
	if want := "egress-pull: " + f.file("out") + ": another egress-pull is at work there\n"; said != want || status != 1 {
		t.Errorf("exit status %d: %s", status, said)
	}
	f.wantFiles("out", ".lock")
}

func TestUsage(t *testing.T) {
	f := newFleet(t, 0)
	for _, args := range []string{"", "hosts", "a b c", "-j", "-j 0 a b", "-j x a b", "-j 1001 a b", "-t -1 a b", "--timeout= a b",
		"--max-size=9X a b", "--max-size 99999999999999999999G a b", "--from=relative a b", "--from=/a;b a b", "--no-such a b", "-x a b"} {
		cmd := exec.Command("egress-pull", strings.Fields(args)...)
		cmd.Dir = f.dir
		said, status := run(t, cmd)
		if status != 2 || !strings.HasPrefix(said, "egress-pull: ") || !strings.HasSuffix(said, " (see egress-pull --help)\n") {
			t.Errorf("%q: exit status %d: %s", args, status, said)
		}
	}
	if names, _ := filepath.Glob(f.file("[ab]")); names != nil {
		t.Errorf("made %v", names)
	}
	for args, want := range map[string]string{"missing out": "missing: cannot be read", ". out": ".: is a folder"} {
		cmd := exec.Command("egress-pull", strings.Fields(args)...)
		cmd.Dir = f.dir
		if said, status := run(t, cmd); status != 1 || said != "egress-pull: "+want+"\n" {
			t.Errorf("%q: exit status %d: %s", args, status, said)
		}
	}
}

// TestTerminal: progress, on a terminal only.
func TestTerminal(t *testing.T) {
	testtools.Need(t, "script")
	f := newFleet(t, 1)
	f.good("a", "")
	f.aggregates("a", domainRow, ipRow)
	f.listed("dead", 1, f.key)
	pull := f.command()
	out, err := exec.Command("script", "-qec", strings.Join(pull.Args, " "), "/dev/null").CombinedOutput()
	if err == nil {
		t.Error("exit status 0")
	}
	for _, want := range []string{"\regress-pull: 1 of 2 hosts, ", "\regress-pull: 2 of 2 hosts, 1 failed\x1b[K\r\x1b[K",
		"egress-pull: dead: ssh: connect to ", "egress-pull: 1 of 2 hosts pulled, 1 failed\r\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
}

// TestServe: whatever a client asks for, it gets the two files or nothing.
func TestServe(t *testing.T) {
	f := newFleet(t, 0)
	f.aggregates("a", domainRow, ipRow)
	f.write("servers/a/secret", "secret\n")
	both := stream(domainRow, ipRow)
	serve := func(asked string, options ...string) (out, errs string) {
		cmd := exec.Command(testtools.Absolute(t, "../../scripts/egress-serve"), append(options, f.file("servers/a"))...)
		cmd.Env = []string{"SSH_ORIGINAL_COMMAND=" + asked}
		cmd.Dir = f.dir
		var o, e strings.Builder
		cmd.Stdout, cmd.Stderr = &o, &e
		cmd.Run()
		return o.String(), e.String()
	}
	for _, asked := range []string{"", "cat secret", "sh", "touch pwned", "$(touch pwned)", "; touch pwned", "`touch pwned`", "scp -f secret",
		"/usr/lib/sftp-server", "*", "-n", "../secret", "\n", "x\nrsync --server"} {
		if out, errs := serve(asked); out != both || errs != "" {
			t.Errorf("%q: %q, %q", asked, out, errs)
		}
	}
	for _, asked := range []string{"rsync", "rsync --server --sender -tze.LsfxCIvu . secret unique-ips.log", "rsync --server . /tmp x y z",
		"rsync --server --sender -tzse.LsfxCIvu . unique-domains.log unique-ips.log",
		"rsync --server --sender -tze.Ls;touch . unique-domains.log unique-ips.log",
		"rsync --server --sender -tze.Ls --remove-source-files . unique-domains.log unique-ips.log",
		"rsync --server --sender --remove-source-files . unique-domains.log unique-ips.log",
		"rsync --server --daemon --config=/dev/stdin . unique-domains.log unique-ips.log",
		"rsync --server --sender -tze.LsfxCIvu . unique-domains.log unique-ips.log secret",
		"rsync --server -tze.LsfxCIvu --sender . unique-domains.log unique-ips.log", "rsync;touch pwned", "rsyncx"} {
		if out, errs := serve(asked); out != "" || !strings.HasPrefix(errs, "egress-serve: only ") {
			t.Errorf("%q: %q, %q", asked, out, errs)
		}
	}
	if out, errs := serve("rsync --server --sender -tze.LsfxCIvu . unique-domains.log unique-ips.log", "--no-rsync"); out != "" || errs != "egress-serve: rsync is not served\n" {
		t.Errorf("%q, %q", out, errs)
	}
	testtools.Must(t, os.Remove(f.file("servers/a/unique-ips.log")))
	testtools.Must(t, os.Symlink("secret", f.file("servers/a/unique-ips.log")))
	if out, errs := serve(""); out != domainRow+endOne || errs != "egress-serve: unique-ips.log: is a link\n" {
		t.Errorf("%q, %q", out, errs)
	}
	f.wantFiles("servers/a", "secret unique-domains.log unique-ips.log")
	if f.read("pwned") != "" {
		t.Error("a command was run")
	}
}
