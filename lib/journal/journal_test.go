package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/batch"
	"egress-monitor/lib/stamp"
	"egress-monitor/lib/testtools"
)

const samples = "../../testdata/journal/"

// read returns the entries of an input, and the number of lines that could not be used.
func read(input []byte) (entries []Entry, skipped int) {
	in := batch.NewScanner(bytes.NewReader(input), "input")
	r := NewReader(in)
	r.Clock = &stamp.Clock{Location: time.UTC, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	r.Boot = func() int64 { return 1795417160 }
	for r.Next() {
		e := *r.Entry()
		e.Message = bytes.Clone(e.Message)
		entries = append(entries, e)
	}
	return entries, in.Skipped().Lines
}

// Each form of the same entries is read as the same entries.
func TestForms(t *testing.T) {
	want := readFile(t, "basic.short-unix")
	if len(want) != 34 {
		t.Fatalf("got %d entries, want 34", len(want))
	}
	for _, form := range []string{
		".short", ".short-precise", ".short-iso", ".short-iso-precise", ".export", ".json", "-cursor.short-unix",
		"-v257.short-iso", "-v257.short-iso-precise", "-v257.export", "-v257.json",
	} {
		got := readFile(t, "basic"+form)
		if len(got) != len(want) {
			t.Errorf("basic%s: got %d entries, want %d", form, len(got), len(want))
			continue
		}
		for i := range got {
			if !equal(got[i], want[i]) {
				t.Errorf("basic%s: entry %d: got %d %d %q", form, i, got[i].Time, got[i].Source, got[i].Message)
			}
		}
	}
}

func readFile(t *testing.T, name string) []Entry {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name))
	testtools.Must(t, err)
	entries, skipped := read(data)
	if skipped > 0 {
		t.Errorf("%s: %d lines skipped", name, skipped)
	}
	return entries
}

func equal(a, b Entry) bool {
	return a.Time == b.Time && a.Source == b.Source && bytes.Equal(a.Message, b.Message)
}

