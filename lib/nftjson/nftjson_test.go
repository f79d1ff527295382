package nftjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"egress-monitor/lib/testtools"
)

// listed is what was read, as text.
func listed(in io.Reader) (string, error) {
	var b strings.Builder
	err := Read(in, Handler{
		Set:     func(s *Set) { fmt.Fprintf(&b, "set %s %s %v\n", s.Table, s.Name, s.IPv6) },
		Element: func(s *Set, e Element) { fmt.Fprintf(&b, "%s %v %d %.3f\n", s.Name, e.Addr, e.Packets, e.Age) },
		Counter: func(table, name string, n uint64) { fmt.Fprintf(&b, "counter %s %s %d\n", table, name, n) },
		Skip:    func(s *Set, err error) { fmt.Fprintf(&b, "%s: %v\n", s.Name, err) },
	})
	return b.String(), err
}

const ruleset = `counter egress_monitor seen4_7 5
counter egress_monitor seen6_7 1
set egress_monitor v4_7 false
v4_7 192.0.2.1 2 2.500
v4_7 192.0.2.2 2 0.500
v4_7 192.0.2.3 1 2.500
set egress_monitor v6_7 true
v6_7 2001:db8:2::1 1 2.500
set other nets false
nets: an element that is not one address
nets: an element that is not one address
nets 203.0.113.7 0 -1.000
set other plain false
plain: an element without a counter
set other counted false
counted 192.0.2.78 0 -1.000
set other mixed false
mixed 192.0.2.79 0 2.500
mixed 192.0.2.80 0 -1.000
`

