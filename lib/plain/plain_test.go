package plain

import (
	"fmt"
	"strings"
	"testing"
)

func TestMessage(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "",
		"a: line 3: b\n\tc":  "a: line 3: b\n\tc",
		"Zürich, 東京, “x” …":  "Zürich, 東京, “x” …",
		"a\x1b[31m":          `a\x1b[31m`,
		"a\u009b31m":         `a\u009b31m`,
		"a\x9b31m\xff":       `a\x9b31m\xff`,
		"\r\x00\a\x7f":       `\r\x00\a\x7f`,
		"\u202egpj.exe":      `\u202egpj.exe`,
		"replaced: \ufffd":   "replaced: \ufffd",
		"back\\slash \"q\" ": `back\slash "q" `,
	} {
		if got := Message(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// No character that a terminal obeys is left.
func TestMessageOfAllControls(t *testing.T) {
	for _, within := range [][2]rune{{0, 0x08}, {0x0b, 0x1f}, {0x7f, 0x9f}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}} {
		for r := within[0]; r <= within[1]; r++ {
			if got := Message("a" + string(r) + "b"); strings.ContainsRune(got, r) {
				t.Errorf("%U: got %q", r, got)
			}
		}
	}
	for b := 0x80; b < 0x100; b++ {
		if got, want := Message(string([]byte{'a', byte(b)})), fmt.Sprintf(`a\x%x`, b); got != want {
			t.Errorf("%x: got %q", b, got)
		}
	}
}
