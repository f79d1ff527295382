package survey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "unique-domains.log")
	text := `*.com 5 2026-02-08T21:30:00Z -
a.example 5 2026-02-08T21:31:00Z -
b.example 5 2036-02-08T21:30:00Z ` + strings.Repeat("192.0.2.1,", 30000) + `192.0.2.2
c.example 5 2030-02-08T21:30:00Z -
no record
`
	testtools.Must(t, os.WriteFile(name, []byte(text), 0o600))
	testtools.Must(t, os.WriteFile(name+".rejected", []byte("x\n"+strings.Repeat("y", 100000)+"\n"), 0o600))
	f := &File{Name: name}
	testtools.Must(t, f.read(os.Open, t0))
	f.beside(os.Open, name)
	if f.State != Read || f.Rows != 5 || f.Bytes != int64(len(text)) || f.Rejected != 2 || f.Poll.IsZero() || f.Aside.IsZero() {
		t.Errorf("%+v", f)
	}
	if f.Future != 2 || f.FutureKey != "b.example" || f.FutureTime != "2036-02-08T21:30:00Z" {
		t.Errorf("future: %+v", f)
	}
	if f.Wide != 1 || f.WideKey != "*.com" {
		t.Errorf("folded: %+v", f)
	}
	shut := &File{Name: name}
	shut.read(func(string) (*os.File, error) { return nil, os.ErrPermission }, t0)
	if shut.State != Closed || shut.rows() != "U" {
		t.Errorf("%+v", shut)
	}
	none := &File{Name: name + "x"}
	if err := none.read(os.Open, t0); err != nil || none.State != Missing || none.rows() != "0" {
		t.Errorf("%+v, %v", none, err)
	}
}
