package oldnotes

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"egress-monitor/lib/testtools"
	"egress-monitor/lib/undo"
)

// Notes that are written for the old version are read back the same.
func TestWriteAndTakeOver(t *testing.T) {
	admin := filepath.Join(t.TempDir(), "admin")
	j, err := undo.Open(admin)
	testtools.Must(t, err)
	passwd := &undo.State{Type: undo.File, Mode: 0o644, UID: os.Getuid(), GID: os.Getgid(), MTime: 1e18, Data: []byte("root:x:0:0::/:/bin/sh\n")}
	absent := &undo.State{Type: undo.Absent}
	link := &undo.State{Type: undo.Link, Mode: 0o777, UID: os.Getuid(), GID: os.Getgid(), MTime: 1e18, Link: "../run/resolvconf/resolv.conf"}
	for _, e := range []undo.Entry{
		{Step: "accounts", Kind: "account file", Name: "/etc/passwd", Was: passwd},
		{Step: "accounts", Kind: "group", Name: "egress-monitor"},
		{Step: "accounts", Kind: "user", Name: "egress-dns"},
		{Step: "folders", Kind: undo.KindFolder, Name: "/var/log/egress-monitor", Was: absent},
		{Step: "resolver", Kind: undo.KindFolder, Name: "/etc/systemd/resolved.conf.d", Was: absent},
		{Step: "resolver", Kind: "restart", Name: "systemd-resolved.service"},
		{Step: "resolver", Kind: undo.KindFile, Name: "/etc/resolv.conf", Was: link},
	} {
		testtools.Must(t, j.Note(e))
	}
	testtools.Must(t, Write(admin, j))
	testtools.Must(t, os.Remove(filepath.Join(admin, "journal")))
	again, err := undo.Open(admin)
	testtools.Must(t, err)
	testtools.Must(t, TakeOver(admin, again))
	for _, want := range []struct {
		step, kind, name string
		was              *undo.State
	}{
		{"accounts", "account file", "/etc/passwd", passwd},
		{"accounts", "account file", "/etc/shadow-", absent},
		{"accounts", "group", "egress-monitor", nil},
		{"accounts", "user", "egress-dns", nil},
		{"resolver", undo.KindFolder, "/etc/systemd/resolved.conf.d", absent},
		{"resolver", undo.KindFile, "/etc/resolv.conf", link},
		{"settings", "settings", "/etc/default/egress-monitor", nil},
	} {
		e, ok := again.Entry(want.step, want.kind, want.name)
		if !ok || want.was != nil && !reflect.DeepEqual(e.Was, want.was) {
			t.Errorf("%s: %v %+v", want.name, ok, e.Was)
		}
	}
}

// Only what the old version has written counts.
func TestNothingToTakeOver(t *testing.T) {
	admin := t.TempDir()
	for range 2 {
		j, err := undo.Open(admin)
		testtools.Must(t, err)
		if err := TakeOver(admin, j); err != nil || !j.Empty() {
			t.Fatalf("%v %+v", err, j)
		}
		testtools.Must(t, os.WriteFile(filepath.Join(admin, "servers"), nil, 0o600))
	}
}
