package runfile

import (
	"os"
	"path/filepath"
	"testing"

	"egress-monitor/lib/testtools"
)

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
