package countset

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/firewall"
	"egress-monitor/lib/nftjson"
	"egress-monitor/lib/setcursor"
	"egress-monitor/lib/testtools"

	"golang.org/x/sys/unix"
)

// A world is a network of this test's own, a set that counts in it, and what
// the pipeline has counted.
type world struct {
	*testing.T
	set    *Set
	counts map[string]uint64
	cursor setcursor.Cursor
	gaps   []string
	sent   int
	port   int // of the last connection
}

func newWorld(t *testing.T) *world {
	testtools.Network(t)
	testtools.Need(t, "nft")
	w := &world{T: t, counts: map[string]uint64{}, port: 2000}
	w.set = &Set{Dir: t.TempDir(), Act: w.act}
	return w
}

func (w *world) act(stdin []byte, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %s\n%s", name, out, stdin)
	}
	return nil
}

// read is what nftparse and aggmerge make of a listing.
func (w *world) read(token string, now time.Time, listing []byte) error {
	next, ok := setcursor.Parse(token)
	if !ok {
		w.Fatalf("token %q", token)
	}
	if w.cursor.Set != "" {
		if w.cursor.Counted(next) {
			return nil
		}
		if from, to, _, ok := w.cursor.Gap(next); ok {
			w.gaps = append(w.gaps, stamp(from)+" "+stamp(to))
		}
	}
	err := nftjson.Read(bytes.NewReader(listing), nftjson.Handler{
		Element: func(_ *nftjson.Set, e nftjson.Element) {
			w.counts[e.Addr.String()] += e.Packets
			if e.Age < 0 || e.Age > 60 {
				w.Errorf("%v was seen %f s ago", e.Addr, e.Age)
			}
		},
		Skip: func(_ *nftjson.Set, err error) { w.Error(err) },
	})
	if err != nil {
		w.Fatalf("%v\n%s", err, listing)
	}
	w.cursor = next
	return nil
}

// hit makes n connections of each family.
func (w *world) hit(n int) {
	w.Helper()
	for range n {
		for _, to := range []string{"192.0.2.1:9", "[2001:db8:2::1]:9"} {
			w.send(to)
		}
	}
	w.sent += n
}

func (w *world) send(to string) {
	w.Helper()
	w.port++ // a port that came twice would be no new connection
	c, err := (&net.Dialer{LocalAddr: &net.UDPAddr{Port: w.port}}).Dial("udp", to)
	testtools.Must(w.T, err)
	_, err = c.Write([]byte("x"))
	testtools.Must(w.T, err)
	c.Close()
}

// poll is what the minute does: heal, and read.
func (w *world) poll(want string) {
	w.Helper()
	said, err := w.set.Heal()
	testtools.Must(w.T, err)
	more, err := w.set.Poll(w.read)
	text := strings.Join(append(said, more...), "; ")
	if err != nil || !strings.Contains(text, want) || want == "" && text != "" {
		w.Fatalf("Poll: %q, %v; want %q", text, err, want)
	}
}

// exact wants all that was sent to be counted.
func (w *world) exact() {
	w.Helper()
	for _, addr := range []string{"192.0.2.1", "2001:db8:2::1"} {
		if got := w.counts[addr]; got != uint64(w.sent) {
			w.Fatalf("%s: counted %d of %d", addr, got, w.sent)
		}
	}
}

func (w *world) is(want bool) {
	w.Helper()
	if got, err := w.set.Is(); err != nil || got != want {
		w.Fatalf("Is: %v, %v; want %v\n%s", got, err, want, testtools.Shell(w, "nft list ruleset"))
	}
}

func (w *world) undo() {
	w.Helper()
	testtools.Must(w.T, w.set.Undo())
	if left := testtools.Shell(w, "nft list ruleset"); left != "" {
		w.Errorf("left: %s", left)
	}
	if _, err := os.Stat(w.set.file()); err == nil {
		w.Error("the memory is left")
	}
}

func TestCounts(t *testing.T) {
	w := newWorld(t)
	w.is(false)
	testtools.Must(t, w.set.Do())
	w.is(true)
	for range 3 {
		w.hit(5)
		w.poll("")
		w.exact()
		w.is(true)
	}
	w.poll("")
	w.exact()
	if c, err := net.Dial("udp", "203.0.113.255:9"); err == nil {
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("the canary leaves the machine")
		}
	}
	w.send("127.0.0.1:9")
	testtools.Must(t, w.set.Stop(w.read, true))
	if !w.cursor.End || len(w.gaps) > 0 || len(w.counts) != 3 || w.counts["203.0.113.255"] != 1 {
		t.Errorf("%+v %v %v", w.cursor, w.gaps, w.counts)
	}
	if left := testtools.Shell(w, "nft list ruleset"); strings.Contains(left, "hook") {
		t.Errorf("it counts after Stop: %s", left)
	}
	testtools.Must(t, w.set.Stop(w.read, true))
	w.undo()
	w.undo()
}

