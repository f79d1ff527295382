package aggregate

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ line, want string }{ // want is "" for no record
		{"example.com 12 2026-02-08T21:30:00Z 192.0.2.7,2001:db8::7", "="},
		{"192.0.2.7 3 2026-02-08T21:30:00Z", "="},
		{"2001:db8::1:0:0 3 2026-02-08T21:30:00Z", "="},
		{". 0 2026-02-08T21:30:00Z -", "="},
		{`a\032b 1 2026-02-08T21:30:00Z 203.0.113.0/24`, "="},
		{"a 18446744073709551615 2024-02-29T23:59:59Z -", "="},
		// a list that somebody else has made comes out in its one form
		{"a 1 2026-02-08T21:30:00Z 192.0.2.7,192.0.2.10,192.0.2.7", "a 1 2026-02-08T21:30:00Z 192.0.2.10,192.0.2.7"},
		{"a 1 2026-02-08T21:30:00Z 2001:DB8:0:0::7", "a 1 2026-02-08T21:30:00Z 2001:db8::7"},
		{"a 1 2026-02-08T21:30:00Z 203.0.113.7/24", "a 1 2026-02-08T21:30:00Z 203.0.113.0/24"},
		{"a 1 2026-02-08T21:30:00Z ::ffff:102:304", "a 1 2026-02-08T21:30:00Z ::ffff:1.2.3.4"},
		{"a 1 2026-02-08T21:30:00Z ::ffff:1.2.3.4,::ffff:102:304", "a 1 2026-02-08T21:30:00Z ::ffff:1.2.3.4"},
		{"::ffff:1.2.3.4 3 2026-02-08T21:30:00Z", "="},
		{"::ffff:102 3 2026-02-08T21:30:00Z", "="},
		{`2001\058db8:0::1 3 2026-02-08T21:30:00Z -`, "="},
		{"10.0.0.1/x 3 2026-02-08T21:30:00Z -", "="},
		{"1.2.3.04 3 2026-02-08T21:30:00Z -", "="}, // is a name

		// an address in another spelling would be a second key for one thing
		{"::ffff:102:304 3 2026-02-08T21:30:00Z", ""},
		{"2001:DB8::1 3 2026-02-08T21:30:00Z", ""},
		{"2001:db8:0::1 3 2026-02-08T21:30:00Z -", ""},
		{"10.0.0.1/8 3 2026-02-08T21:30:00Z", ""},
		{"::ffff:102:0/112 3 2026-02-08T21:30:00Z", ""},

		{"", ""},
		{"a", ""},
		{" 1 2026-02-08T21:30:00Z", ""},
		{"a  1 2026-02-08T21:30:00Z", ""},
		{"a 1 2026-02-08T21:30:00Z ", ""},
		{"a 1 2026-02-08T21:30:00Z - ", ""},
		{"a,b 1 2026-02-08T21:30:00Z -", ""},
		{"a\x1b[31m 1 2026-02-08T21:30:00Z -", ""},
		{"a\xff 1 2026-02-08T21:30:00Z -", ""},
		{"a 18446744073709551616 2026-02-08T21:30:00Z -", ""},
		{"a +1 2026-02-08T21:30:00Z -", ""},
		{"a 1 2026-02-29T21:30:00Z -", ""},
		{"a 1 2026-13-01T21:30:00Z -", ""},
		{"a 1 2026-02-08T24:00:00Z -", ""},
		{"a 1 2026-02-08t21:30:00z -", ""},
		{"a 1 2026-02-08T21:30:00Z 192.0.2.07", ""},
		{"a 1 2026-02-08T21:30:00Z 192.0.2.1,", ""},
		{"a 1 2026-02-08T21:30:00Z fe80::1%eth0", ""},
		{"a 1 2026-02-08T21:30:00Z -,192.0.2.1", ""},
	} {
		want := test.want
		if want == "=" {
			want = test.line
		}
		rec, err := Parse([]byte(test.line))
		if (err == nil) != (want != "") {
			t.Errorf("%q: error %v", test.line, err)
		} else if err == nil && string(rec.Append(nil)) != want+"\n" {
			t.Errorf("%q: got %q", test.line, rec.Append(nil))
		}
	}
}

// A record is printed as it was read, or in a form that is printed as it is read.
func FuzzParse(f *testing.F) {
	f.Add("example.com 12 2026-02-08T21:30:00Z 192.0.2.7,2001:db8::7")
	f.Add("192.0.2.7 3 2026-02-08T21:30:00Z")
	f.Add("a 1 2026-02-08T21:30:00Z 10.0.0.0/8,::ffff:1.2.3.4")
	f.Fuzz(func(t *testing.T, line string) {
		rec, err := Parse([]byte(line))
		if err != nil {
			return
		}
		once := string(rec.Append(nil))
		for _, c := range []byte(strings.TrimSuffix(once, "\n")) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q: prints %q", line, once)
			}
		}
		again, err := Parse([]byte(strings.TrimSuffix(once, "\n")))
		if err != nil || string(again.Append(nil)) != once {
			t.Fatalf("%q: prints %q, and that %q (%v)", line, once, again.Append(nil), err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"domain": "www.example.com 12 2026-02-08T21:30:00Z 192.0.2.7,198.51.100.20,2001:db8:5a::7",
		"ip":     "198.51.100.20 12 2026-02-08T21:30:00Z",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			text := []byte(line)
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// validTime knows the same times as the standard library, of the same form.
func FuzzValidTime(f *testing.F) {
	for _, s := range []string{"2026-02-08T21:30:00Z", "2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "0000-12-31T00:00:00Z", "2026-1/-08T21:30:00Z", "2026-02-08T21:3:000Z"} {
		f.Add(s, 0, byte('0'))
	}
	f.Fuzz(func(t *testing.T, s string, i int, c byte) {
		b := []byte(s)
		if len(b) != len(TimeLayout) {
			return
		}
		b[uint(i)%uint(len(b))] = c
		at, err := time.Parse(TimeLayout, string(b))
		want := err == nil && at.Format(TimeLayout) == string(b)
		if got := validTime(b); got != want {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	})
}

// Every byte in every place.
func TestValidTime(t *testing.T) {
	for _, s := range []string{"2026-02-08T21:30:00Z", "2024-02-29T23:59:59Z", "2023-10-31T19:09:09Z", "2023-11-30T09:50:50Z"} {
		for i := range s {
			for c := range 256 {
				b := []byte(s)
				b[i] = byte(c)
				at, err := time.Parse(TimeLayout, string(b))
				if got, want := validTime(b), err == nil && at.Format(TimeLayout) == string(b); got != want {
					t.Errorf("%q: %v, want %v", b, got, want)
				}
			}
		}
	}
}
