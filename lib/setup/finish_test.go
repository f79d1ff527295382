package setup

import "testing"

func TestCursorLine(t *testing.T) {
	const cursor = "-- cursor: s=4d2bed144de3495486d9015626e0dcb6;i=4;b=6e47a4f2c5044f5495574cc985fed1b1;m=ead81f86;t=660ed0cf23778;x=8a2087d78bf24524"
	for text, want := range map[string]string{
		"a message\n" + cursor:  cursor,
		cursor:                  cursor,
		cursor + ";seqnum_id=1": cursor + ";seqnum_id=1", // a field of a newer version
		cursor + "\na message that comes after it": "",
		"-- cursor: s=1":                   "",
		"a message that ends in " + cursor: "",
		"-- cursor: $(reboot)":             "",
		"":                                 "",
	} {
		if line, ok := cursorLine(text); ok != (want != "") || ok && line != want {
			t.Errorf("%q: %q %v", text, line, ok)
		}
	}
}
