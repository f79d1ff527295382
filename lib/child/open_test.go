package child

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"egress-monitor/lib/testtools"
)

// Opened as somebody else, a file is as open as it is to that user, and this
// process is root as before.
func TestOpenAs(t *testing.T) {
	testtools.NeedRoot(t)
	dir := t.TempDir()
	for d := dir; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
		os.Chmod(d, 0o755)
	}
	name := filepath.Join(dir, "file")
	write := func(mode fs.FileMode, uid, gid int) {
		t.Helper()
		testtools.Must(t, errors.Join(os.WriteFile(name, []byte("x"), 0o600), os.Chown(name, uid, gid), os.Chmod(name, mode)))
	}
	who := &syscall.Credential{Uid: 65534, Gid: 65533, Groups: []uint32{65532}}
	for _, test := range []struct {
		mode     fs.FileMode
		uid, gid int
		open     bool
	}{
		{0o600, 0, 0, false},
		{0o600, 65534, 0, true},
		{0o640, 0, 65533, true},
		{0o640, 0, 65532, true},
		{0o640, 0, 65531, false},
		{0o644, 0, 0, true},
	} {
		write(test.mode, test.uid, test.gid)
		var f *os.File
		err := as(who, func() (err error) {
			f, err = openPlain(name)
			return err
		})
		if (err == nil) != test.open {
			t.Errorf("%+v: %v", test, err)
		}
		if err == nil {
			f.Close()
		}
	}
	write(0o600, 0, 0)
	if f, err := os.Open(name); err != nil {
		t.Errorf("no longer root: %v", err)
	} else {
		f.Close()
	}
	if groups, err := syscall.Getgroups(); err != nil || len(groups) == 1 && groups[0] == 65532 {
		t.Errorf("groups: %v, %v", groups, err)
	}
}

// A file that is not a plain one is not waited for, and not read.
func TestOpenPlain(t *testing.T) {
	dir := t.TempDir()
	link, fifo := filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	testtools.Must(t, errors.Join(os.Symlink("/etc/passwd", link), syscall.Mkfifo(fifo, 0o600)))
	for _, name := range []string{link, fifo, dir, "/dev/null", filepath.Join(dir, "none")} {
		if f, err := openPlain(name); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
	}
}

// A thread that could not be made ready does nothing, and the next call tries again.
func TestThread(t *testing.T) {
	broken, done := errors.New("broken"), 0
	ready := broken
	th := &thread{prepare: func() error { return ready }}
	call := func() error { return th.call(func() error { done++; return nil }) }
	if err := call(); err != broken || done != 0 {
		t.Errorf("%v, %d calls", err, done)
	}
	ready = nil
	if err := errors.Join(call(), call()); err != nil || done != 2 {
		t.Errorf("%v, %d calls", err, done)
	}
	ready = broken // it is ready already
	if err := th.call(func() error { return fs.ErrExist }); err != fs.ErrExist {
		t.Error(err)
	}
}
