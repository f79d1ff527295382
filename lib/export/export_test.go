package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
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

func readCSV(t *testing.T, row Row, name string) {
	t.Helper()
	text, _ := new(CSV).Append(nil, row)
	cells, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if strings.ContainsAny(name[:1], "=+-@") {
		name = "'" + name
	}
	if len(cells) != 2 || cells[1][0] != name || cells[1][3] != "192.0.2.1 192.0.2.2" {
		t.Fatalf("%q: %s", name, text)
	}
}