// A table made after a Stop begins anew, without a gap; after anything else
// there is one, with its times.
func TestEndAndGap(t *testing.T) {
	w := newWorld(t)
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w.set.now = func() time.Time { clock = clock.Add(time.Minute); return clock }
	testtools.Must(t, w.set.Do())
	w.poll("")
	testtools.Must(t, w.set.Stop(w.read, true))
	w.undo()
	testtools.Must(t, w.set.Do())
	w.poll("")
	if len(w.gaps) != 0 {
		t.Errorf("after an end: %v", w.gaps)
	}
	testtools.Shell(w, "nft flush ruleset")
	w.is(false)
	w.poll("was gone")
	if len(w.gaps) != 1 {
		t.Errorf("after a flush: %v", w.gaps)
	}
	w.hit(1)
	w.poll("")
	w.exact()
	testtools.Must(t, os.Remove(w.set.file())) // a reboot takes both
	testtools.Shell(w, "nft flush ruleset")
	w.poll("")
	if len(w.gaps) != 2 {
		t.Errorf("after a reboot: %v", w.gaps)
	}
}

// Stopped, and going on: no connection of before or after is lost or doubled.
func TestStoppedAndOn(t *testing.T) {
	w := newWorld(t)
	at := time.Now()
	w.set.now = func() time.Time { return at } // no second passes without rules
	testtools.Must(t, w.set.Do())
	w.hit(2)
	failing := func(string, time.Time, []byte) error { return errors.New("disk full") }
	if err := w.set.Stop(failing, true); err == nil || err.Error() != "4 connections are not counted: disk full" {
		t.Errorf("Stop: %v", err)
	}
	testtools.Must(t, w.set.Do())
	w.hit(2)
	w.poll("")
	w.exact()
	testtools.Must(t, w.set.Stop(w.read, true))
	testtools.Must(t, w.set.Do())
	w.hit(1)
	w.poll("")
	w.exact()
	if len(w.gaps) > 0 {
		t.Error(w.gaps)
	}
}

// What others do to the table.
func TestChangedByOthers(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	saved := w.set.Dir + "/saved"
	for _, x := range []struct{ harm, said string }{
		{"nft flush ruleset", "was gone"},
		{"nft list ruleset > " + saved + "; nft flush ruleset; nft -f " + saved, "was gone"},
		{"nft list ruleset > " + saved + "; nft -f " + saved, "had been changed"},
		{"nft add rule inet egress_monitor note counter", "had been changed"},
		{"nft 'add table inet egress_monitor { flags dormant; }'", "had been changed"},
		{"nft flush table inet egress_monitor", "gap: rules"},
		{"nft flush chain inet egress_monitor note", "gap: rules"},
	} {
		w.hit(1)
		w.poll("")
		w.exact()
		testtools.Shell(w, x.harm)
		w.is(false)
		before := w.counts["192.0.2.1"]
		w.poll(x.said)
		if w.counts["192.0.2.1"] != before {
			t.Errorf("%s: counts of a changed table are used", x.harm)
		}
		w.is(true)
	}
	testtools.Shell(w, "nft add table inet other")
	w.is(true)
	w.hit(1)
	w.poll("")
	w.exact()
}

// Rules that are gone leave true counts: what was counted before is not lost.
func TestLostRules(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	w.hit(3)
	testtools.Shell(w, "nft flush chain inet egress_monitor out")
	w.poll("gap: rules")
	w.exact()
	if len(w.gaps) > 0 {
		t.Error(w.gaps)
	}
}

// Changed settings are in force from the next generation on, and nothing is
// lost by that.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	w.hit(1)
	w.set.Want.Own = []firewall.Question{{UID: os.Getuid(), Port: 53}}
	w.set.Want.Forward, w.set.Want.Uplinks = true, firewall.FindUplinks()
	w.is(false)
	testtools.Must(t, w.set.Do())
	w.is(true)
	w.hit(1)
	w.send("192.0.2.53:53")
	w.send("192.0.2.53:54")
	w.poll("")
	w.exact()
	if n := w.counts["192.0.2.53"]; n != 1 {
		t.Errorf("%d of 1 questions are counted", n)
	}
	if text := testtools.Shell(w, "nft list ruleset"); strings.Count(text, `oifname "d0"`) != 2 {
		t.Error(text)
	}
	w.set.Want = firewall.Want{Log: true}
	testtools.Must(t, w.set.Do())
	if text := testtools.Shell(w, "nft list ruleset"); strings.Contains(text, "through") || strings.Contains(text, "drop") {
		t.Error(text)
	}
	w.hit(1)
	w.poll("")
	w.exact()
}

