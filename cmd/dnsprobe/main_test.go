package main

import "testing"

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":          "192.0.2.1:53",
		"192.0.2.1:5353":     "192.0.2.1:5353",
		"2001:db8::1":        "[2001:db8::1]:53",
		"[2001:db8::1]:5353": "[2001:db8::1]:5353",
		"fe80::1%lo":         "[fe80::1%lo]:53",
		"name.example.org":   "",
		"192.0.2.1:70000":    "",
		"":                   "",
	} {
		got, err := parseServer(in)
		if want == "" && err == nil || want != "" && got.String() != want {
			t.Errorf("%q: got %v, %v; want %q", in, got, err, want)
		}
	}
}
