package overlooked

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	l := Lines{Place: func() string { return "in: line 7" }}
	add := func(n int, key string) {
		for range n {
			l.Count([]byte(key), []byte(key+"\x1b[31m"), func() string { return "of " + key })
		}
	}
	add(1, "one"+strings.Repeat("e", 200))
	add(1204, "two")
	add(7, "one"+strings.Repeat("e", 200))
	for i := range 100 {
		add(2, fmt.Sprint(i))
	}
	var said []string
	l.Report(func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	want := `not counted: 1,204 lines of two; the first is in: line 7: "two\x1b[31m"`
	long := `not counted: 8 lines of one` + strings.Repeat("e", 200) + `; the first is in: line 7: "one` + strings.Repeat("e", 157) + `"…`
	if l.total != 1412 || len(l.reasons) != maxReasons || len(said) != 6 || said[0] != want || said[1] != long || said[5] != "not counted: 194 lines more, for other reasons" {
		t.Errorf("%d: %s", l.total, strings.Join(said, "\n"))
	}
}

func TestShell(t *testing.T) {
	for word, want := range map[string]string{"ulogd": "ulogd", "[UFW BLOCK] ": "'[UFW BLOCK] '", "": "''", "it's": `'it'\''s'`, "a\x1b": `"$(printf 'a\033')"`, "$(x)": "'$(x)'", "Zürich": "'Zürich'",
		"a'$(x)": `'a'\''$(x)'`, "'`x`\u009b%s\\": `"$(printf '\047` + "`x`" + `\302\233%%s\134')"`, "\u202e": `"$(printf '\342\200\256')"`} {
		if got := Shell(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

// An error names what was not read, or why nothing was counted.
func TestErr(t *testing.T) {
	n := 0
	l := Lines{Place: func() string { return fmt.Sprint("in: line ", n) }}
	is := func(nothing, want string) {
		t.Helper()
		if err := l.Err(nothing, " (see there)"); fmt.Sprint(err) != want && (want != "packed" || !strings.HasPrefix(fmt.Sprint(err), "in: line 1: compressed data from here on: ")) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	is("", "<nil>")
	is("none", "none (see there)")
	l.Recognise([]byte("named: query: and no class"))
	is("none", "none (see there)")
	l.Recognise([]byte("1 dns,packet"))
	is("none", "none: the lines are of MikroTik RouterOS, not of dnsmasq")
	l.OtherHost([]byte("gw"))
	l.OtherHost([]byte("vm"))
	is("none", `none: there are lines of other hosts, such as "gw" (--host)`)
	is("", "<nil>")
	for _, line := range []string{"hello", "\x1f\x8b\x08\x00\x00", "\x1f\x8b\x08\x00\x00"} {
		l.Rejected([]byte(line))
		n++
	}
	is("", "packed")
	is("none", "packed")
}

// Only the first lines are compared with the logs of others.
func TestRecogniseEnds(t *testing.T) {
	var l Lines
	for range maxTried {
		l.Recognise([]byte("a line of nobody"))
	}
	if l.Recognise([]byte("1 dns,packet")); l.hint() != "" {
		t.Error(l.hint())
	}
}

// A shell reads each word as it was, and runs nothing.
func TestShellReadsIt(t *testing.T) {
	for _, word := range []string{"a", "", "it's", "''", "a'$(echo b): ", "\"`echo x`$HOME\\", "a\x1b[31m'$(echo b)%d\\n\\", "\u009b\u202e\xff\xfe ", "-n\x01", "!x *?[a] ~ # ;&|<>"} {
		out, err := exec.Command("sh", "-c", "printf '%s' "+Shell(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q: %s gives %q, %v", word, Shell(word), out, err)
		}
	}
}
