package fleet

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// FuzzReversed: a name comes back, and the names below a domain stand together.
func FuzzReversed(f *testing.F) {
	for _, name := range []string{".", "com", "www.example.com", "*.example.com", `a\032b.example`, "a..b", "-"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || strings.Contains(name, " ") {
			t.Skip("not a key")
		}
		reversed := appendReversed(nil, []byte(name))
		if got := Forward(string(reversed)); got != name {
			t.Errorf("%q, %q, %q", name, reversed, got)
		}
		below := appendReversed(nil, []byte("x."+name))
		if name != "." && !bytes.HasPrefix(below, append(reversed, ' ')) {
			t.Errorf("%q is not below %q", below, reversed)
		}
	})
}

func TestReversedOrder(t *testing.T) {
	names := []string{"com", "example-a.com", "example.com", "a.example.com", "z.example.com", "examplf.com"}
	var keys []string
	for _, name := range names {
		keys = append(keys, string(appendReversed(nil, []byte(name))))
	}
	slices.Sort(keys)
	want := []string{"com", "com example", "com example a", "com example z", "com example-a", "com examplf"}
	if !slices.Equal(keys, want) {
		t.Errorf("%q", keys)
	}
}
