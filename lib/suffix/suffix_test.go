package suffix

import (
	_ "embed"
	"math/rand"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"egress-monitor/lib/testtools"
)

// The test vectors of the list itself: a name, and its registered domain or null.
//
//go:embed testdata/test_psl.txt
var vectors string

// The list is for names as DNS has them: names in lower case and ASCII.
func TestVectors(t *testing.T) {
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^checkPublicSuffix\('([a-z0-9-][a-z0-9.-]*)', (?:'(.*)'|null)\);`).FindAllStringSubmatch(vectors, -1) {
		name, want := m[1], m[2]
		got := Registrable(name)
		if got == name && Of(name) == name {
			got = "" // a suffix, or nothing below one
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		n++
	}
	if n < 60 {
		t.Errorf("only %d vectors", n)
	}
}

// plainOf is Of as publicsuffix.org describes it: look at all rules.
func plainOf(rules map[string]bool, name string) string {
	labels := strings.Split(name, ".")
	for i := range labels {
		rest := strings.Join(labels[i:], ".")
		_, parent, _ := strings.Cut(rest, ".")
		switch {
		case rules["!"+rest]:
			return parent
		case rules[rest], parent != "" && rules["*."+parent] && !rules["!"+rest]:
			return rest
		}
	}
	return labels[len(labels)-1]
}

func ruleSet(t *testing.T) map[string]bool {
	rules := map[string]bool{}
	for rule := range strings.Lines(text) {
		rules[strings.TrimSuffix(rule, "\n")] = true
	}
	if len(rules) < 10_000 {
		t.Fatalf("only %d rules", len(rules))
	}
	return rules
}

// Each rule, and names below it.
func TestRules(t *testing.T) {
	rules := ruleSet(t)
	for rule := range rules {
		name := strings.TrimPrefix(strings.TrimPrefix(rule, "!"), "*.")
		for _, front := range []string{"", "a.", "www.a.", "b.www.a.", "a.b.c.d.e.f."} {
			if got, want := Of(front+name), plainOf(rules, front+name); got != want {
				t.Errorf("%s: %s, want %s", front+name, got, want)
			}
		}
	}
}

// Names made of labels of rules.
func TestRandomNames(t *testing.T) {
	rules := ruleSet(t)
	var labels []string
	for rule := range strings.Lines(text) {
		labels = append(labels, strings.Split(strings.Trim(rule, "!\n"), ".")...)
	}
	r := rand.New(rand.NewSource(1))
	for range 200_000 {
		var parts []string
		for range 1 + r.Intn(4) {
			parts = append(parts, labels[r.Intn(len(labels))])
		}
		name := strings.Join(parts, ".")
		if got, want := Of(name), plainOf(rules, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The manual says how old the list is.
func TestDate(t *testing.T) {
	first, _, _ := strings.Cut(text, "\n")
	date := strings.TrimPrefix(first, "// ")
	_, err := time.Parse(time.DateOnly, date)
	testtools.Must(t, err)
	manual, err := os.ReadFile("../../scripts/egress-files.5")
	testtools.Must(t, err)
	if !strings.Contains(strings.ReplaceAll(string(manual), "\n", " "), "as of "+date) {
		t.Errorf("egress-files.5 does not say that the list is as of %s", date)
	}
}

func TestAbove(t *testing.T) {
	for name, want := range map[string]bool{
		"com": true, "amazonaws.com": true, "example.com": false, "s3.amazonaws.com": false, "ck": true, "www.ck": false, "nowhere": false,
	} {
		if Above(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestRegistrable(t *testing.T) {
	for name, want := range map[string]string{
		"www.example.com": "example.com", "example.com": "example.com", "com": "com",
		"a.b.example.co.uk": "example.co.uk", "co.uk": "co.uk", "x.y.github.io": "y.github.io",
		"www.ck": "www.ck", "a.www.ck": "www.ck", "a.b.ck": "a.b.ck", "localhost": "localhost", ".": ".", "": "",
	} {
		if got := Registrable(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		Of("1f0c9a44f31a.example.com")
	}
}