// A set that is full: the rest is known by number.
func TestFull(t *testing.T) {
	w := newWorld(t)
	w.set.size = 3
	testtools.Must(t, w.set.Do())
	for i := range 5 {
		w.send(fmt.Sprintf("192.0.2.%d:9", i+1))
	}
	var seen uint64
	_, err := w.set.Poll(func(token string, now time.Time, listing []byte) error {
		testtools.Must(t, nftjson.Read(bytes.NewReader(listing), nftjson.Handler{Counter: func(_, name string, n uint64) {
			if name == "seen4_1" {
				seen = n
			}
		}}))
		return w.read(token, now, listing)
	})
	if err != nil || seen != 5 || len(w.counts) != 3 {
		t.Errorf("%d seen, %v, %v", seen, w.counts, err)
	}
}

type killed struct{}

// Killed before and after each command and each commit, at each time: nothing
// is lost, nothing counted twice, no gap.
func TestKilledAnywhere(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	left := -1
	maybe := func() {
		if left--; left == -1 {
			panic(killed{})
		}
	}
	w.set.Act = func(stdin []byte, name string, args ...string) error {
		maybe()
		err := w.act(stdin, name, args...)
		maybe()
		return err
	}
	read := func(token string, now time.Time, listing []byte) error {
		maybe()
		err := w.read(token, now, listing)
		maybe()
		return err
	}
	attempt := func(do func()) (whole bool) {
		defer func() {
			if r := recover(); r != nil && r != any(killed{}) {
				panic(r)
			}
		}()
		do()
		return true
	}
	for i, step := range []func(){
		func() { w.set.Poll(read) },
		func() { w.set.Heal(); w.set.Poll(read) },
		func() { w.set.Want.Log = !w.set.Want.Log; testtools.Must(t, w.set.Do()) },
		func() { testtools.Must(t, w.set.Stop(read, true)) },
	} {
		for n := range 20 {
			w.hit(1)
			left = n
			whole := attempt(step)
			left = -1
			testtools.Must(t, w.set.Do())
			w.hit(1)
			if n%2 == 0 {
				w.poll("")
				w.exact()
			}
			if whole {
				break
			}
		}
		w.poll("")
		w.exact()
		if i < 3 && len(w.gaps) > 0 { // a Stop that is killed, and Do, leave a moment without rules
			t.Error(w.gaps)
		}
	}
}

// Errors of every command and commit, and of the memory.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	broken := errors.New("injected")
	for range 3 {
		w.hit(1)
		w.set.Act = func([]byte, string, ...string) error { return broken }
		if _, err := w.set.Poll(w.read); !errors.Is(err, broken) {
			t.Errorf("nft fails: %v", err)
		}
		w.set.Act = w.act
		w.hit(1)
		if _, err := w.set.Poll(func(string, time.Time, []byte) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("the pipeline fails: %v", err)
		}
		w.hit(1)
		dir := w.set.Dir
		w.set.Dir = "/proc/none"
		if _, err := w.set.Poll(w.read); err == nil {
			t.Error("a folder that cannot be written to")
		}
		w.set.Dir = dir
	}
	w.poll("")
	w.exact()
	if len(w.gaps) > 0 {
		t.Error(w.gaps)
	}
}

// Connections while polls switch: none is lost between two generations.
func TestWhilePackets(t *testing.T) {
	w := newWorld(t)
	testtools.Must(t, w.set.Do())
	stop, sent := make(chan bool), make(chan int)
	ready := make(chan bool)
	ns, err := os.Open("/proc/thread-self/ns/net")
	testtools.Must(t, err)
	defer ns.Close()
	go func() {
		runtime.LockOSThread()
		testtools.Must(t, unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
		conn, err := net.ListenUDP("udp4", nil)
		testtools.Must(t, err)
		close(ready)
		for n := 0; ; n++ {
			select {
			case <-stop:
				sent <- n
				return
			default:
				to := net.UDPAddr{IP: net.IPv4(198, 51, 100, byte(n%200)+1), Port: n/200%60000 + 1}
				if _, err := conn.WriteToUDP([]byte("x"), &to); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	<-ready
	for range 25 {
		w.poll("")
	}
	close(stop)
	n := <-sent
	w.poll("")
	sum := uint64(0)
	for _, c := range w.counts {
		sum += c
	}
	if sum != uint64(n) || len(w.gaps) > 0 {
		t.Errorf("counted %d of %d; %v", sum, n, w.gaps)
	}
	t.Logf("%d connections in 25 generations", n)
}

func TestDry(t *testing.T) {
	w := newWorld(t)
	var text string
	w.set.Dry = true
	w.set.Act = func(stdin []byte, name string, args ...string) error {
		text += name + " " + strings.Join(args, " ") + "\n" + string(stdin)
		return nil
	}
	testtools.Must(t, w.set.Do())
	if !strings.HasPrefix(text, "nft -f -\nadd table inet egress_monitor\n") || testtools.Shell(w, "nft list ruleset") != "" {
		t.Error(text)
	}
	if _, err := os.Stat(w.set.file()); err == nil {
		t.Error("a dry run notes something")
	}
}
