package settings

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

// with is the default settings, but for what change does.
func with(change func(*Settings)) Settings {
	s := Default()
	change(&s)
	return s
}

var good = []struct {
	text string
	want Settings
}{
	{"", Default()},
	{"# comment\n\n  # another\n#EGRESS_FORWARD=yes", Default()},
	{"EGRESS_FORWARD=yes", with(func(s *Settings) { s.Forward = true })},
	{"EGRESS_FORWARD=\"yes\" # because\n", with(func(s *Settings) { s.Forward = true })},
	{"export EGRESS_FORWARD='yes'; EGRESS_RECOUNT=ye\\s\n", with(func(s *Settings) { s.Forward, s.Recount = true, true })},
	{"EGRESS_FORWARD=yes EGRESS_RECOUNT=yes", with(func(s *Settings) { s.Forward, s.Recount = true, true })},
	{"EGRESS_FORWARD=yes\nexport EGRESS_FORWARD OTHER\n", with(func(s *Settings) { s.Forward = true })},
	{"EGRESS_FORWARD=yes\nEGRESS_FORWARD=no", Default()},
	{"EGRESS_FORWARD=yes\nEGRESS_FORWARD=", Default()},
	{"EGRESS_FORWARD=nonsense\nEGRESS_FORWARD=yes", with(func(s *Settings) { s.Forward = true })},
	{"EGRESS_PREFIX='OUT '\"B\":\\ ", with(func(s *Settings) { s.Prefix = "OUT B: " })},
	{"EGRESS_PREFIX=\"A\\\nB \"", with(func(s *Settings) { s.Prefix = "AB " })},
	{"EGRESS_PREFIX=A\\\nB", with(func(s *Settings) { s.Prefix = "AB" })},
	{"EGRESS_MAX_ROWS=0\nEGRESS_MAX_IPS=2", with(func(s *Settings) { s.MaxRows, s.MaxIPs = 0, 2 })},
	{"EGRESS_SOURCE=set\n", with(func(s *Settings) { s.Source = Set })},
	{"EGRESS_LISTEN_ALSO='172.17.0.1, 2001:db8::1'", with(func(s *Settings) {
		s.ListenAlso = []netip.Addr{netip.MustParseAddr("172.17.0.1"), netip.MustParseAddr("2001:db8::1")}
	})},
	{"EGRESS_LOG_DIR=/srv/egress/log/", with(func(s *Settings) {
		s.LogDir, s.DNSMasqLog = "/srv/egress/log", "/srv/egress/log/dnsmasq/dnsmasq.log"
	})},
	{"B=/srv/egress\nEGRESS_LOG_DIR=$B/log\nEGRESS_DNSMASQ_LOG=\"${B}/q/q\"", with(func(s *Settings) {
		s.LogDir, s.DNSMasqLog = "/srv/egress/log", "/srv/egress/q/q"
	})},
}

func TestParse(t *testing.T) {
	for _, test := range good {
		got, err := Parse("f", []byte(test.text))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v, %v\nwant %+v", test.text, got, err, test.want)
		}
	}
}

