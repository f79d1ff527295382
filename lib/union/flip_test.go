package union

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
)

const flippedNames = `*.example.com 7 2026-02-08T21:30:00Z 192.0.2.9,2001:db8::9
a.example.org 10 2026-02-08T21:30:00Z -
b.example.org 2 2026-02-08T21:30:02Z 192.0.2.7,192.0.2.8
example.com 1 2026-02-08T21:30:00Z 0.0.0.0/0,192.0.2.7
`

const flippedIPs = `192.0.2.0/24 300 2026-02-08T21:30:00Z
198.51.100.7 9 2026-02-08T21:30:00Z
2001:db8::7 3 2026-02-08T21:30:00Z
203.0.113.9 11 2026-02-08T21:30:00Z
`

// Each byte of an aggregate changed, under an unchanged seal: each row is either
// kept as it is or rejected. None vanishes, none is counted twice; with limits
// and without, with narrow rows and without.
func TestFlipped(t *testing.T) {
	dir := t.TempDir()
	stage, err := os.Create(filepath.Join(dir, "staged"))
	testtools.Must(t, err)
	defer stage.Close()
	cut := strings.Index(flippedNames, "\n") + 1
	for _, text := range []string{flippedNames, flippedIPs, flippedNames[cut:]} {
		for _, rows := range []int{0, 3} {
			for at := range len(text) {
				for i, c := range []byte{text[at] ^ 1, '\n', text[at] ^ 0x20, text[at] ^ 0xff, ' ', ',', '*'} {
					if c != text[at] && i < cases(2) {
						flipped := []byte(text)
						flipped[at] = c
						flipOne(t, dir, stage, text, flipped, rows)
					}
				}
			}
		}
	}
}

func flipOne(t *testing.T, dir string, stage *os.File, text string, flipped []byte, rows int) {
	t.Helper()
	added := "new.example.org 1 2026-02-09T21:30:00Z -\n"
	if text == flippedIPs {
		added = "203.0.113.10 1 2026-02-09T21:30:00Z\n"
	}
	good, bad := added, ""
	for line := range strings.Lines(string(flipped)) {
		line = strings.TrimSuffix(line, "\n")
		rec, err := aggregate.Parse([]byte(line))
		if err == nil && strings.HasSuffix(string(flipped), line) && flipped[len(flipped)-1] != '\n' {
			bad += line + "\n" // half a line
		} else if err == nil {
			good += string(rec.Append(nil))
		} else {
			bad += line + "\n"
		}
	}
	damaged := false
	u := New(dir, func(batch.Skipped) {})
	u.Damaged = func(string) { damaged = true }
	u.Rows = rows
	defer u.Close()
	testtools.Must(t, u.AddStream(batch.NewScanner(strings.NewReader(added), "stream")))
	old := filepath.Join(dir, "old")
	testtools.Must(t, os.WriteFile(old, flipped, 0o600))
	f, err := os.Open(old)
	testtools.Must(t, err)
	defer f.Close()
	stage.Truncate(0)
	stage.Seek(0, 0)
	seal := sumOf(text)
	_, rejected, err := u.Into(f, stage, &seal)
	if err != nil || !damaged {
		t.Fatalf("%q: damaged %v, %v", flipped, damaged, err)
	}
	got, err := os.ReadFile(stage.Name())
	testtools.Must(t, err)
	if want := read(t, good).limited(rows, 0).String(); string(got) != want || !bytes.Equal(rejected, []byte(bad)) {
		t.Fatalf("of\n%s\ngot\n%s\nrejected\n%s\nwant\n%s\nand\n%s", flipped, got, rejected, want, bad)
	}
}
