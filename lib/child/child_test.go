package child

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

func sh(script string) *Cmd { return Command("sh", "-c", script) }

func output(t *testing.T, c *Cmd) string {
	t.Helper()
	r, err := c.Output(context.Background())
	testtools.Must(t, err)
	return string(r.Stdout)
}

func TestOutput(t *testing.T) {
	r, err := sh("echo out; echo err >&2").Output(context.Background())
	if err != nil || r.Text() != "out" || string(r.Stderr) != "err\n" {
		t.Errorf("%+v, %v", r, err)
	}
	if got := output(t, Command("cat").Input([]byte("a\nb\n"))); got != "a\nb\n" {
		t.Errorf("input: %q", got)
	}
	if got := output(t, Command("cat")); got != "" {
		t.Errorf("no input: %q", got)
	}
	r, err = (&Cmd{Name: "sh", Args: []string{"-c", "yes | head -c 1000000"}, Limit: 10}).Output(context.Background())
	if err != nil || string(r.Stdout) != "y\ny\ny\ny\ny\n" {
		t.Errorf("a limit: %+v, %v", r, err)
	}
}

// A child sees its own environment, no terminal, no descriptors of ours.
func TestNothingLeaks(t *testing.T) {
	t.Setenv("EGRESS_LEAK", "1")
	if got := output(t, Command("env").With("A=b")); got != "PATH="+Path+"\nLC_ALL=C\nA=b\n" {
		t.Errorf("environment: %q", got)
	}
	const fd = 99 // without close-on-exec, as a shell hands it on
	testtools.Must(t, syscall.Dup2(0, fd))
	defer syscall.Close(fd)
	if got := output(t, sh("echo /proc/$$/fd/*")); strings.Contains(got, "/99") {
		t.Errorf("descriptors: %s", got)
	}
	given, err := os.Open("/dev/null")
	testtools.Must(t, err)
	defer given.Close()
	if got := output(t, &Cmd{Name: "readlink", Args: []string{"/proc/self/fd/3"}, Files: []*os.File{given}}); got != "/dev/null\n" {
		t.Errorf("a descriptor that is given: %q", got)
	}
	got := strings.Fields(output(t, sh("cut -d ' ' -f 6,7 /proc/$$/stat; echo $$")))
	if len(got) != 3 || got[0] != got[2] || got[1] != "0" {
		t.Errorf("session, terminal, pid: %s", got)
	}
	if err := sh(": >/dev/tty").Run(context.Background()); err == nil {
		t.Error("a child has a terminal")
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		cmd    *Cmd
		want   string
		status int
	}{
		{sh("echo; echo 'sh: what'; echo 'sh: \033[31mwhy' >&2; echo >&2; exit 3"), "sh: exit status 3 (?[31mwhy)", 3},
		{sh("exit 1"), "sh: exit status 1", 1},
		{sh("kill -9 $$"), "sh: signal: killed", -1},
		{Command("no-such-program"), "no-such-program: not installed", -1},
		{Command("/no/such-program"), "such-program: fork/exec /no/such-program: no such file or directory", -1},
		{sh("sleep 60").Within(50 * time.Millisecond), "sh: no end after 50ms; killed", -1},
	} {
		err := test.cmd.Run(context.Background())
		if err == nil || err.Error() != test.want || Status(err) != test.status {
			t.Errorf("%v, %d; want %s, %d", err, Status(err), test.want, test.status)
		}
	}
	if Status(nil) != 0 {
		t.Error("Status of nil")
	}
	if !IsNotThere(Command("no-such-program").Run(context.Background())) || IsNotThere(sh("exit 1").Run(context.Background())) {
		t.Error("IsNotThere")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := sh("exit 0").Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What a child started ends with it.
func TestTimeoutEndsGrandchildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	err := sh("sleep 600 & echo $! >" + file + "; wait").Within(300 * time.Millisecond).Run(context.Background())
	if err == nil {
		t.Fatal("no error")
	}
	text, err := os.ReadFile(file)
	testtools.Must(t, err)
	pid := strings.TrimSpace(string(text))
	for range 100 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%s lives on", pid)
}

// The poller's child has nothing that is root's, and nothing to gain it by; this
// process keeps what it has.
func TestUnprivileged(t *testing.T) {
	testtools.NeedRoot(t)
	c := sh("grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/$$/status").AsPoller()
	c.who = &syscall.Credential{Uid: 65534, Gid: 65533, Groups: []uint32{65532}}
	got := strings.Join(strings.Fields(output(t, c)), " ")
	const want = "Uid: 65534 65534 65534 65534 Gid: 65533 65533 65533 65533 Groups: 65532 " +
		"CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 CapAmb: 0000000000000000 NoNewPrivs: 1"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := output(t, sh("grep NoNewPrivs /proc/$$/status")); got != "NoNewPrivs:\t0\n" {
		t.Errorf("the next child: %s", got)
	}
}

func TestClean(t *testing.T) {
	if got := Clean("a\x1b[1m\tb\xffc\n"); got != "a?[1m b?c" {
		t.Errorf("%q", got)
	}
}