var bad = []struct{ text, want string }{
	{"EGRESS_FORWARD=maybe", `f: line 1: EGRESS_FORWARD: "maybe": yes or no`},
	{"\n\nEGRESS_FORWARD = yes", "f: line 3: not an assignment (NAME=value, no blanks around =)"},
	{"EGRESS_FORWARD=yes reboot", "f: line 1: not an assignment (NAME=value, no blanks around =)"},
	{"reboot", "f: line 1: not an assignment (NAME=value, no blanks around =)"},
	{". /etc/other", "f: line 1: not an assignment (NAME=value, no blanks around =)"},
	{"EGRESS_PREFIX='a\nb", "f: line 1: the quote ' is not closed"},
	{"A='x\ny'\nEGRESS_PREFIX=\"a\nb", "f: line 3: the quote \" is not closed"},
	{"A=$(reboot)", "f: line 1: only $NAME and ${NAME} are understood"},
	{"A=\"$(reboot)\"", "f: line 1: only $NAME and ${NAME} are understood"},
	{"A=`reboot`", "f: line 1: '`' is not understood here: no commands, or quote it"},
	{"A=\"`reboot`\"", "f: line 1: no commands (`)"},
	{"A=1 & B=2", "f: line 1: not an assignment (NAME=value, no blanks around =)"},
	{"A=1|B=2", "f: line 1: '|' is not understood here: no commands, or quote it"},
	{"A=$B", "f: line 1: $B is not assigned above"},
	{"A=${B:-c}", "f: line 1: only $NAME and ${NAME} are understood"},
	{"export ", "f: line 1: export what?"},
	{"A=1\nB=\\", "f: line 2: a backslash ends the file"},
	{"A=~/x", "f: line 1: ~ is not understood: write the folder's whole name, or quote it"},
	{"A=1\r\n", "f: line 1: a control character (0x0d)"},
	{"EGRESS_LISTEN=127.0.0.53", "f: line 1: EGRESS_LISTEN: 127.0.0.53: systemd-resolved's own address"},
	{"EGRESS_LISTEN=192.0.2.1", "f: line 1: EGRESS_LISTEN: 192.0.2.1: not a loopback address (127.x.y.z)"},
	{"EGRESS_LISTEN=::1", `f: line 1: EGRESS_LISTEN: "::1": not an IPv4 address`},
	{"EGRESS_LISTEN_ALSO=0.0.0.0", `f: line 1: EGRESS_LISTEN_ALSO: "0.0.0.0": not an address that one interface has`},
	{"EGRESS_PREFIX='\"; reboot'", `f: line 1: EGRESS_PREFIX: "\"; reboot": only letters, digits, blank and _ . : -`},
	{"EGRESS_PREFIX=' '", `f: line 1: EGRESS_PREFIX: " ": begins with a blank`},
	{"EGRESS_PREFIX=012345678901234567890123456789", "f: line 1: EGRESS_PREFIX: longer than 29 bytes"},
	{"EGRESS_LISTEN_ALSO='172.17.0.1 127.0.0.54'", "f: line 1: EGRESS_LISTEN_ALSO: 127.0.0.54: systemd-resolved's own address"},
	{"A=1\nB=a\x7f", "f: line 2: a control character (0x7f)"},
	{"A=1\nB=a\x00", "f: line 2: a zero byte"},
	{"EGRESS_MAX_ROWS=-1", `f: line 1: EGRESS_MAX_ROWS: "-1": not a number of up to nine digits`},
	{"EGRESS_MAX_IPS=1", "f: line 1: EGRESS_MAX_IPS: 1: at least 2, or 0"},
	{"EGRESS_PROBE_NAME='a b'", `f: line 1: EGRESS_PROBE_NAME: "a b": not a name`},
	{"EGRESS_SOURCE=both", `f: line 1: EGRESS_SOURCE: "both": log or set`},
	{"EGRESS_LOG_DIR=log", `f: line 1: EGRESS_LOG_DIR: "log": not an absolute path`},
	{"EGRESS_LOG_DIR=/srv/a/../..", `f: line 1: EGRESS_LOG_DIR: "/srv/a/../..": write it as /`},
	{"EGRESS_LOG_DIR='/srv/a b'", `f: line 1: EGRESS_LOG_DIR: "/srv/a b": only letters, digits and _ . / -`},
	{"\nEGRESS_DNSMASQ_LOG=/var/log/x.log", "f: line 2: EGRESS_DNSMASQ_LOG: the folder /var/log is not for egress-monitor alone; choose one of its own, like /var/log/egress-queries"},
	{"EGRESS_STATE_DIR=/var/lib", "f: line 1: EGRESS_STATE_DIR: the folder /var/lib is not for egress-monitor alone; choose one of its own, like /var/lib/egress-monitor"},
	{"EGRESS_DNSMASQ_LOG=/var/log/egress-monitor/q.log", "f: line 1: EGRESS_DNSMASQ_LOG: EGRESS_LOG_DIR and EGRESS_DNSMASQ_LOG need folders that are not within each other (/var/log/egress-monitor, /var/log/egress-monitor)"},
	{"EGRESS_STATE_DIR=/var/log/egress-monitor/state", "f: line 1: EGRESS_STATE_DIR: EGRESS_STATE_DIR and EGRESS_LOG_DIR need folders that are not within each other (/var/log/egress-monitor/state, /var/log/egress-monitor)"},
	{"EGRESS_LOG_DIR=/var/lib/egress-monitor/log", "f: line 1: EGRESS_LOG_DIR: EGRESS_LOG_DIR and EGRESS_STATE_DIR need folders that are not within each other (/var/lib/egress-monitor/log, /var/lib/egress-monitor)"},
}

// An error names file, line and setting; with it come the defaults.
func TestErrors(t *testing.T) {
	for _, test := range bad {
		got, err := Parse("f", []byte(test.text))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\n%v, want\n%s", test.text, err, test.want)
		}
		if !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q: %+v", test.text, got)
		}
	}
}

