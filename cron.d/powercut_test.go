package pipelines

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// A disk is a mounted file system in a file. A copy of this file is the disk after a
// power cut.
type disk struct {
	t    testing.TB
	dir  string
	made int
}

func newDisk(t testing.TB) *disk {
	testtools.NeedRoot(t)
	testtools.Need(t, "mkfs.ext4", "mount", "umount")
	d := &disk{t: t, dir: t.TempDir()}
	f, err := os.Create(d.dir + "/image")
	testtools.Must(t, err)
	testtools.Must(t, f.Truncate(96<<20))
	testtools.Must(t, f.Close())
	d.run("mkfs.ext4", "-q", "-F", d.dir+"/image")
	return d
}

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
}

// mount mounts an image, until the test is over or unmount is called.
func (d *disk) mount(image string) (dir string, unmount func()) {
	d.t.Helper()
	d.made++
	dir = fmt.Sprintf("%s/mounted%d", d.dir, d.made)
	testtools.Must(d.t, os.Mkdir(dir, 0o755))
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		testtools.Missing(d.t, fmt.Sprintf("no loop mounts here: %v: %s", err, out))
	}
	mounted := true
	unmount = func() {
		if mounted {
			exec.Command("umount", dir).Run()
			mounted = false
		}
	}
	d.t.Cleanup(unmount)
	info, err := os.Stat(dir + "/lost+found")
	if err != nil || !info.IsDir() {
		d.t.Fatalf("%s is not mounted", dir)
	}
	return dir, unmount
}

// cut is the power cut: the image as it is at this moment. All programs stand
// still while it is copied, as a power cut takes no time.
func (d *disk) cut(l *load) (image string) {
	d.t.Helper()
	l.still.Lock()
	defer l.still.Unlock()
	if pid := l.poll.Load(); pid != 0 {
		syscall.Kill(-int(pid), syscall.SIGSTOP)
		defer syscall.Kill(-int(pid), syscall.SIGCONT)
	}
	image = fmt.Sprintf("%s/cut%d", d.dir, d.made)
	d.run("cp", "--sparse=always", d.dir+"/image", image)
	return image
}

// A load is a server with a disk on which questions are logged and polled.
type load struct {
	*server
	still sync.Mutex   // held while a line is written, or nothing may be
	asked atomic.Int64 // questions so far
	poll  atomic.Int64 // the process group of the poll
	stop  chan struct{}
	all   sync.WaitGroup
}

func (l *load) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// polls runs a pipeline again and again.
func (l *load) polls(pipeline string) {
	for !l.stopped() {
		cmd := l.command(pipeline)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			l.t.Error(err)
			return
		}
		l.poll.Store(int64(cmd.Process.Pid))
		cmd.Wait()
		l.still.Lock() // a process that is gone is not stopped
		l.poll.Store(0)
		l.still.Unlock()
	}
}

// question is the line of the n-th question, each for another name.
func question(n int64, at time.Time) string {
	return fmt.Sprintf("%s dnsmasq[77]: %d 127.0.0.1/44821 query[A] q%d.example.org from 127.0.0.1\n", at.UTC().Format(time.Stamp), n, n)
}

// ask writes questions as dnsmasq does, and rotates now and then.
func (l *load) ask() {
	f := l.open()
	for !l.stopped() {
		time.Sleep(500 * time.Microsecond)
		l.still.Lock()
		n := l.asked.Add(1)
		if _, err := f.WriteString(question(n, time.Now())); err != nil {
			l.t.Error(err)
		}
		l.still.Unlock()
		if n%1500 == 0 {
			os.Rename(l.log()+".1", l.log()+".2")
			os.Rename(l.log(), l.log()+".1")
			f.Close()
			f = l.open()
		}
	}
	f.Close()
}

func (l *load) open() *os.File {
	f, err := os.OpenFile(l.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	l.must(err)
	return f
}

// onDisk is the names in the log, each once.
func (s *server) onDisk() map[string]bool {
	names := map[string]bool{}
	files, err := filepath.Glob(s.log() + "*")
	s.must(err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		s.must(err)
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); strings.HasSuffix(line, " from 127.0.0.1\n") && len(f) == 9 {
				names[f[6]] = true
			}
		}
	}
	return names
}

// The power is cut at any moment: no question is counted twice, and those that
// are on the disk are all counted, also those that come before the first poll
// after it.
func TestPowerCut(t *testing.T) {
	d := newDisk(t)
	dir, _ := d.mount(d.dir + "/image")
	l := &load{server: serverIn(t, dir), stop: make(chan struct{})}
	l.now()
	t.Cleanup(func() { close(l.stop); l.all.Wait() }) // before it is unmounted
	l.all.Go(l.ask)
	l.all.Go(func() { l.polls("egress-domains") })
	cuts := 4
	if os.Getenv("EGRESS_TEST_LONG") != "" {
		cuts = 40
	}
	r := rand.New(rand.NewSource(1))
	gaps := 0
	for range cuts {
		time.Sleep(time.Duration(r.Intn(900)) * time.Millisecond)
		gaps += d.afterCut(d.cut(l), 1000*1000+l.asked.Load())
	}
	t.Logf("%d questions, %d cuts, %d with a gap", l.asked.Load(), cuts, gaps)
}

// afterCut starts from an image, and looks at what is counted.
func (d *disk) afterCut(image string, n int64) (gaps int) {
	d.t.Helper()
	dir, unmount := d.mount(image)
	defer os.Remove(image)
	defer unmount()
	s := serverIn(d.t, dir)
	s.now()
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // no machine starts within a second
	var more strings.Builder
	for k := range int64(20) {
		more.WriteString(question(n+k, time.Now()))
	}
	if n%2 == 0 {
		s.append("dnsmasq/dnsmasq.log", more.String())
	}
	said, ok := s.try("egress-domains")
	if !ok {
		d.t.Fatalf("the poll after a cut: %s", said)
	}
	if n%2 == 1 {
		s.append("dnsmasq/dnsmasq.log", more.String())
	}
	s.try("egress-domains") // it may tell of half a line at the end of what is left
	rows, twice := map[string]bool{}, 0
	for line := range strings.Lines(s.domains()) {
		f := strings.Fields(line)
		rows[f[0]] = true
		if f[1] != "1" {
			twice++
		}
	}
	missing := 0
	for name := range s.onDisk() {
		if !rows[name] {
			missing++
		}
	}
	if twice > 0 || missing > 0 {
		d.t.Errorf("%d counted twice, %d on the disk and not counted; said %q", twice, missing, said)
	}
	return min(1, strings.Count(said, "gap:"))
}
