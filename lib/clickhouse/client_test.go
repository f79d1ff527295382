package clickhouse

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"egress-monitor/lib/testtools"
)

// TestNetrc: the words of a machine, wherever they stand; those of others do not
// count.
func TestNetrc(t *testing.T) {
	for _, test := range []struct{ text, user, password string }{
		{"", "", ""},
		{"machine db login u password p", "u", "p"},
		{"machine other login x password y\nmachine db\n\tlogin u\n\tpassword p\nmachine last login z password z\n", "u", "p"},
		{"machine other login x password y", "", ""},
		{"machine other login x password y default login d password e", "d", "e"},
		{"machine db password p login u account a", "u", "p"},
		{"machine db login", "", ""},
	} {
		name := filepath.Join(t.TempDir(), "netrc")
		testtools.Write(t, name, test.text)
		t.Setenv("NETRC", name)
		if user, password, _ := netrc("db"); user != test.user || password != test.password {
			t.Errorf("%q: %q %q", test.text, user, password)
		}
	}
}

// TestHTTP: the statement and the data are one body; a password is sent, and an
// error of the server is one line of printable text.
func TestHTTP(t *testing.T) {
	var got, user, password string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
		user, password, _ = r.BasicAuth()
		if strings.HasPrefix(got, "BAD") {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, "\x1b[2JCode: 62\nmore\n")
			return
		}
		io.WriteString(w, "answer\n")
	}))
	defer server.Close()
	netrc := filepath.Join(t.TempDir(), "netrc")
	testtools.Write(t, netrc, "machine 127.0.0.1 login u password p")
	t.Setenv("NETRC", netrc)
	c := HTTP(server.URL)
	var out strings.Builder
	if err := c.Run("SELECT 1", strings.NewReader("data"), &out); err != nil || out.String() != "answer\n" || got != "SELECT 1\ndata" || user+password != "up" {
		t.Errorf("%v, %q, %q, %q %q", err, out.String(), got, user, password)
	}
	if err := c.Run("BAD", nil, io.Discard); err == nil || !strings.HasSuffix(err.Error(), "500 Internal Server Error: ?[2JCode: 62") {
		t.Errorf("%v", err)
	}
	got = "nothing"
	if err := insert(c, "t", "a", func(*bufio.Writer) error { return nil }); err != nil || got != "nothing" {
		t.Errorf("no rows: %v, %q", err, got)
	}
	broken := errors.New("broken")
	err := insert(c, "t", "a", func(w *bufio.Writer) error {
		w.WriteString(strings.Repeat("row\n", 100_000))
		return broken
	})
	if err == nil {
		t.Error("rows that broke off were taken for all")
	}
}

func TestStatements(t *testing.T) {
	got := statements("-- a; comment;\nCREATE a\n(b;c);\n\n-- more\nDROP b;\nlost")
	if strings.Join(got, "|") != "CREATE a\n(b;c)|DROP b" {
		t.Errorf("%q", got)
	}
}

// FuzzText: whatever a name is made of, it stays one field.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a.example", `\N`, "a\tb\nc", `\\`, "'", "\x00\xff"} {
		f.Add(s)
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")
	f.Fuzz(func(t *testing.T, s string) {
		field := string(line(nil).text([]byte(s)))
		inner := field[:len(field)-1]
		if strings.ContainsAny(inner, "\t\n") || unescape.Replace(inner) != s {
			t.Errorf("%q is %q", s, field)
		}
	})
}
