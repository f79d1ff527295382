package firewall

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/layout"
	"egress-monitor/lib/testtools"
)

// A world is a network of this test's own, and the firewall in it.
type world struct {
	*testing.T
	fw  *Firewall
	ran []string // commands of this step

	port int // of the last connection
}

func newWorld(t *testing.T) *world {
	testtools.Network(t)
	testtools.Need(t, "iptables-nft", "iptables-legacy", "nft")
	w := &world{T: t, port: 2000}
	w.fw = &Firewall{Want: Want{Log: true, Prefix: fmt.Sprintf("EGW%d: ", os.Getpid())}, Dir: t.TempDir(), Ask: w.ask, Act: w.act}
	return w
}

func (w *world) command(stdin []byte, name string, args ...string) ([]byte, error) {
	w.ran = append(w.ran, name)
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(string(stdin))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(name + ": " + errs.String())
	}
	return out, err
}

func (w *world) ask(name string, args ...string) ([]byte, error) {
	return w.command(nil, name, args...)
}

func (w *world) act(stdin []byte, name string, args ...string) error {
	_, err := w.command(stdin, name, args...)
	return err
}

// all is everything that any backend has. iptables-nft is asked through nft:
// so nothing is made by looking.
func (w *world) all() string {
	w.Helper()
	text := testtools.Shell(w, "nft list ruleset 2>/dev/null")
	for _, fam := range families {
		for table := range strings.Lines(legacyTables(fam)) {
			text += testtools.Shell(w, fam.in(legacy)+"-save -t "+strings.TrimSpace(table)+" | grep -v '^#' | sed 's/\\[.*\\]//'")
		}
	}
	return text
}

// hit makes n connections of each family, and returns how many lines of the
// log that would be: the packets of all LOG rules.
func (w *world) hit(n int) uint64 {
	w.Helper()
	before := w.logged()
	for range n {
		for _, to := range []string{"192.0.2.1:9", "[2001:db8:2::1]:9"} {
			w.port++ // a port that came twice would be no new connection
			c, err := (&net.Dialer{LocalAddr: &net.UDPAddr{Port: w.port}}).Dial("udp", to)
			testtools.Must(w.T, err)
			_, err = c.Write([]byte("x"))
			testtools.Must(w.T, err)
			c.Close()
		}
	}
	return w.logged() - before
}

func (w *world) logged() (sum uint64) {
	w.Helper()
	seen, err := w.fw.lookClosely(w.fw.load())
	testtools.Must(w.T, err)
	for _, n := range seen.logged {
		sum += n
	}
	return sum
}

func (w *world) is(want bool) {
	w.Helper()
	got, err := w.fw.Is()
	if err != nil || got != want {
		w.Fatalf("Is: %v, %v; want %v\n%s", got, err, want, w.all())
	}
}

func (w *world) do() {
	w.Helper()
	testtools.Must(w.T, w.fw.Do())
	w.is(true)
}

// heal wants these words in what it tells, or silence.
func (w *world) heal(want string) {
	w.Helper()
	said, err := w.fw.Heal()
	text := strings.Join(said, "; ")
	if err != nil || want == "" && text != "" || !strings.Contains(text, want) {
		w.Fatalf("Heal: %q, %v; want %q", text, err, want)
	}
	w.is(true)
}

func (w *world) undo(before string) {
	w.Helper()
	testtools.Must(w.T, w.fw.Undo())
	if after := w.all(); after != before {
		w.Fatalf("after Undo:\n%s\nbefore:\n%s", after, before)
	}
	if _, err := os.Stat(w.fw.file()); err == nil {
		w.Error("the memory is left")
	}
}

func TestMadeAndUndone(t *testing.T) {
	w := newWorld(t)
	before := w.all()
	w.is(false)
	w.do()
	if n := w.hit(3); n != 6 {
		t.Errorf("%d of 6 connections are logged", n)
	}
	w.ran = nil
	w.is(true)
	if len(w.ran) > 0 {
		t.Errorf("with nothing changed it runs %q", w.ran)
	}
	w.undo(before)
	w.undo(before)
}

