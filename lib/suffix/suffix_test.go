package suffix

import (
	"math/rand"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
)

func check(t *testing.T, name string) {
	t.Helper()
	if want, _ := publicsuffix.PublicSuffix(name); Of(name) != want {
		t.Errorf("%s: %s, want %s (after an update of x/net: go generate ./lib/suffix)", name, Of(name), want)
	}
}

// Each rule, and names around it, as the library has them.
func TestRules(t *testing.T) {
	n := 0
	for rule := range strings.Lines(text) {
		rule = strings.TrimSuffix(rule, "\n")
		name := strings.TrimPrefix(strings.TrimPrefix(rule, "!"), "*.")
		for _, front := range []string{"", "a.", "www.a.", "b.www.a.", "a.b.c.d.e.f."} {
			check(t, front+name)
		}
		n++
	}
	if n < 9000 {
		t.Errorf("only %d rules", n)
	}
}

// Names made of labels that rules are made of.
func TestRandomNames(t *testing.T) {
	var labels []string
	for rule := range strings.Lines(text) {
		labels = append(labels, strings.Split(strings.Trim(rule, "!\n"), ".")...)
	}
	r := rand.New(rand.NewSource(1))
	for range 200_000 {
		var name []string
		for range 1 + r.Intn(4) {
			name = append(name, labels[r.Intn(len(labels))])
		}
		check(t, strings.Join(name, "."))
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