// texts are lines of each text form, and lines that look like one.
var texts = []struct {
	what, line string
	source     Source
	time, msg  string
}{
	{"journalctl -o short-unix", "1795421100.980088 vm kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"with --no-hostname", "1795421100.980088 kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"journalctl -o short, day with a zero", "Nov 03 08:05:00 vm kernel: hello", Kernel, "2026-11-03T08:05:00Z", "hello"},
	{"kern.log, traditional", "Nov  3 08:05:00 vm kernel: [ 3940.030707] hello", Kernel, "2026-11-03T08:05:00Z", "hello"},
	{"kern.log, after a day", "Nov  3 08:05:00 vm kernel: [93940.030707] hello", Kernel, "2026-11-03T08:05:00Z", "hello"},
	{"kern.log of Debian 12 on", "2026-11-23T08:05:00.979955+00:00 vm kernel: [ 3940.030707] hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a zone", "2026-11-23T09:05:00+0100 vm kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"journalctl -o short-full", "Mon 2026-11-23 08:05:00 UTC vm kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"dmesg", "[ 3940.030707] hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"dmesg, early", "[    0.000000] hello", Kernel, "2026-11-23T06:59:20Z", "hello"},
	{"dmesg -T", "[Mon Nov 23 08:05:00 2026] hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"dmesg --time-format iso", "2026-11-23T08:05:00,030707+00:00 hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a host that is an address", "1795421100.980088 2001:db8::1 kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a host called kernel", "1795421100.980088 kernel kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a host called Nov", "Nov 23 08:05:00 Nov kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"an empty message", "1795421100.980088 vm kernel: ", Kernel, "2026-11-23T08:05:00Z", ""},
	{"a message with a bracket", "1795421100.980088 vm kernel: [drm] hello", Kernel, "2026-11-23T08:05:00Z", "[drm] hello"},
	{"journald", "1795421100.980088 vm systemd-journald[48]: hello", Journald, "2026-11-23T08:05:00Z", "hello"},
	{"a process", "1795421101.116720 vm sshd[94]: hello", Other, "2026-11-23T08:05:01Z", "hello"},
	{"a process that calls itself kernel", "1795421102.346626 vm kernel[112]: hello", Other, "2026-11-23T08:05:02Z", "hello"},
	{"one without a host", "1795421102.346626 kernel[112]: hello", Other, "2026-11-23T08:05:02Z", "hello"},
	{"one that says kernel", "1795421102.346626 app[112]: kernel: hello", Other, "2026-11-23T08:05:02Z", "kernel: hello"},
	{"one that calls itself journald", "1795421102.346626 vm systemd-journald: hello", Other, "2026-11-23T08:05:02Z", "hello"},
	{"short fraction", "2026-11-23T08:05:00.1234+00:00 gw kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a container's stamp as long", "2026-11-23T08:05:00.123456789Z gw kernel: hello", Other, "2026-11-23T08:05:00Z", "hello"},
	{"with a date alone", "Nov 23 08:05:00.123456 gw kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a container's with a date alone", "Nov 23 08:05:00.123456789 gw kernel: hello", Other, "2026-11-23T08:05:00Z", "hello"},
	{"a carriage return", "1795421100.980088 vm kernel: hello\r", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"the end of a verbose head", "Nov 23 08:05:00 vm kernel: hello [s=1;t=660ed0cf23778;x=1]", Kernel, "2026-11-23T08:05:00Z", "hello [s=1;t=660ed0cf23778;x=1]"},
	{"busybox's facility", "Nov 23 08:05:00 vm kern.warn kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"FreeBSD's facility", "Nov 23 08:05:00 <kern.warn> vm kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"a priority", "<4>Nov 23 08:05:00 vm kernel: hello", Kernel, "2026-11-23T08:05:00Z", "hello"},
	{"dmesg that says kernel", "2026-11-23T08:05:00,030707+00:00 kernel: hello", Kernel, "2026-11-23T08:05:00Z", "kernel: hello"},
	{"no identifier", "1795421102.346626 vm", Other, "2026-11-23T08:05:02Z", ""},
}

func TestText(t *testing.T) {
	for _, c := range texts {
		got, skipped := read([]byte(c.line + "\n"))
		if len(got) != 1 || skipped != 0 {
			t.Errorf("%s: got %d entries, %d skipped", c.what, len(got), skipped)
			continue
		}
		e := got[0]
		if at := time.Unix(e.Time, 0).UTC().Format(time.RFC3339); e.Source != c.source || at != c.time || string(e.Message) != c.msg {
			t.Errorf("%s: got %d, %s, %q", c.what, e.Source, at, e.Message)
		}
	}
}

// Bytes that one line has left in memory must not change the reading of the next.
func TestTextInAnyOrder(t *testing.T) {
	for _, first := range texts {
		for _, second := range texts {
			alone, _ := read([]byte(second.line + "\n"))
			both, _ := read([]byte(first.line + "\n" + second.line + "\n"))
			if len(both) != 2 || !equal(both[1], alone[0]) {
				t.Errorf("%s after %s: got %v", second.what, first.what, both)
			}
		}
	}
}

func TestNoEntry(t *testing.T) {
	for _, c := range []struct {
		line    string
		skipped int
	}{
		{"", 0},
		{"                         goes on", 0},
		{"\tgoes on", 0},
		{"hello", 1},
		{"EGRESS: IN= OUT=a SRC=10.0.0.2 DST=6.6.6.6 LEN=60", 1},
		{"1795421100.980088", 1},
		{"1795421100 vm kernel: hello", 1},
		{"17954211009999.980088 vm kernel: hello", 1},
		{"2026-02-30T08:05:00+0000 vm kernel: hello", 1},
		{"Mon 2026-11-23 08:05:00 XYZ vm kernel: hello", 1},
		{"Nov 31 08:05:00 vm kernel: hello", 1},
		{"[ 3940.030707", 1},
		{"[ 3940.030707]", 1},
		{"[Nov23 08:05] hello", 1},
		{"{", 1},
		{"{}", 0},
		{`{"MESSAGE":"hello"}`, 1},
		{`{"MESSAGE":"hello","__REALTIME_TIMESTAMP":1795421100980088}`, 1},
		{`{"MESSAGE":["a","b"],"__REALTIME_TIMESTAMP":"1795421100980088"}`, 0},
		{`{"MESSAGE":[1,256],"__REALTIME_TIMESTAMP":"1795421100980088"}`, 0},
		{`{"time":"Nov 23 08:05:00 gw kernel: x","message":"hello"}`, 1},
		{`{"time":"2026-11-23T08:05:00Z gw kernel: x","message":"hello"}`, 1},
		{`{"time":"1795421100.9 gw kernel: x","message":"hello"}`, 1},
		{"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795421100980088\n\n", 0},
		{"__CURSOR=s=1\n__REALTIME_TIMESTAMP=never\nMESSAGE=hello\n\n", 1},
		{"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795421100980088\nMESSAGE=hello", 1},
	} {
		if got, skipped := read([]byte(c.line + "\n")); len(got) != 0 || skipped != c.skipped {
			t.Errorf("%q: got %v, %d skipped, want none, %d", c.line, got, skipped, c.skipped)
		}
	}
}

// An entry that is cut by something else does not take that with it.
func TestEntryCutByText(t *testing.T) {
	got, skipped := read([]byte("__CURSOR=s=1\n1795421100.980088 vm kernel: hello\n"))
	if len(got) != 1 || string(got[0].Message) != "hello" || skipped != 1 {
		t.Errorf("got %v, %d skipped", got, skipped)
	}
}

// An object that goes on for too long hides no entry after it.
func TestLongObject(t *testing.T) {
	got, skipped := read([]byte("{\n" + strings.Repeat("  \"name\": 1,\n", maxObject/13+1) + "1795421100.980088 vm kernel: hello\n"))
	if len(got) != 1 || string(got[0].Message) != "hello" || skipped == 0 {
		t.Errorf("got %d entries, %d skipped", len(got), skipped)
	}
	got, skipped = read([]byte("{\n" + strings.Repeat("  \"name\": 1,\n", maxObject/13+1) + "  \"__REALTIME_TIMESTAMP\": \"1795421100980088\",\n  \"MESSAGE\": \"hello\"\n}\n"))
	if len(got) != 0 || skipped == 0 {
		t.Errorf("a long object: got %d entries, %d skipped", len(got), skipped)
	}
}

// An entry of form verbose ends where the next one, or another line, begins.
func TestVerbose(t *testing.T) {
	const head = "Mon 2026-11-23 08:05:00.980088 UTC [s=4d2bed144de3495486d9015626e0dcb6;i=4;b=6e47a4f2c5044f5495574cc985fed1b1;m=1;t=6443ec4b3a0f8;x=1]\n"
	got, skipped := read([]byte(head + "    _TRANSPORT=kernel\n    MESSAGE=one\n            MESSAGE=goes on\n" + head + "    MESSAGE=two\n    _TRANSPORT=syslog\n1795421100.980088 vm kernel: three\n"))
	if len(got) != 3 || skipped != 0 {
		t.Fatalf("got %v, %d skipped", got, skipped)
	}
	for i, want := range []Entry{{Source: Kernel, Message: []byte("one")}, {Source: Other, Message: []byte("two")}, {Source: Kernel, Message: []byte("three")}} {
		if want.Time = got[2].Time; i < 2 {
			want.Time = 0x6443ec4b3a0f8 / 1_000_000
		}
		if !equal(got[i], want) {
			t.Errorf("entry %d: got %d %d %q", i, got[i].Time, got[i].Source, got[i].Message)
		}
	}
}

// Of a field that is there twice, each value is believed against the kernel.
func TestExportTwice(t *testing.T) {
	got, _ := read([]byte("__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795421100980088\n_TRANSPORT=kernel\nSYSLOG_FACILITY=1\nSYSLOG_FACILITY=0\nMESSAGE=hello\n\n"))
	if len(got) != 1 || got[0].Source != Other {
		t.Errorf("got %v", got)
	}
}

func TestLost(t *testing.T) {
	for _, c := range []struct {
		source Source
		text   string
		n      uint64
		ok     bool
	}{
		{Journald, "Missed 4318 kernel messages", 4318, true},
		{Journald, "/dev/kmsg buffer overrun, some messages lost.", 0, true},
		{Journald, "Missed 0 kernel messages", 0, false},
		{Journald, "Missed x kernel messages", 0, false},
		{Journald, "Missed 4318 kernel messages?", 0, false},
		{Other, "Missed 4318 kernel messages", 0, false},
		{Other, "/dev/kmsg buffer overrun, some messages lost.", 0, false},
	} {
		e := Entry{Source: c.source, Message: []byte(c.text)}
		if n, ok := e.Lost(); n != c.n || ok != c.ok {
			t.Errorf("%d %q: %d, %v", c.source, c.text, n, ok)
		}
	}
}

// Export is read the same in any order of fields, text or binary.
func TestExportAnyOrder(t *testing.T) {
	fields := []string{
		"__REALTIME_TIMESTAMP=1795421100980088\n",
		"_TRANSPORT=kernel\n",
		"SYSLOG_FACILITY=0\n",
		bin("MESSAGE", "hello\x01\n\n__CURSOR=x\nMESSAGE=other\n"),
		bin("OTHER", strings.Repeat("\n-- cursor: s=1\n", 1000)),
		bin("EMPTY", ""),
	}
	want := Entry{Time: 1795421100, Source: Kernel, Message: []byte("hello\x01\n\n__CURSOR=x\nMESSAGE=other\n")}
	for range len(fields) {
		got, skipped := read([]byte("__CURSOR=s=1\n" + strings.Join(fields, "") + "\n"))
		if len(got) != 1 || !equal(got[0], want) || skipped != 0 {
			t.Errorf("got %v, %d skipped", got, skipped)
		}
		fields = slices.Concat(fields[1:], fields[:1])
	}
}

// bin is a field in binary form.
func bin(name, value string) string {
	return name + "\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
}

// A message of megabytes is not kept, and what follows it is read.
func TestExportLongMessage(t *testing.T) {
	entry := "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795421100980088\n"
	got, skipped := read([]byte(entry + bin("MESSAGE", strings.Repeat("\x01", 5<<20)) + "\n" + entry + "MESSAGE=hello\n\n"))
	if len(got) != 2 || len(got[0].Message) != maxMessage || string(got[1].Message) != "hello" || skipped != 0 {
		t.Errorf("got %d entries, %d skipped", len(got), skipped)
	}
}

// A stream that is cut anywhere gives the entries that are whole.
func TestExportCut(t *testing.T) {
	var whole []byte
	for i := range 3 {
		whole = fmt.Appendf(whole, "__CURSOR=s=%d\n__REALTIME_TIMESTAMP=1795421100980088\n%s_TRANSPORT=kernel\n\n", i, bin("MESSAGE", fmt.Sprint("hello\x01", i)))
	}
	for n := range whole {
		got, _ := read(whole[:n])
		if want := bytes.Count(whole[:n], []byte("kernel\n\n")); len(got) != want {
			t.Errorf("cut at %d: got %d entries, want %d", n, len(got), want)
		}
	}
}

func TestValidCursor(t *testing.T) {
	const good = "s=4d2bed144de3495486d9015626e0dcb6;i=4;b=6e47a4f2c5044f5495574cc985fed1b1;m=ead81f86;t=660ed0cf23778;x=8a2087d78bf24524"
	if !ValidCursor(good) {
		t.Errorf("%s: refused", good)
	}
	if !ValidCursor(good + ";q=1;yy=Z") {
		t.Error("refused: a field that a newer version may add")
	}
	for n := range good {
		// The last part has no length that is known, but a stream that was cut
		// inside it has no line feed either.
		if bad := good[:n]; ValidCursor(bad) && !strings.Contains(bad, ";x=8") {
			t.Errorf("%s: taken", bad)
		}
		if bad := good[:n] + "g" + good[n+1:]; ValidCursor(bad) {
			t.Errorf("%s: taken", bad)
		}
	}
	for _, bad := range []string{good + ";", good + ";y", good + ";y=", good + ";1=1", good + "\n", strings.ToUpper(good), " " + good} {
		if ValidCursor(bad) {
			t.Errorf("%q: taken", bad)
		}
	}
}

func TestParseCursor(t *testing.T) {
	const boot = "6e47a4f2c5044f5495574cc985fed1b1"
	want := Cursor{boot, 0xead81f86, 0x660ed0cf23778}
	for _, token := range []string{
		"s=4d2bed144de3495486d9015626e0dcb6;i=4;b=" + boot + ";m=ead81f86;t=660ed0cf23778;x=8a2087d78bf24524",
		"b=" + boot + ";m=ead81f86;t=660ed0cf23778",
		"q=?;t=660ed0cf23778;m=ead81f86;b=" + boot,
	} {
		if got, ok := ParseCursor(token); !ok || got != want {
			t.Errorf("%s: %+v, %v", token, got, ok)
		}
	}
	if got, ok := ParseCursor("t=1f"); !ok || got != (Cursor{Real: 31}) {
		t.Errorf("a time alone: %+v, %v", got, ok)
	}
	for _, bad := range []string{"", "t=", "t", "t=-1", "t=+1", "t=1;t=2", "t=fffffffffffffffff", "b=" + boot + ";t=1", "m=1;t=1",
		"b=" + boot + ";m=1", "b=" + boot[1:] + ";m=1;t=1", "b=" + boot + ";m=g;t=1", "t=1;", "f1:0.0.0.0:0", "garbage", "s=;i=;t=;x="} {
		if got, ok := ParseCursor(bad); ok {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

// Whatever the input: no panic, and each message is a part of it, if it is not
// json.
func FuzzReader(f *testing.F) {
	for _, c := range texts {
		f.Add([]byte(c.line + "\n"))
	}
	for _, form := range []string{".short-unix", ".export", ".json"} {
		data, err := os.ReadFile(samples + "basic" + form)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:2000])
	}
	f.Add([]byte(`{"log":"dnsmasq[1]: hello\n","stream":"stderr","time":"2026-11-23T08:05:00Z"}` + "\n" + `{"timestamp":1795421100123,"host":"gw","program":"kernel","message":"hello"}` + "\n"))
	f.Add([]byte("{\n \"dmesg\": [\n  {\n   \"pri\": 4,\n   \"time\": 12.5,\n   \"msg\": \"hello\"\n  }\n ]\n}\nNov 23 08:05:00 gw kernel: hello\n"))
	f.Add([]byte("__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795421100980088\n" + bin("MESSAGE", "\x01") + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, _ := read(data)
		for _, e := range entries {
			if !bytes.Contains(data, e.Message) && !bytes.Contains(data, []byte("{")) {
				t.Errorf("message %q", e.Message)
			}
			e.Lost()
		}
	})
}

// Where only form short-unix is expected, nothing else is an entry.
func TestStrict(t *testing.T) {
	const good = "1795421100.980088 vm kernel: hello"
	var input string
	for _, c := range texts {
		input += good + "\n" + c.line + "\n"
	}
	in := batch.NewScanner(strings.NewReader(input+"__CURSOR=s=1\n{\n"), "input")
	r := NewReader(in)
	r.Strict = true
	for r.Next() {
		if e := r.Entry(); e.Source == Kernel && !bytes.HasPrefix(in.Bytes(), []byte("1795421100.980088 ")) {
			t.Errorf("%q counts", in.Bytes())
		}
	}
}

// Splitting lines of text anywhere between two of them gives the same entries.
func FuzzSplit(f *testing.F) {
	var all string
	for _, c := range texts {
		all += c.line + "\n"
	}
	f.Add([]byte(all), 5)
	f.Add([]byte("Nov 23 08:05:00 gw kernel: hello\nNov 23 08:05:00 gw kernel: message repeated 2 times: [ hello]\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		if bytes.ContainsAny(data, "{_\x1e") || bytes.Contains(data, []byte("[s=")) {
			return // entries of several lines
		}
		lines := bytes.SplitAfter(data, []byte("\n"))
		if at < 0 || at > len(lines) || !bytes.HasSuffix(data, []byte("\n")) {
			return
		}
		whole, _ := read(data)
		first, _ := read(bytes.Join(lines[:at], nil))
		second, _ := read(bytes.Join(lines[at:], nil))
		parts := append(first, second...)
		if len(parts) != len(whole) {
			t.Fatalf("%d entries, in two parts %d", len(whole), len(parts))
		}
		for i := range parts {
			if !equal(parts[i], whole[i]) {
				t.Fatalf("entry %d: %v, in two parts %v", i, whole[i], parts[i])
			}
		}
	})
}

// If an object's fields name another writer than the kernel, its message is not the kernel's.
func TestObjectsOfOthers(t *testing.T) {
	const text, at = `"message":"kernel: hello"`, `"@timestamp":"2026-11-23T08:05:00.123Z",`
	for object, want := range map[string]Source{
		`{` + at + text + `}`: Kernel,
		`{` + at + text + `,"_TRANSPORT":"kernel","SYSLOG_FACILITY":"0","PRIORITY":"4","_PID":"","procid":"-"}`:                          Kernel,
		`{` + at + text + `,"log":{"syslog":{"appname":"kernel","facility":{"code":0,"name":"kernel"},"priority":4,"procid":"-"}}}`:      Kernel,
		`{` + at + `"message":"Nov 23 08:05:00 gw kernel: hello","log":{"file":{"path":"/var/log/kern.log"},"offset":9}}`:                Kernel,
		`{"date":1795421100.123,"SYSLOG_IDENTIFIER":"kernel","_TRANSPORT":"syslog","MESSAGE":"hello"}`:                                   Other,
		`{"date":1795421100.123,"SYSLOG_IDENTIFIER":"kernel","SYSLOG_FACILITY":"1","MESSAGE":"hello"}`:                                   Other,
		`{"date":1795421100.123,"SYSLOG_IDENTIFIER":"kernel","_PID":"94","MESSAGE":"hello"}`:                                             Other,
		`{"date":1795421100.123,"SYSLOG_IDENTIFIER":"kernel","_transport":["kernel","x"],"MESSAGE":"hello"}`:                             Other,
		`{"appname":"a:b","procid":94,"facility":"user","message":"gw kernel: hello","timestamp":"2026-11-23T08:05:00Z"}`:                Other,
		`{"appname":"a b","message":"gw kernel: hello","timestamp":"2026-11-23T08:05:00Z"}`:                                              Other,
		`{"appname":"<a","message":"Nov 23 08:05:00 gw kernel: hello","timestamp":"2026-11-23T08:05:00Z"}`:                               Other,
		`{"appname":"` + strings.Repeat("a", 200) + `","message":"Nov 23 08:05:00 gw kernel: hello","timestamp":"2026-11-23T08:05:00Z"}`: Other,
		`{"appname":"kernel","facility":"user","message":"[ 1.0] hello","timestamp":"Nov 23 08:05:00","host":"gw"}`:                      Other,
		`{` + at + text + `,"pid":"0"}`:                                                                          Kernel,
		`{` + at + text + `,"process":{"pid":94}}`:                                                               Other,
		`{` + at + text + `,"process.pid":94}`:                                                                   Other,
		`{` + at + text + `,"log":{"syslog":{"appname":"logger"}}}`:                                              Other,
		`{` + at + text + `,"log":{"syslog":{"facility":{"code":1}}}}`:                                           Other,
		`{` + at + text + `,"syslog":{"facility":1}}`:                                                            Other,
		`{` + at + text + `,"pri":"12"}`:                                                                         Other,
		`{` + at + text + `,"priority":1.2e1}`:                                                                   Other,
		`{` + at + text + `,"labels":{"container":"app"}}`:                                                       Other,
		`{"_source":{` + at + text + `,"process":{"pid":94}}}`:                                                   Other,
		`{"pri":4,"time":3940.03,"msg":"hello"}`:                                                                 Kernel,
		`{"pri":12,"time":3940.03,"msg":"hello"}`:                                                                Other,
		`{"fac":"user","pri":"warn","time":3940.03,"msg":"hello"}`:                                               Other,
		`{"__REALTIME_TIMESTAMP":"1795421100980088","SYSLOG_IDENTIFIER":"kernel","_PID":"94","MESSAGE":"hello"}`: Other,
	} {
		r := NewReader(batch.NewScanner(strings.NewReader(object+"\n"), "input"))
		r.Clock = &stamp.Clock{Location: time.UTC, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
		r.Boot = func() int64 { return 1795417160 }
		if !r.Next() || r.Entry().Source != want {
			t.Errorf("%s: got %v, want %v", object, r.Entry(), want)
		}
	}
}

// An object that says twice who wrote it is no entry. One with two messages is.
func TestObjectsThatSayItTwice(t *testing.T) {
	for _, object := range []string{
		`{"__REALTIME_TIMESTAMP":"1795421100980088","_TRANSPORT":"syslog","_TRANSPORT":"kernel","MESSAGE":"hello"}`,
		`{"__REALTIME_TIMESTAMP":"1795421100980088","_TRANSPORT":"syslog","_TRANSP\u004fRT":"kernel","MESSAGE":"hello"}`,
		`{"time":"2026-11-23T08:05:00Z","message":"kernel: hello","facility":"user","facility":"kern"}`,
		`{"time":"2026-11-23T08:05:00Z","message":"kernel: hello","process":{"pid":94},"process":{}}`,
		`{"time":"2026-11-23T08:05:00Z","message":"kernel: hello","process":{"pid":94,"pid":0}}`,
		`{"time":"2026-11-23T08:05:00Z","message":"kernel: hello","stream":"stdout","stream":null}`,
		`{"_source":{"message":"x"},"_source":{"time":"2026-11-23T08:05:00Z","message":"kernel: hello"}}`,
	} {
		if got, skipped := read([]byte(object + "\n")); len(got) != 0 || skipped != 1 {
			t.Errorf("%s: %v, %d skipped", object, got, skipped)
		}
	}
	if got, _ := read([]byte(`{"__REALTIME_TIMESTAMP":"1795421100980088","_TRANSPORT":"kernel","MESSAGE":"x:{\":","MESSAGE":"hello"}` + "\n")); len(got) != 1 || got[0].Source != Kernel {
		t.Errorf("%v", got)
	}
}

// The members of an object are counted as they are written.
func TestMembers(t *testing.T) {
	for object, want := range map[string]int{
		`{}`: 0, `{"a":1}`: 1, `{"a" : 1, "b":"x:\"y\":z"}`: 2, `{"a":{"b":1,"c":[{"d":2}]},"e":"\\","a":":"}`: 3, `{"a\\\"":"","b":"\\\\\""}`: 2,
	} {
		if got := members([]byte(object)); got != want {
			t.Errorf("%s: got %d, want %d", object, got, want)
		}
	}
}