// The rules of others in table mangle stay, to the byte.
func TestOthersStay(t *testing.T) {
	w := newWorld(t)
	testtools.Shell(w, `iptables-nft -t mangle -N OTHERS; iptables-nft -t mangle -A OTHERS -j MARK --set-mark 7
		iptables-nft -t mangle -A OUTPUT -j OTHERS; ip6tables-nft -t mangle -P FORWARD DROP; nft add table ip6 other
		nft 'add chain ip mangle PREROUTING { type filter hook prerouting priority mangle; policy accept; }'`)
	before := w.all()
	w.fw.Want.Forward, w.fw.Want.Uplinks = true, FindUplinks()
	w.do()
	if text := w.all(); strings.Count(text, `oifname "d0"`) != 2 {
		t.Errorf("FORWARD:\n%s", text)
	}
	w.fw.Want.Forward = false
	w.heal("changed")
	if text := w.all(); strings.Contains(text, layout.ChainForward) {
		t.Errorf("the forward chain stays:\n%s", text)
	}
	w.undo(before)
}

// A rule, or another policy, that comes into a chain while we are on keeps chain and table.
func TestOthersComeLater(t *testing.T) {
	w := newWorld(t)
	w.do()
	testtools.Shell(w, `iptables-nft -t mangle -A FORWARD -j ACCEPT; ip6tables-nft -t mangle -P INPUT DROP`)
	testtools.Must(t, w.fw.Undo())
	text := w.all()
	if !strings.Contains(text, "chain FORWARD") || strings.Contains(text, "chain OUTPUT") || strings.Count(text, "policy drop") != 1 {
		t.Errorf("left:\n%s", text)
	}
}

func TestHealed(t *testing.T) {
	w := newWorld(t)
	before := w.all()
	w.do()
	for _, harm := range []string{
		`iptables-nft -t mangle -F`,
		`nft flush ruleset`,
		`iptables-nft -t mangle -D OUTPUT -j EGRESS_MONITOR`,
		`iptables-nft -t mangle -I OUTPUT 1 -j EGRESS_MONITOR`,
		`iptables-nft -t mangle -I OUTPUT 1 -j ACCEPT`,
		`iptables-nft -t mangle -I EGRESS_MONITOR 1 -d 192.0.2.1 -j RETURN`,
		`ip6tables-nft -t mangle -N ELSEWHERE; ip6tables-nft -t mangle -A ELSEWHERE -j EGRESS_MONITOR; ip6tables-nft -t mangle -F EGRESS_MONITOR`,
	} {
		testtools.Shell(w, harm)
		w.is(false)
		w.heal("gap: ")
		w.heal("")
		if n := w.hit(2); n != 4 {
			t.Errorf("after %q %d of 4 connections are logged", harm, n)
		}
	}
	testtools.Shell(w, `iptables-nft -t mangle -F; ip6tables-nft -t mangle -F; ip6tables-nft -t mangle -X; iptables-nft -t mangle -X`)
	testtools.Must(t, w.fw.Undo())
	if text := w.all(); strings.Contains(text, "EGRESS") {
		t.Error(text)
	}
	testtools.Shell(w, "nft flush ruleset")
	if before != w.all() {
		t.Error("left over")
	}
}

// Rules that were flushed and put back by others look the same, and still
// connections were missed.
func TestFlushedAndRestored(t *testing.T) {
	for _, b := range backends {
		t.Run(string(b), func(t *testing.T) {
			w := newWorld(t)
			w.use(b)
			w.do()
			w.hit(2)
			w.heal("")
			testtools.Shell(w, "iptables-"+string(b)+"-save > "+w.fw.Dir+"/saved; iptables-"+string(b)+" -t mangle -F; iptables-"+
				string(b)+"-restore < "+w.fw.Dir+"/saved")
			w.heal("gap: ")
			w.heal("")
		})
	}
}

// use makes iptables, for this world, the one of a backend.
func (w *world) use(b backend) {
	dir := w.TempDir()
	for _, fam := range families {
		for _, suffix := range []string{"", "-save", "-restore"} {
			path, err := exec.LookPath(fam.in(b) + suffix)
			testtools.Must(w.T, err)
			testtools.Must(w.T, os.Symlink(path, dir+"/"+fam.tables()+suffix))
		}
	}
	was := activeDir
	activeDir = dir + "/"
	w.Cleanup(func() { activeDir = was })
}

