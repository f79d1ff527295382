package flood

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

const rest = " 7 2026-02-08T21:30:00Z"

func TestRead(t *testing.T) {
	got := read(t,
		"* 5 2026-02-08T21:30:01Z 192.0.2.1\n"+
			"*.com"+rest+" 0.0.0.0/0,192.0.2.1\n"+
			"*.example.com"+rest+" -\n"+
			"*.flood.example"+rest+" 0.0.0.0/0\n"+
			"0/25.2.0.192.in-addr.arpa"+rest+" -\n"+
			"no record/\n"+
			"plain.example"+rest+" 192.0.2.1\n"+
			"some.example"+rest+" 192.0.2.0/24,2001:db8::/48\n"+
			"w.example"+rest+" 192.0.2.1,192.0.2.2,::/0\n")
	want := &Report{Rows: 9, Wide: 2, Narrow: 2, Overflowed: 2,
		WideRows:       []Row{{"*", 5, "2026-02-08T21:30:01Z", 1}, {"*.com", 7, "2026-02-08T21:30:00Z", 2}},
		OverflowedRows: []Row{{"*.flood.example", 7, "2026-02-08T21:30:00Z", 1}, {"w.example", 7, "2026-02-08T21:30:00Z", 3}}}
	if !reflect.DeepEqual(got, want) || !got.Seen() {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	got = read(t, "10.0.0.0/8"+rest+"\n192.0.2.0/24"+rest+"\n192.0.2.1"+rest+"\n")
	if got.Wide != 1 || got.Narrow != 1 || got.Rows != 3 || got.Overflowed != 0 {
		t.Errorf("got %+v", got)
	}
	if got = read(t, ""); got.Seen() || got.Rows != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// Lines are found wherever the pieces of a file end that are read at a time.
func TestNothingIsMissed(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 10 {
		var text strings.Builder
		wide, narrow, overflowed, rows := 0, 0, 0, 20_000
		for i := range rows {
			list := strings.Repeat("192.0.2.1,", r.Intn(5)) + "192.0.2.2"
			switch r.Intn(100) {
			case 0:
				fmt.Fprintf(&text, "*.tld%d%s %s\n", i, rest, list)
				wide++
			case 1:
				fmt.Fprintf(&text, "*.site%d.com%s %s\n", i, rest, list)
				narrow++
			case 2:
				fmt.Fprintf(&text, "site%d.com%s 0.0.0.0/0,%s\n", i, rest, list)
				overflowed++
			default:
				fmt.Fprintf(&text, "site%d.com%s %s\n", i, rest, list)
			}
		}
		got := read(t, text.String())
		if got.Rows != rows || got.Wide != wide || got.Narrow != narrow || got.Overflowed != overflowed || len(got.WideRows) != min(wide, most) {
			t.Fatalf("%d, %d, %d, %d, want %d, %d, %d, %d", got.Rows, got.Wide, got.Narrow, got.Overflowed, rows, wide, narrow, overflowed)
		}
	}
}

func read(t *testing.T, text string) *Report {
	t.Helper()
	r, err := Read(strings.NewReader(text), "in")
	testtools.Must(t, err)
	return r
}

func BenchmarkRead(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range 1_000_000 {
		fmt.Fprintf(w, "www%d.site%d.example.com%s 192.0.2.%d,198.51.100.7,2001:db8::%x:%x\n", i, i%1000, rest, i%256, i%777, i)
	}
	w.Flush()
	for b.Loop() {
		f.Seek(0, io.SeekStart)
		if r, err := Read(f, "in"); err != nil || r.Rows != 1_000_000 {
			b.Fatal(r, err)
		}
	}
}
