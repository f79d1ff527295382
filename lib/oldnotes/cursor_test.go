package oldnotes

import (
	"os"
	"path/filepath"
	"testing"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/logtoken"
	"egress-monitor/lib/testtools"
)

// The old version knows no sum, no other files in a position in a log, and no boots.
func TestWriteCursor(t *testing.T) {
	log := logtoken.Token{Marks: []logtoken.Mark{{Off: 7, Tail: 1, Head: 2, ID: 3}}, Seen: []uint32{4, 5}}
	const entry = "s=3469ece96bcf455f8dadd320e8953760;i=111;b=610208d90cbf4032a75e46171fdb9820;m=5268708f;t=6612fd3b65bde;x=fcb2425bbbfdeec"
	for _, c := range []struct {
		was  batch.Trailer
		want string
	}{
		{
			batch.Trailer{Carry: []string{"t 1795707903"}, Cursor: log.Format()},
			"-- carry: t 1795707903\n-- cursor: f1:7.0000000000000001.00000002.00000003:554233c0\n",
		},
		{
			batch.Trailer{Carry: []string{"boots 1 - 0"}, Cursor: entry},
			"-- cursor: " + entry + "\n",
		},
	} {
		dir := t.TempDir()
		aggregate, cursor := filepath.Join(dir, "unique.log"), filepath.Join(dir, "cursor")
		f := batch.File{Staged: "unique.log.staged-1-2 3 4 5 6", Trailer: c.was}
		testtools.Must(t, os.WriteFile(cursor, f.Append(nil), 0o640))
		testtools.Must(t, WriteCursor(aggregate, cursor))
		got, err := os.ReadFile(cursor)
		if err != nil || string(got) != c.want {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
		if f, err := batch.ParseFile(got); err != nil || f.Trailer.Cursor == "" {
			t.Errorf("this version reads %+v, %v", f, err)
		}
	}
	if err := WriteCursor("none", filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}