func TestSample(t *testing.T) {
	text := testtools.Read(t, "../../testdata/nft/ruleset.json")
	for name, in := range map[string]io.Reader{"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
		if got, err := listed(in); err != nil || got != ruleset {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	// wherever it is cut, that is an error, and what was read is a beginning
	text = strings.TrimSpace(text)
	for n := range text {
		got, err := listed(strings.NewReader(text[:n]))
		if err == nil || !strings.HasPrefix(ruleset, got) {
			t.Fatalf("cut after %d bytes: %v\n%s", n, err, got)
		}
	}
}

// A set of "typeof ip6 daddr", as newer versions print it.
func TestTypeof(t *testing.T) {
	got, err := listed(strings.NewReader(`{"nftables": [{"set": {"name": "s", "table": "t", "type": {"typeof": {"payload": {"protocol": "ip6", "field": "daddr"}}},
		"timeout": 9, "elem": [{"elem": {"val": "2001:db8::1", "expires": 8.5, "counter": {"packets": 1, "bytes": 2}}}, {"elem": {"val": 80, "counter": {"packets": 1}}},
		{"elem": {"val": "fe80::1%eth0", "counter": {"packets": 1}}}]}}]}`))
	if err != nil || got != "set t s false\ns 2001:db8::1 1 0.500\ns: an element that is not one address\ns: an element that is not one address\n" {
		t.Errorf("%v\n%s", err, got)
	}
}

// Whatever makes no sense is skipped and reported, or ends the reading.
func TestHostile(t *testing.T) {
	for elem, want := range map[string]string{
		`{"elem": {"val": "192.0.2.1", "expires": 1, "counter": {"packets": 2}}}`:           "s 192.0.2.1 2 7.500\n",
		`{"elem": {"val": "2001:db8::1", "counter": {"packets": 2}}}`:                       "s: an element that is not one address\n",
		`{"elem": {"val": "192.0.2.1%eth0", "counter": {"packets": 2}}}`:                    "s: an element that is not one address\n",
		`{"elem": {"val": "192.0.2.1` + strings.Repeat(" ", maxText) + `", "counter": {}}}`: "s: an element that is not one address\n",
		`{"elem": {"val": "192.0.2.1"}}`:                                                    "s: an element without a counter\n",
		`{"elem": {"val": "192.0.2.1", "expires": -1, "counter": {"packets": 2}}}`:          "s: an element with a number that makes no sense\n",
		`{"elem": {"val": "192.0.2.1", "expires": 1e13, "counter": {"packets": 2}}}`:        "s: an element with a number that makes no sense\n",
		`{"elem": {"val": "192.0.2.1", "counter": {"packets": -2}}}`:                        "s: an element with a number that makes no sense\n",
		`{"elem": {"val": "192.0.2.1", "counter": {"packets": 18446744073709551616}}}`:      "s: an element with a number that makes no sense\n",
		`{"elem": {"val": "192.0.2.1", "counter": {"packets": 2}}},`:                        "s 192.0.2.1 2 -1.000\nsyntax error in JSON",
		"{\"elem\": {\"val\": \"192.0.2.1\n\"}}":                                            "syntax error in JSON",
		strings.Repeat("[", maxDepth):                                                       "objects and arrays too deep in each other",
	} {
		got, err := listed(strings.NewReader(`{"nftables": [{"set": {"name": "s", "table": "t", "type": "ipv4_addr", "timeout": 9, "elem": [` + elem + `]}}]}`))
		if err != nil {
			got += errors.Unwrap(err).Error()
		}
		if want = "set t s false\n" + want; got != want {
			t.Errorf("%.100q:\ngot  %q\nwant %q", elem, got, want)
		}
	}
	long := strings.Repeat("x", 2*maxText)
	if got, err := listed(strings.NewReader(`{"nftables": [{"counter": {"table": "t", "name": "` + long + `", "packets": 1}}]}`)); err != nil || got != "counter t "+long[:maxText]+" 1\n" {
		t.Errorf("a long name: %d bytes, %v", len(got), err)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	_, err := listed(io.MultiReader(strings.NewReader(`{"nftables": [`), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestNoAllocations(t *testing.T) {
	text := []byte(`{"nftables": [{"set": {"name": "s", "type": "ipv4_addr", "timeout": 9, "elem": [` +
		strings.Repeat(`{"elem": {"val": "192.0.2.1", "expires": 7.5, "counter": {"packets": 2, "bytes": 60}}},`, 1000) +
		`{"elem": {"val": "192.0.2.1", "counter": null}}]}}]}`)
	n := 0
	allocs := testing.AllocsPerRun(5, func() {
		testtools.Must(t, Read(bytes.NewReader(text), Handler{Element: func(*Set, Element) { n++ }}))
	})
	if n != 6000 || allocs > 9000 {
		t.Errorf("%d elements, %v allocations for a thousand", n, allocs)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"ruleset", "several", "tables", "empty"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/nft", name+".json"))
		testtools.Must(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := listed(bytes.NewReader(text))
		if again, err2 := listed(iotest.HalfReader(bytes.NewReader(text))); again != got || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%q, %v; in other pieces %q, %v", got, err, again, err2)
		}
	})
}

// Whatever encoding/json takes, the lexer takes.
func FuzzValue(f *testing.F) {
	for _, text := range []string{`{"a": [1, -2.5E+3, true, false, null, "\u00e9\"\\\n"], "b": {}}`, `"x"`, `-0`, ` [ ] `, `"\ud83d\ude00"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l := newLexer(bytes.NewReader(text))
		l.skipValue()
		l.space()
		if json.Valid(text) && l.err != io.EOF && l.err != errDeep {
			t.Errorf("%q: %v", text, l.err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"nftables": [{"set": {"name": "s", "type": "ipv4_addr", "timeout": 9, "elem": [`)
	for i := range 65536 {
		fmt.Fprintf(&text, `{"elem": {"val": "198.18.%d.%d", "expires": 7, "counter": {"packets": 2, "bytes": 60}}}, `, i>>8, i&255)
	}
	text.WriteString(`{"elem": {"val": "192.0.2.1"}}]}}]}`)
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		Read(bytes.NewReader(text.Bytes()), Handler{})
	}
}