func TestLegacy(t *testing.T) {
	w := newWorld(t)
	w.use(legacy)
	before := w.all()
	w.do()
	if n := w.hit(3); n != 6 {
		t.Errorf("%d of 6 connections are logged", n)
	}
	if text := testtools.Shell(w, "nft list ruleset"); text != "" {
		t.Errorf("nf_tables has\n%s", text)
	}
	testtools.Shell(w, "iptables-legacy -t mangle -F EGRESS_MONITOR")
	w.heal("gap: ")
	testtools.Must(t, w.fw.Undo())
	if text := w.all(); strings.Contains(text, "EGRESS") || before != "" {
		t.Error(text)
	}
}

// update-alternatives to the other backend, both ways: each connection is
// logged once all the time, and Undo leaves nothing in either.
func TestOtherBackend(t *testing.T) {
	for _, from := range backends {
		t.Run(string(from), func(t *testing.T) {
			w := newWorld(t)
			w.use(from)
			w.do()
			other := nft
			if from == nft {
				other = legacy
			}
			w.use(other)
			w.heal("")
			if n := w.hit(3); n != 6 {
				t.Errorf("%d of 6 connections are logged", n)
			}
			st, err := w.fw.State()
			testtools.Must(t, err)
			if len(st.Problems) != 2 || !strings.Contains(st.Problems[0].Text, "by now") || st.Problems[0].Critical {
				t.Errorf("State: %+v", st)
			}
			// both: what an older version did
			testtools.Shell(w, fmt.Sprintf(`iptables-%s -t mangle -N EGRESS_MONITOR; iptables-%[1]s -t mangle -I OUTPUT -j EGRESS_MONITOR`, other))
			w.is(false)
			w.heal("may count twice")
			if n := w.hit(3); n != 6 {
				t.Errorf("%d of 6 connections are logged after both had rules", n)
			}
			testtools.Shell(w, fmt.Sprintf(`iptables-%s -t mangle -F; iptables-%[1]s -t mangle -X`, from))
			w.heal("gap: ")
			w.heal("")
			if n := w.hit(3); n != 6 {
				t.Errorf("%d of 6 connections are logged after a flush", n)
			}
			testtools.Must(t, w.fw.Undo())
			if text := w.all(); strings.Contains(text, "EGRESS") {
				t.Error(text)
			}
		})
	}
}

// A kernel that has but the backend that iptables is not.
func TestBackendThatDoesNotWork(t *testing.T) {
	for _, b := range backends {
		t.Run(string(b), func(t *testing.T) {
			w := newWorld(t)
			w.use(b)
			w.fw.Act = func(stdin []byte, name string, args ...string) error {
				if strings.Contains(name, string(b)) {
					return errors.New("no such table")
				}
				return w.act(stdin, name, args...)
			}
			w.fw.Ask = func(name string, args ...string) ([]byte, error) {
				if strings.HasSuffix(name, "tables-"+string(b)) {
					return nil, errors.New("no such table")
				}
				return w.ask(name, args...)
			}
			w.do()
			if n := w.hit(3); n != 6 {
				t.Errorf("%d of 6 connections are logged", n)
			}
			w.heal("")
		})
	}
}

// The resolver's own questions are left out, those of others are not.
func TestOwnQuestions(t *testing.T) {
	w := newWorld(t)
	w.fw.Want.Own = []Question{{os.Getuid(), 53}}
	w.do()
	before := w.logged()
	for _, to := range []string{"192.0.2.1:53", "192.0.2.1:54"} {
		c, err := net.Dial("udp", to)
		testtools.Must(t, err)
		c.Write([]byte("x"))
		c.Close()
	}
	if n := w.logged() - before; n != 1 {
		t.Errorf("%d of 1 are logged", n)
	}
}

// Without its memory (a kill, an emptied /run) the rules are made anew, and
// taken away.
func TestNoMemory(t *testing.T) {
	w := newWorld(t)
	w.do()
	testtools.Must(t, os.Remove(w.fw.file()))
	w.is(false)
	w.do()
	testtools.Must(t, os.WriteFile(w.fw.file(), []byte("{broken"), 0o600))
	testtools.Must(t, w.fw.Undo())
	if text := w.all(); strings.Contains(text, "EGRESS") {
		t.Error(text)
	}
}

// Every command fails once, at making and at undoing: an error is reported,
// and the next try ends clean.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	before := w.all()
	for n := 1; ; n++ {
		calls, failed := 0, false
		w.fw.Act = func(stdin []byte, name string, args ...string) error {
			if calls++; calls == n {
				failed = true
				return errors.New("injected")
			}
			return w.act(stdin, name, args...)
		}
		if err := w.fw.Do(); err == nil && failed && n == 1 {
			t.Error("Do hides an error")
		}
		undone := w.fw.Undo()
		if !failed {
			testtools.Must(t, undone)
			break
		}
		w.fw.Act = w.act
		w.undo(before)
	}
}

