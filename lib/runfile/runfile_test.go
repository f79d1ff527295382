package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// One at a time; the others wait, for a while. A lock whose file was removed is none.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	file, busy := filepath.Join(dir, "lock"), errors.New("busy")
	unlock, err := Lock(file, 0, busy)
	testtools.Must(t, err)
	if _, err := Lock(file, 100*time.Millisecond, busy); err != busy {
		t.Errorf("a second lock: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, unlock)
	again, err := Lock(file, 20*time.Second, busy)
	testtools.Must(t, err)
	testtools.Must(t, os.Remove(file))
	other, err := Lock(file, 0, busy)
	testtools.Must(t, err)
	again()
	other()
	if _, err := Lock(dir+"/none/lock", 0, busy); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that disable has removed: %v", err)
	}
}

func TestIsAt(t *testing.T) {
	name := testtools.File(t, "")
	f, err := os.Open(name)
	testtools.Must(t, err)
	defer f.Close()
	if !isAt(f, name) {
		t.Error("it is at its name")
	}
	testtools.Must(t, os.Remove(name))
	testtools.Write(t, name, "")
	if isAt(f, name) {
		t.Error("another file is there now")
	}
}

type thing struct {
	A int
	B []string
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run/x.json")
	var got thing
	if Load(file, &got) {
		t.Error("there is none yet")
	}
	testtools.Must(t, Save(file, thing{7, []string{"b"}}))
	if !Load(file, &got) || got.A != 7 || len(got.B) != 1 {
		t.Errorf("%+v", got)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	was := bootID
	bootID = filepath.Join(t.TempDir(), "boot")
	testtools.Write(t, bootID, "another\n")
	if Load(file, &got) {
		t.Error("a file of another boot")
	}
	bootID = was
	for _, text := range []string{"", "{", `{"Boot": 1}`, `{"Value": {"A": "x"}}`} {
		testtools.Write(t, file, text)
		if Load(file, &got) {
			t.Errorf("%q is taken", text)
		}
	}
	testtools.Must(t, Remove(file))
	testtools.Must(t, Remove(file))
	if err := Save("/proc/none/x", got); err == nil {
		t.Error("a folder that cannot be made")
	}
}
