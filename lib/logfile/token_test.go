package logfile

import (
	"slices"
	"strings"
	"testing"
)

var someMarks = []mark{{}, {off: 1<<63 - 1, tail: 1<<64 - 1, head: 1<<32 - 1, id: 1<<32 - 1}, {off: 42, tail: 7, head: 8, id: 9}}

func TestToken(t *testing.T) {
	const want = "f1:0.0000000000000000.00000000.00000000," +
		"9223372036854775807.ffffffffffffffff.ffffffff.ffffffff," +
		"42.0000000000000007.00000008.00000009:"
	token := formatToken(someMarks)
	if !strings.HasPrefix(token, want) || len(token) != len(want)+8 {
		t.Errorf("token %s", token)
	}
	back, err := parseToken(token)
	if err != nil || !slices.Equal(back, someMarks) {
		t.Errorf("back %v, %v", back, err)
	}
	nine := slices.Concat(someMarks, someMarks, someMarks)
	if back, err = parseToken(formatToken(nine)); err != nil || !slices.Equal(back, nine[9-maxMarks:]) {
		t.Errorf("newest marks of nine: %v, %v", back, err)
	}
}

// A token of which any byte is missing, doubled or another one is refused.
func TestTokenDamaged(t *testing.T) {
	token := formatToken(someMarks)
	for i := range token {
		for _, bad := range []string{
			token[:i], token[i+1:], token[:i] + token[i+1:], token[:i] + token[i:i+1] + token[i:],
			token[:i] + string(token[i]^1) + token[i+1:], token[:i] + " " + token[i:],
		} {
			if bad != token && ValidToken([]byte(bad)) {
				t.Errorf("valid: %q", bad)
			}
		}
	}
	for _, body := range []string{"f1:", "f2:0.0000000000000000.00000000.00000000", "f1:-1.0000000000000000.00000000.00000000",
		"f1:00.0000000000000000.00000000.00000000", "f1:0.0.0.0", "f1:0.0000000000000000.00000000", "f1:0.0000000000000000.00000000.0000000A"} {
		if token := body + ":" + checksum(body); ValidToken([]byte(token)) {
			t.Errorf("valid: %q", token)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add(formatToken(someMarks))
	f.Add(formatToken(someMarks[:1]))
	f.Add("")
	f.Add("f1:")
	f.Fuzz(func(t *testing.T, body string) {
		for _, token := range []string{body, body + ":" + checksum(body)} {
			marks, err := parseToken(token)
			if err != nil {
				continue
			}
			if formatToken(marks) != token {
				t.Errorf("%q: printed again as %q", token, formatToken(marks))
			}
			if strings.Trim(token, "0123456789abcdef:.,") != "" || len(token) > 320 {
				t.Errorf("%q: not a word", token)
			}
		}
	})
}
