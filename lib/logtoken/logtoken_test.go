package logtoken

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var someMarks = []Mark{{}, {Off: 1<<63 - 1, Tail: 1<<64 - 1, Head: 1<<32 - 1, ID: 1<<32 - 1}, {Off: 42, Tail: 7, Head: 8, ID: 9}}

func TestToken(t *testing.T) {
	const want = "f2:0.0000000000000000.00000000.00000000," +
		"9223372036854775807.ffffffffffffffff.ffffffff.ffffffff," +
		"42.0000000000000007.00000008.00000009"
	for seen, ids := range map[string][]uint32{"": nil, ";00000001deadbeef": {1, 0xdeadbeef}} {
		token := Token{someMarks, ids}.Format()
		if !strings.HasPrefix(token, want+seen+":") || len(token) != len(want+seen)+9 {
			t.Errorf("token %s", token)
		}
		back, err := Parse(token)
		if err != nil || !slices.Equal(back.Marks, someMarks) || !slices.Equal(back.Seen, ids) {
			t.Errorf("back %v, %v", back, err)
		}
	}
	nine := slices.Concat(someMarks, someMarks, someMarks)
	many := make([]uint32, MaxSeen+1)
	many[MaxSeen] = 1
	back, err := Parse(Token{nine, many}.Format())
	if err != nil || !slices.Equal(back.Marks, nine[9-MaxMarks:]) || !slices.Equal(back.Seen, many[1:]) {
		t.Errorf("newest of many: %v, %v", back, err)
	}
}

func TestSameBytes(t *testing.T) {
	m := Mark{1, 2, 3, 4}
	for o, want := range map[Mark]bool{m: true, {1, 2, 3, 5}: true, {1, 2, 4, 4}: false, {1, 3, 3, 4}: false, {2, 2, 3, 4}: false} {
		if m.SameBytes(o) != want {
			t.Errorf("%v and %v: %v", m, o, !want)
		}
	}
}

// A token of the first version is still read.
func TestFirstVersion(t *testing.T) {
	body := "f1:42.0000000000000007.00000008.00000009"
	back, err := Parse(summed(body))
	if err != nil || !slices.Equal(back.Marks, someMarks[2:]) || back.Seen != nil {
		t.Errorf("back %v, %v", back, err)
	}
}

// A token of which any byte is missing, doubled or another one is refused.
func TestTokenDamaged(t *testing.T) {
	token := Token{someMarks, []uint32{7, 8}}.Format()
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
	for _, body := range []string{"f1:", "f3:0.0000000000000000.00000000.00000000", "f2:0.0000000000000000.00000000.00000000;",
		"f2:0.0000000000000000.00000000.00000000;0000000", "f2:0.0000000000000000.00000000.00000000;0000000A", "f2:", "f2:;00000001", "f1:-1.0000000000000000.00000000.00000000",
		"f1:00.0000000000000000.00000000.00000000", "f1:0.0.0.0", "f1:0.0000000000000000.00000000", "f1:0.0000000000000000.00000000.0000000A"} {
		if token := summed(body); Valid([]byte(token)) {
			t.Errorf("valid: %q", token)
		}
	}
}

// summed adds the checksum to the text before it.
func summed(body string) string {
	sum := sha256.Sum256([]byte(body))
	return fmt.Sprintf("%s:%x", body, sum[:4])
}

func FuzzToken(f *testing.F) {
	f.Add(Token{someMarks, []uint32{1, 2}}.Format())
	f.Add(Token{someMarks[:1], nil}.Format())
	f.Add("f1:42.0000000000000007.00000008.00000009")
	f.Add("f1:0.0000000000000000.00000000.00000000;000000A0")
	f.Add("")
	f.Add("f1:")
	f.Fuzz(func(t *testing.T, body string) {
		for _, token := range []string{body, summed(body)} {
			parsed, err := Parse(token)
			if err != nil {
				continue
			}
			if again := parsed.Format(); again != token && strings.HasPrefix(token, version) {
				t.Errorf("%q: printed again as %q", token, again)
			}
			if strings.Trim(token, "0123456789abcdef:.,;") != "" || len(token) > 2400 {
				t.Errorf("%q: not a word", token)
			}
		}
	})
}
