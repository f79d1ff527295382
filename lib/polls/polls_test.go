package polls

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/runfile"
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
		"egress-domains": "echo \"$EGRESS_SETTINGS $EGRESS_MAX_ROWS $EGRESS_DNSMASQ_TZ $GOMAXPROCS\"; echo said >&2\n",
		"egress-ips":     "echo why >&2; exit 1\n",
		"egress-set":     "echo \"$1 $EGRESS_NOW\"; cat\n",
	})
	if err := p.Poll(context.Background(), Domains, 0); err != nil || said.String() != "said\n/dev/null 100000 UTC 1\n" {
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

// One poll of a kind at a time; and none after an older version has taken over.
func TestBusyAndHandedOver(t *testing.T) {
	p, said := newPoller(t, map[string]string{"egress-monitor": "echo \"$@\"\n", "egress-ips": "echo polled\n"})
	unlock, err := p.lock(IPs, 0)
	testtools.Must(t, err)
	if err := p.Poll(context.Background(), IPs, 0); err != ErrBusy {
		t.Errorf("at work: %v", err)
	}
	unlock()
	testtools.Must(t, p.HandOver(context.Background(), IPs, 0))
	if want := "old-cursor " + p.Settings.IPs() + " " + p.Settings.Cursor(IPs) + "\n"; said.String() != want {
		t.Errorf("%q, want %q", said, want)
	}
	if err := p.Poll(context.Background(), IPs, 0); err != ErrHandedOver {
		t.Errorf("handed over: %v", err)
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
	unlock, err := runfile.Lock(name, 0, ErrBusy)
	testtools.Must(t, err)
	if err := p.Poll(context.Background(), Domains, 0); err == nil || said.String() != "" {
		t.Errorf("another run is at work: %q, %v", said, err)
	}
	unlock()
}
