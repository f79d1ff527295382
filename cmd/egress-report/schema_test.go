package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egress-monitor/lib/finding"
	"egress-monitor/lib/testtools"
)

// schema returns the keys that the manual names: of "", which is the object
// itself, of findings[], of tables.direct.rows[] and so on. A list is a key with
// []. The kinds of findings are the keys of "kinds".
func schema(t *testing.T) map[string][]string {
	t.Helper()
	_, text, _ := strings.Cut(testtools.Read(t, "egress-report.1"), ".Sh JSON\n")
	text, _, ok := strings.Cut(text, ".Sh ")
	if !ok {
		t.Fatal("the manual has no section JSON")
	}
	keys, at := map[string][]string{}, "preface"
	for line := range strings.Lines(text) {
		macro, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		names := strings.FieldsFunc(strings.TrimPrefix(rest, "Li "), func(r rune) bool { return strings.ContainsRune(" ,;", r) })
		switch {
		case macro == "Kinds:":
			at = "kinds"
		case macro == ".Li":
			keys[at] = append(keys[at], slices.DeleteFunc(names, func(s string) bool { return s == "." })...)
		case macro == ".It":
			at = names[0]
			for _, name := range names {
				if first, _, _ := strings.Cut(name, "."); !slices.Contains(keys[""], first) {
					keys[""] = append(keys[""], first)
				}
			}
		}
	}
	return keys
}

// keysOf returns the keys of an object, as the manual writes them.
func keysOf(o any) (keys []string) {
	for key, value := range o.(map[string]any) {
		if _, list := value.([]any); list {
			key += "[]"
		}
		keys = append(keys, key)
	}
	return keys
}

// checkKeys compares the keys of an object with those of the manual.
func checkKeys(t *testing.T, manual map[string][]string, at string, o any) {
	t.Helper()
	got, want := slices.Sorted(slices.Values(keysOf(o))), slices.Sorted(slices.Values(manual[at]))
	if !slices.Equal(got, want) {
		t.Errorf("%s: printed %v, the manual has %v", at, got, want)
	}
	for _, key := range got {
		if strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_-[]") != "" {
			t.Errorf("%s: key %q", at, key)
		}
	}
}

// writeFleet makes folders of hosts that bring something into each table.
func writeFleet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const old, late = " 9 2026-11-01T00:00:00Z", " 9 2026-11-22T00:00:00Z"
	domains := "a.example.com" + late + " 192.0.2.1\nwww.example.net" + late + " -\n"
	ips := "10.0.0.9" + late + "\n192.0.2.1" + late + "\n"
	for _, host := range []string{"web1", "web2", "web3", "web4"} {
		more, moreIPs := "", ""
		if host == "web1" {
			more = "lone.example" + late + " -\nnew.www.example.net" + late + " -\n"
			moreIPs = "198.51.100.7" + late + "\n8.8.8.8" + late + "\n"
		}
		write := func(name, text string) { testtools.Write(t, filepath.Join(dir, host, name), text) }
		lines := slices.Sorted(strings.Lines(domains + more))
		write("unique-domains.log", strings.Join(lines, ""))
		write("unique-ips.log", strings.Join(slices.Sorted(strings.Lines(ips+moreIPs)), ""))
		first := strings.ReplaceAll(strings.ReplaceAll(strings.Join(lines, ""), " 192.0.2.1\n", " -\n"), late, old)
		write("first-seen-domains.log", strings.ReplaceAll(first, "new.www.example.net"+old, "new.www.example.net"+late))
		write("first-seen-ips.log", strings.ReplaceAll(strings.Join(slices.Sorted(strings.Lines(ips+moreIPs)), ""), "198.51.100.7"+late, "198.51.100.7 9 2026-11-21T00:00:00Z"))
		write("pull.history", "2026-11-01T00:00:00Z first\n")
		write("pull.status", "time=2026-11-22T01:00:00Z\nstate=failed\nmessage=x\npulled=2026-11-22T01:00:00Z\n")
	}
	return dir
}

// TestSchema: the manual names each key that --json prints, and no other; and
// each kind of finding.
func TestSchema(t *testing.T) {
	self, err := os.Executable()
	testtools.Must(t, err)
	link := filepath.Join(t.TempDir(), "egress-report")
	testtools.Must(t, os.Symlink(self, link))
	out, err := exec.Command(link, "--json", "--now", "2026-11-23T00:00:00Z", writeFleet(t)).Output()
	testtools.Must(t, err)
	var all map[string]any
	testtools.Must(t, json.NewDecoder(bytes.NewReader(out)).Decode(&all))

	manual := schema(t)
	checkKeys(t, manual, "", all)
	checkKeys(t, manual, "totals", all["totals"])
	checkKeys(t, manual, "findings[]", all["findings"].([]any)[0])
	host := all["hosts"].([]any)[0].(map[string]any)
	checkKeys(t, manual, "hosts[]", host)
	checkKeys(t, manual, "hosts[].things[]", host["things"].([]any)[0])
	tables := all["tables"].(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		checkKeys(t, manual, "tables.ID", tables[id])
		rows := tables[id].(map[string]any)["rows"].([]any)
		if len(rows) == 0 {
			t.Errorf("table %s has no row", id)
			continue
		}
		checkKeys(t, manual, "tables."+id+".rows[]", rows[0])
	}
	if got, want := slices.Sorted(slices.Values(manual["kinds"])), slices.Sorted(slices.Values(finding.Kinds())); !slices.Equal(got, want) {
		t.Errorf("kinds in the manual: %v, want %v", got, want)
	}
}
