package polls

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"egress-monitor/lib/settings"
	"egress-monitor/lib/testtools"
)

// newPoller returns a Poller whose pipelines are the scripts.
func newPoller(t *testing.T, scripts map[string]string) (*Poller, *strings.Builder) {
	t.Helper()
	testtools.AsNobody(t) // root would need the user egress-monitor
	p, said := bare(t)
	for name, text := range scripts {
		testtools.Must(t, os.WriteFile(filepath.Join(p.Lib, name), []byte("#!/bin/sh\n"+text), 0o700))
	}
	return p, said
}

func bare(t *testing.T) (*Poller, *strings.Builder) {
	said := &strings.Builder{}
	return &Poller{Settings: settings.Default(), Say: func(text []byte) { said.Write(text) }, Run: t.TempDir(), Lib: t.TempDir()}, said
}

func TestPoll(t *testing.T) {
	p, said := newPoller(t, map[string]string{
		"egress-domains": "echo \"$EGRESS_SETTINGS $EGRESS_MAX_ROWS $EGRESS_DNSMASQ_TZ\"; echo said >&2\n",
		"egress-ips":     "echo why >&2; exit 1\n",
		"egress-set":     "echo \"$1 $EGRESS_NOW\"; cat\n",
	})
	if err := p.Poll(context.Background(), Domains, 0); err != nil || said.String() != "said\n/dev/null 100000 UTC\n" {
		t.Errorf("%q, %v", said, err)
	}
	if err := p.Poll(context.Background(), IPs, 0); err == nil || err.Error() != "egress-ips: exit status 1 (why)" {
		t.Error(err)
	}
	said.Reset()
	if err := p.Read("token", time.Unix(1, 5), []byte("listing\n")); err != nil || said.String() != "token 1970-01-01T00:00:01.000000005Z\nlisting\n" {
		t.Errorf("%q, %v", said, err)
	}
}

// A pipeline inherits its lock, held, as descriptor 3; if another run holds it, the
// pipeline gets none, and waits by itself.
func TestHeld(t *testing.T) {
	p, said := newPoller(t, map[string]string{
		"egress-domains": `cd "$EGRESS_STATE_DIR"; if [ /dev/fd/3 -ef domains.lock ]; then echo held; fi; flock -n domains.lock echo free` + "\n",
	})
	p.Settings.StateDir = t.TempDir()
	name := filepath.Join(p.Settings.StateDir, "domains.lock")
	testtools.Write(t, name, "")
	if err := p.Poll(context.Background(), Domains, 0); err == nil || said.String() != "held\n" {
		t.Errorf("%q, %v", said, err)
	}
	said.Reset()
	unlock, err := lock(context.Background(), name, 0)
	testtools.Must(t, err)
	if err := p.Poll(context.Background(), Domains, 0); err == nil || said.String() != "" {
		t.Errorf("another run is at work: %q, %v", said, err)
	}
	unlock()
}

// One at a time; the others wait, for a while.
func TestLock(t *testing.T) {
	p, _ := bare(t)
	name := filepath.Join(p.Run, "lock")
	unlock, err := lock(context.Background(), name, 0)
	testtools.Must(t, err)
	if _, err := lock(context.Background(), name, 100*time.Millisecond); !errors.Is(err, ErrBusy) {
		t.Errorf("a second lock: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, unlock)
	again, err := lock(context.Background(), name, 20*time.Second)
	testtools.Must(t, err)
	again()
}

// What root has put there is given to its owner; what may be somebody else's is
// not, and nothing is done through a link.
func TestGiveBack(t *testing.T) {
	testtools.NeedRoot(t)
	dir := t.TempDir()
	file, other, link := filepath.Join(dir, "file"), filepath.Join(dir, "other"), filepath.Join(dir, "link")
	const uid, gid = 65534, 65533
	owner := func(name string) string {
		info, err := os.Stat(name)
		testtools.Must(t, err)
		st := info.Sys().(*syscall.Stat_t)
		return fmt.Sprintf("%d:%d %o", st.Uid, st.Gid, info.Mode().Perm())
	}
	for _, name := range []string{file, other} {
		testtools.Must(t, os.WriteFile(name, nil, 0o600))
	}
	healed, err := giveBack(file, uid, gid, 0o640)
	if errors.Is(err, errHard) {
		t.Skip("fs.protected_hardlinks is off here")
	}
	if err != nil || !healed || owner(file) != "65534:65533 640" {
		t.Errorf("%v, %v, %s", healed, err, owner(file))
	}
	if healed, err := giveBack(file, uid, gid, 0o640); err != nil || healed {
		t.Errorf("again: %v, %v", healed, err)
	}
	if healed, err := giveBack(file, uid, gid, 0o600); err != nil || !healed || owner(file) != "65534:65533 600" {
		t.Errorf("a lock that others can open: %v, %v, %s", healed, err, owner(file))
	}
	testtools.Must(t, errors.Join(os.Symlink(other, link), os.Link(other, filepath.Join(dir, "second"))))
	for _, name := range []string{link, other, dir, filepath.Join(dir, "none")} {
		if healed, err := giveBack(name, uid, gid, 0o640); err != nil || healed {
			t.Errorf("%s: %v, %v", name, healed, err)
		}
	}
	if got := owner(other); got != "0:0 600" {
		t.Errorf("another's file: %s", got)
	}
}