// A heal that is killed is followed by one that knows of the gap.
func TestKilledHeal(t *testing.T) {
	w := newWorld(t)
	w.do()
	testtools.Shell(w, "nft flush ruleset")
	w.fw.Act = func([]byte, string, ...string) error { panic("killed") }
	func() {
		defer func() { recover() }()
		w.fw.Heal()
	}()
	w.fw.Act = w.act
	w.heal("gap: ")
}

// Rules that are switched off and on again were missing on purpose.
func TestOffAndOn(t *testing.T) {
	w := newWorld(t)
	before := w.all()
	w.do()
	w.fw.Want.Log = false
	w.heal("")
	if text := w.all(); strings.Contains(text, "EGRESS") {
		t.Error(text)
	}
	w.ran = nil
	w.is(true)
	if len(w.ran) > 0 {
		t.Errorf("with nothing changed it runs %q", w.ran)
	}
	w.fw.Want.Log = true
	w.heal("")
	w.undo(before)
}

// No changes in a dry run, but the very text that would make them.
func TestDry(t *testing.T) {
	w := newWorld(t)
	before := w.all()
	var text string
	w.fw.Dry = true
	w.fw.Act = func(stdin []byte, name string, args ...string) error {
		text += name + "\n" + string(stdin)
		return nil
	}
	testtools.Must(t, w.fw.Do())
	if w.all() != before || !strings.Contains(text, "*mangle\n:EGRESS_MONITOR - [0:0]\n-A EGRESS_MONITOR -o lo -j RETURN\n") {
		t.Errorf("dry run: %s", text)
	}
	if _, err := os.Stat(w.fw.file()); err == nil {
		t.Error("a dry run notes something")
	}
}

func TestNotrack(t *testing.T) {
	w := newWorld(t)
	w.do()
	problems := func() (text string) {
		st, err := w.fw.State()
		testtools.Must(t, err)
		for _, p := range st.Problems {
			text += p.Text + "\n"
		}
		return text
	}
	testtools.Shell(w, `nft 'add table inet in; add chain inet in c { type filter hook prerouting priority -300; }; add rule inet in c udp dport 9 notrack'
		iptables-nft -t raw -A PREROUTING -j NOTRACK`)
	if text := problems(); text != "" {
		t.Errorf("what comes in is none of ours: %s", text)
	}
	testtools.Shell(w, `nft 'add table inet x; add chain inet x c { type filter hook output priority -300; }; add rule inet x c udp dport 9 notrack'
		iptables-nft -t raw -A OUTPUT -d 192.0.2.1 -j CT --notrack; ip6tables-legacy -t raw -A OUTPUT -j NOTRACK; ip6tables-legacy -t raw -A OUTPUT -p tcp -j CT --zone 3`)
	text := problems()
	for _, want := range []string{"table inet x, chain c, handle 2: notrack\n", "iptables-nft -t raw -A OUTPUT -d 192.0.2.1/32 -j CT --notrack\n", "ip6tables-legacy -t raw -A OUTPUT -j NOTRACK\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Count(text, "\n") != 3 || w.hit(1) != 0 {
		t.Errorf("%s", text)
	}
	w.fw.Want.Forward = true
	for _, want := range []string{"table inet in, chain c, handle 2: notrack\n", "iptables-nft -t raw -A PREROUTING -j NOTRACK\n"} {
		if text := problems(); !strings.Contains(text, want) {
			t.Errorf("what is forwarded: no %q in\n%s", want, text)
		}
	}
	testtools.Shell(w, "nft flush ruleset; ip6tables-legacy -t raw -F")
}

// The time of a gap is between two looks.
func TestGapTimes(t *testing.T) {
	w := newWorld(t)
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w.fw.now = func() time.Time { return clock }
	w.do()
	clock = clock.Add(time.Minute)
	w.heal("")
	clock = clock.Add(time.Minute)
	testtools.Shell(w, "nft flush ruleset")
	w.heal("between 2026-01-02T03:05:05Z and 2026-01-02T03:06:05Z")
	st, err := w.fw.State()
	testtools.Must(t, err)
	if !st.Families[0].Good || st.Families[1].Backend != "nft" {
		t.Errorf("%+v", st)
	}
}
