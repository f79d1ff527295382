package logtoken

import (
	"slices"
	"strings"
	"testing"
)

var someMarks = []Mark{{}, {Off: 1<<63 - 1, Tail: 1<<64 - 1, Head: 1<<32 - 1, ID: 1<<32 - 1}, {Off: 42, Tail: 7, Head: 8, ID: 9}}

func TestToken(t *testing.T) {
	const want = "f1:0.0000000000000000.00000000.00000000," +
		"9223372036854775807.ffffffffffffffff.ffffffff.ffffffff," +
		"42.0000000000000007.00000008.00000009:"
	token := Format(someMarks)
	if !strings.HasPrefix(token, want) || len(token) != len(want)+8 {
		t.Errorf("token %s", token)
	}
	back, err := Parse(token)
	if err != nil || !slices.Equal(back, someMarks) {
		t.Errorf("back %v, %v", back, err)
	}
	nine := slices.Concat(someMarks, someMarks, someMarks)
	if back, err = Parse(Format(nine)); err != nil || !slices.Equal(back, nine[9-MaxMarks:]) {
		t.Errorf("newest marks of nine: %v, %v", back, err)
	}
}

// A token of which any byte is missing, doubled or another one is refused.
func TestTokenDamaged(t *testing.T) {
	token := Format(someMarks)
	for i := range token {
		for _, bad := range []string{
			token[:i], token[i+1:], token[:i] + token[i+1:], token[:i] + token[i:i+1] + token[i:],
			token[:i] + string(token[i]^1) + token[i+1:], token[:i] + " " + token[i:],
		} {
			if bad != token && Valid([]byte(bad)) {
				t.Errorf("valid: %q", bad)
			}
		}
	}
	for _, body := range []string{"f1:", "f2:0.0000000000000000.00000000.00000000", "f1:-1.0000000000000000.00000000.00000000",
		"f1:00.0000000000000000.00000000.00000000", "f1:0.0.0.0", "f1:0.0000000000000000.00000000", "f1:0.0000000000000000.00000000.0000000A"} {
		if token := body + ":" + checksum(body); Valid([]byte(token)) {
			t.Errorf("valid: %q", token)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add(Format(someMarks))
	f.Add(Format(someMarks[:1]))
	f.Add("")
	f.Add("f1:")
	f.Fuzz(func(t *testing.T, body string) {
		for _, token := range []string{body, body + ":" + checksum(body)} {
			marks, err := Parse(token)
			if err != nil {
				continue
			}
			if Format(marks) != token {
				t.Errorf("%q: printed again as %q", token, Format(marks))
			}
			if strings.Trim(token, "0123456789abcdef:.,") != "" || len(token) > 320 {
				t.Errorf("%q: not a word", token)
			}
		}
	})
}
