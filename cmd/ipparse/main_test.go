package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/logfile"
	"egress-monitor/lib/testtools"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipparse": main})
}

func TestScripts(t *testing.T) {
	cmds := map[string]func(*testscript.TestScript, bool, []string){"sum": sum}
	testtools.Scripts(t, "ipparse", testscript.Params{Cmds: cmds}, "SAMPLES="+testtools.Absolute(t, "../../testdata/journal"), "TZ=UTC")
}

// sum FILE: adds the records of stdout to those of FILE, and takes the cursor off.
func sum(ts *testscript.TestScript, neg bool, args []string) {
	old, _ := os.ReadFile(ts.MkAbs(args[0]))
	all := map[string][]string{}
	for line := range strings.Lines(string(old) + ts.ReadFile("stdout")) {
		f := strings.Fields(line)
		if f[0] == "--" {
			continue
		}
		if before := all[f[0]]; before != nil {
			f[1] = fmt.Sprint(atoi(ts, f[1]) + atoi(ts, before[1]))
			f[2] = max(f[2], before[2])
		}
		all[f[0]] = f
	}
	var lines []string
	for _, f := range all {
		lines = append(lines, strings.Join(f, " ")+"\n")
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "")), 0o666))
}

func atoi(ts *testscript.TestScript, s string) (n int) {
	_, err := fmt.Sscan(s, &n)
	ts.Check(err)
	return n
}

// A stream that was cut anywhere has no cursor, and no record that the whole
// stream does not have.
func TestCut(t *testing.T) {
	for _, name := range []string{"basic-cursor.short-unix", "polls/6.noq.in"} {
		whole, err := os.ReadFile(filepath.Join("../../testdata/journal", name))
		testtools.Must(t, err)
		for n := range whole {
			got := parse(t, whole[:n])
			if bytes.Contains(got, []byte("-- ")) {
				t.Fatalf("%s, cut at %d: %s", name, n, got)
			}
		}
		if got := parse(t, whole); !bytes.Contains(got, []byte("\n-- cursor: s=")) {
			t.Errorf("%s: no cursor: %s", name, got)
		}
	}
}

// A line costs no allocation.
func TestLinesDoNotAllocate(t *testing.T) {
	for _, name := range []string{"basic.short-unix", "basic.export", "basic.kern-trad", "basic.kern-iso", "basic.short"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/journal", name))
		testtools.Must(t, err)
		few, many := bytes.Repeat(data, 10), bytes.Repeat(data, 1000)
		a := testing.AllocsPerRun(1, func() { parse(t, few) })
		b := testing.AllocsPerRun(1, func() { parse(t, many) })
		if b > a+20 { // what the larger buffers cost, for 30,000 lines more
			t.Errorf("%s: %v allocations for 10 copies, %v for 1000", name, a, b)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	for _, name := range []string{"short-unix", "short", "short-iso", "export", "json", "kern-trad", "kern-iso"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile("../../testdata/journal/basic." + name)
			if err != nil {
				b.Fatal(err)
			}
			const copies, lines = 1000, 34
			data = bytes.Repeat(data, copies)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				parse(b, data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*copies*lines), "ns/line")
		})
	}
}