func TestShared(t *testing.T) {
	for dir := range strings.FieldsSeq(`/ /var /var/log /var/lib /var/cache /etc /etc/x /run /run/x /tmp /tmp/x /usr /usr/local /usr/local/bin /usr/bin/x
		/home /home/u /home/u/log /srv /root /root/x /opt /data /dev/shm/x /proc/1 /sys/x /var/log/journal/x /var/lib/dpkg /var/tmp/x
		/etc/egress-monitor /run/egress-monitor /var/lib/egress-monitor-admin /var/lib/egress-monitor-admin/x /mnt/x`) {
		if !Shared(dir) {
			t.Errorf("%s is taken for ours", dir)
		}
	}
	for dir := range strings.FieldsSeq(`/var/log/egress-monitor /var/log/egress-monitor/dnsmasq /var/lib/egress-monitor /var/egress
		/srv/egress /opt/egress/log /data/egress /usr/local/egress/log /var/log/e/f/g`) {
		if Shared(dir) {
			t.Errorf("%s is taken for shared", dir)
		}
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "settings")
	if got, err := Read(name); err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("no file: %+v, %v", got, err)
	}
	testtools.Must(t, os.WriteFile(name, []byte(strings.Repeat("#", maxSize+1)), 0o600))
	if _, err := Read(name); err == nil {
		t.Error("a file without end is read")
	}
}

func TestEnviron(t *testing.T) {
	s, err := Parse("f", []byte("EGRESS_NEW=1\nTZ=Europe/Berlin\nEGRESS_JOURNALCTL='a b'\nEGRESS_SETTINGS=x\nEGRESS_DNSMASQ_TZ=x"))
	testtools.Must(t, err)
	env := strings.Join(s.Environ(), "\n") + "\n"
	for _, want := range []string{"EGRESS_NEW=1\n", "EGRESS_JOURNALCTL=a b\n", "EGRESS_SETTINGS=/dev/null\n", "EGRESS_PREFIX=EGRESS: \n", "EGRESS_DNSMASQ_TZ=UTC\n"} {
		if strings.Count(env, want) != 1 {
			t.Errorf("not once %q in\n%s", want, env)
		}
	}
	if strings.Contains(env, "TZ=E") || strings.Contains(env, "=x\n") {
		t.Error(env)
	}
	inForce := Default().ForPolls(s)
	if env := strings.Join(inForce.Environ(), "\n"); !strings.Contains(env, "\nEGRESS_JOURNALCTL=a b") {
		t.Errorf("in force, with the file's: %s", env)
	}
	if got := s.Unknown(); !reflect.DeepEqual(got, []string{"EGRESS_NEW"}) {
		t.Error(got)
	}
}

// What was edited since enable, and what the polls take from the file in any case.
func TestUnlike(t *testing.T) {
	now, err := Parse("f", []byte("EGRESS_SOURCE=set\nEGRESS_LISTEN_ALSO=172.17.0.1\nEGRESS_MAX_ROWS=7\nEGRESS_NEW=1"))
	testtools.Must(t, err)
	inForce := Default()
	if got := inForce.ForPolls(now).Unlike(now); !reflect.DeepEqual(got, []string{"EGRESS_LISTEN_ALSO", "EGRESS_SOURCE"}) {
		t.Error(got)
	}
	if got := inForce.Unlike(Default()); got != nil {
		t.Error(got)
	}
}

// sameAsShell compares what the file assigns with what sh makes of it.
func sameAsShell(t *testing.T, text string, vars []variable) {
	t.Helper()
	script := text + "\n"
	want := ""
	for _, v := range vars {
		script += "printf '%s\\n' \"$" + v.Name + "\"\n"
	}
	last := map[string]string{}
	for _, v := range vars {
		last[v.Name] = v.Value
	}
	for _, v := range vars {
		want += last[v.Name] + "\n"
	}
	cmd := exec.Command("sh")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = []string{"PATH=/nonexistent"}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%q: sh says %q, %v; want %q", text, out, err, want)
	}
}

// The pipelines read the same file with sh: what is understood here means the
// same there.
func TestSameAsShell(t *testing.T) {
	for _, test := range good {
		if vars, err := assignments(test.text); err == nil {
			sameAsShell(t, test.text, vars)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range good {
		f.Add(test.text)
	}
	for _, test := range bad {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("f", []byte(text)); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of two lines: %q", err)
		}
		vars, err := assignments(text)
		for _, v := range vars {
			switch v.Name { // which are no variables like others in sh
			case "IFS", "PATH", "ENV", "OPTIND", "PWD", "OLDPWD", "PPID", "PS4", "LC_ALL", "LANG", "LC_CTYPE":
				return
			}
		}
		if err == nil {
			sameAsShell(t, text, vars)
		}
	})
}

// Only regular files are opened: a FIFO would wait for a writer.
func TestReadOnlyRegularFiles(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	testtools.Must(t, syscall.Mkfifo(fifo, 0o600))
	for _, name := range []string{fifo, "/dev/zero", t.TempDir()} {
		if _, err := Read(name); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
