package fold

import (
	"strings"
	"testing"
)

// TestTail: of a key that is too long for a name the last labels are left, whole
// ones.
func TestTail(t *testing.T) {
	longest := strings.Repeat("a.", maxName/2-1) + "aa"
	for key, want := range map[string]string{
		"":                                  "",
		"a.example":                         "a.example",
		longest:                             longest,
		strings.Repeat("b.", 1e6) + longest: longest[2:],
		"label." + strings.Repeat("c", 2*maxName) + ".example": "example",
		strings.Repeat("c", maxName) + "d":                     strings.Repeat("c", maxName-1) + "d",
	} {
		if got := string(Tail([]byte(key))); got != want {
			t.Errorf("%.40s (%d bytes): %d bytes: %.60q", key, len(key), len(got), got)
		}
	}
}
