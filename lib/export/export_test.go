package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"egress-monitor/lib/batch"
)

// TestReadable: what is printed, the standard library reads back as what it
// was, whatever bytes the names are made of.
func TestReadable(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		name, n := randomName(r), r.Uint64()
		line := fmt.Sprintf("%s %d 2026-02-08T21:30:00Z 192.0.2.1,192.0.2.2", name, n)
		row, err := Parse([]byte(line))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		readJSON(t, row, name, n)
		readCSV(t, row, name)
	}
}

func randomName(r *rand.Rand) string {
	b := make([]byte, 1+r.Intn(8))
	for i := range b {
		for b[i] = ','; b[i] == ','; b[i] = byte('!' + r.Intn('~'-'!'+1)) {
		}
	}
	return string(b)
}

func readJSON(t *testing.T, row Row, name string, n uint64) {
	t.Helper()
	text, _ := AppendJSON(nil, row)
	var got struct {
		Domain, Last string
		Count        uint64
		IPs          []string
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if got.Domain != name || got.Count != n || len(got.IPs) != 2 {
		t.Fatalf("%q %d: %s", name, n, text)
	}
}

var begins = regexp.MustCompile(`(^|[;|: ,"\t])([=+@-])`)

func readCSV(t *testing.T, row Row, name string) {
	t.Helper()
	text, _ := new(CSV).Append(nil, row)
	cells, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	name = begins.ReplaceAllString(name, "$1'$2")
	name = begins.ReplaceAllString(name, "$1'$2") // matches do not overlap
	for _, separator := range ",;\t| :" {
		for _, cell := range strings.FieldsFunc(string(text), func(c rune) bool { return c == separator || c == '"' || c == '\n' }) {
			if strings.ContainsAny(cell[:1], "=+-@") {
				t.Fatalf("%q: cut at %q there is a cell %q in %s", name, separator, cell, text)
			}
		}
	}
	if len(cells) != 2 || cells[1][0] != name || cells[1][3] != "192.0.2.1 192.0.2.2" {
		t.Fatalf("%q: %s", name, text)
	}
}

// TestReader: what rows are is found out from the rows, or the input is refused.
func TestReader(t *testing.T) {
	const at = " 3 2026-02-08T21:30:00Z "
	direct, led := "192.0.2.1"+at+"-\n", "192.0.2.2"+at+"a.example,192.0.2.7\n"
	name, address, odd := "a.example"+at+"192.0.2.1\n", "192.0.2.1"+at[:len(at)-1]+"\n", "192.0.2.3"+at+"192.0.2.9\n"
	for _, test := range []struct{ text, kinds, err string }{
		{"", "", ""},
		{direct, "J", ""},
		{strings.Repeat(direct, 3), "JJJ", ""},
		{direct + led + direct, "JJJ", ""},
		{odd + led, "JJ", ""},
		{direct + odd + name + direct, "DDDD", ""}, // questions for names that look like addresses
		{direct + address, "DA", ""},
		{name + address + name, "DAD", ""},
		{"bad\n" + direct + "bad\n" + led + "bad\n", "JJ", ""},
		{led + name, "J", ErrMixed.Error()},
		{name + led, "D", ErrMixed.Error()},
		{strings.Repeat(direct, maxHeld+1) + name, strings.Repeat("J", maxHeld+1), ErrMixed.Error()},
	} {
		r := NewReader(batch.NewScanner(strings.NewReader(test.text), "input"))
		var all []byte
		for r.Next() {
			all = append(all, "DAJ"[r.Row().Kind()])
		}
		kinds := string(all)
		if got := fmt.Sprint(r.Err()); kinds != test.kinds || r.Err() != nil && got != test.err || (r.Err() == nil) != (test.err == "") {
			t.Errorf("%.100q: %.20s, %v", test.text, kinds, got)
		}
	}
}

// TestLists: each format prints a list of no address, of one and of several.
func TestLists(t *testing.T) {
	cof, table := &COF{}, &CSV{begun: true}
	for _, test := range []struct{ ips, json, csv, cof string }{
		{"192.0.2.1,2001:db8::1", `["192.0.2.1","2001:db8::1"]`, "192.0.2.1 2001:db8::1", `["192.0.2.1"] ["2001:db8::1"]`},
		{"192.0.2.1", `["192.0.2.1"]`, "192.0.2.1", `["192.0.2.1"]`},
		{"-", "[]", "", ""},
	} {
		row, err := Parse([]byte("a.example 3 2026-02-08T21:30:00Z " + test.ips))
		if err != nil {
			t.Fatal(err)
		}
		asJSON, _ := AppendJSON(nil, row)
		asCSV, _ := table.Append(nil, row)
		asCOF, err := cof.Append(nil, row)
		rdata := strings.Join(regexp.MustCompile(`\[.*?\]`).FindAllString(string(asCOF), -1), " ")
		if !strings.HasSuffix(string(asJSON), test.json+"}\n") || !strings.HasSuffix(string(asCSV), "Z,"+test.csv+"\n") ||
			rdata != test.cof || err != nil {
			t.Errorf("%s: %s%s%s%v", test.ips, asJSON, asCSV, asCOF, err)
		}
	}
}