// parse returns the output of the command for an input.
func parse(t testing.TB, input []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	defer func(f *os.File) { os.Stderr = f }(os.Stderr)
	os.Stderr, _ = os.Open(os.DevNull) // the scripts test the messages
	defer os.Stderr.Close()
	c := command{Prefix: []string{"EGRESS: "}, UTC: true, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	if err := c.convert(batch.NewScanner(bytes.NewReader(input), "input"), &out); err != nil && out.Len() > 0 {
		t.Fatal(err)
	}
	return out.Bytes()
}

// With --line-buffered a record comes before the next line does, also when
// the last bytes are no line of ours, or half a line.
func TestLineBuffered(t *testing.T) {
	in, feed := io.Pipe()
	results, out := io.Pipe()
	c := command{Prefix: []string{"EGRESS: "}, UTC: true, LineBuffered: true}
	done := make(chan error)
	go func() { done <- c.convert(batch.NewScanner(in, "input"), out) }()
	for _, tail := range []string{"", "1795421100.980088 vm sshd[94]: hello\n", "          goes on\n", "17954211"} {
		io.WriteString(feed, "1795421100.980088 vm kernel: EGRESS: IN= OUT=a SRC=10.0.0.2 DST=198.51.100.1 LEN=60 \n"+tail)
		var got [64]byte
		n, err := results.Read(got[:])
		if want := "198.51.100.1 1 2026-11-23T08:05:00Z\n"; err != nil || string(got[:n]) != want {
			t.Errorf("before %q: got %q, %v", tail, got[:n], err)
		}
	}
	io.WriteString(feed, "00.980088 vm kernel: bye\n")
	feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The cursor of cursorcat passes through as that of journalctl does.
func TestCursorcat(t *testing.T) {
	name := filepath.Join(t.TempDir(), "kern.log")
	line := "2026-11-23T08:05:00.979955+00:00 vm kernel: [ 3940.030707] EGRESS: IN= OUT=a SRC=10.0.0.2 DST=198.51.100.1 LEN=60 \n"
	testtools.Must(t, os.WriteFile(name, []byte(line), 0o666))
	var stream bytes.Buffer
	cursor, err := (&logfile.Log{Path: name}).Copy(&stream, "")
	testtools.Must(t, err)
	trailer := "-- cursor: " + cursor + "\n"
	stream.WriteString(trailer)
	if got, want := string(parse(t, stream.Bytes())), "198.51.100.1 1 2026-11-23T08:05:00Z\n"+trailer; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// BenchmarkBulk reads large logs, of journalctl and of syslog. (A profile of it in
// default.pgo gains 2 % for short-unix, 4 % for ISO 8601, and makes the build longer by half.)
func BenchmarkBulk(b *testing.B) {
	for _, form := range []string{"basic.short-unix", "basic.kern-trad", "basic.kern-iso", "basic-all.short-unix"} {
		b.Run(form, func(b *testing.B) {
			name, size := bulk(b, form)
			defer func(f *os.File) { os.Stdout = f }(os.Stdout)
			os.Stdout, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			b.SetBytes(size)
			for b.Loop() {
				c := command{UTC: true, Prefix: []string{"EGRESS: "}, Files: []string{name}, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
				if err := c.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bulk writes a log of 16 MiB: a sample, again and again, with other addresses each time.
func bulk(b *testing.B, form string) (name string, size int64) {
	text, err := os.ReadFile("../../testdata/journal/" + form)
	if err != nil {
		b.Fatal(err)
	}
	var log []byte
	for i := 0; len(log) < 16<<20; i++ {
		log = append(log, bytes.ReplaceAll(text, []byte("198.51.100."), fmt.Appendf(nil, "198.18.%d.", i%200))...)
	}
	name = filepath.Join(b.TempDir(), "log")
	if err := os.WriteFile(name, log, 0o600); err != nil {
		b.Fatal(err)
	}
	return name, int64(len(log))
}

// A repetition counts if a syslog daemon wrote it, of the facility of the message.
func TestRepeated(t *testing.T) {
	const line, again = "EGRESS: IN= OUT=eth0 SRC=10.0.0.2 DST=6.6.6.6 LEN=60\n", "last message repeated 5 times\n"
	for _, c := range []struct {
		first, second string
		want          string
	}{
		{"Nov 23 08:05:00 gw kernel: ", "Nov 23 08:05:00 gw ", "6"},
		{"Nov 23 08:05:00 gw kernel: ", "Nov 23 08:05:00 gw kernel: ", "6"},
		{"Nov 23 08:05:00 gw kernel: ", "Nov 23 08:05:00 gw syslogd: ", "6"},
		{"Nov 23 08:05:00 gw kern.warn kernel: ", "Nov 23 08:05:00 gw kern.warn ", "6"},
		{"<4>Nov 23 08:05:00 gw kernel: ", "<4>Nov 23 08:05:00 gw ", "6"},
		{"Nov 23 08:05:00 gw kernel: ", "Nov 23 08:05:00 gw syslogd[94]: ", "1"},
		{"Nov 23 08:05:00 gw kernel: ", "Nov 23 08:05:00 gw kernel[94]: ", "1"},
		{"<4>Nov 23 08:05:00 gw kernel: ", "<13>Nov 23 08:05:00 gw kernel: ", "1"},
		{"<4>Nov 23 08:05:00 gw kernel: ", "<13>Nov 23 08:05:00 gw ", "1"},
		{"Nov 23 08:05:00 gw kern.warn kernel: ", "Nov 23 08:05:00 gw user.warn ", "1"},
		{"<4>1 2026-11-23T08:05:00Z gw kernel - - - ", "<4>1 2026-11-23T08:05:00Z gw - 94 - - ", "1"},
	} {
		if got := parse(t, []byte(c.first+line+c.second+again)); string(got) != "6.6.6.6 "+c.want+" 2026-11-23T08:05:00Z\n" {
			t.Errorf("%q, %q: got %s", c.first, c.second, got)
		}
	}
}
