package digits

import "testing"

// Every byte in every place, and what is wrong in two places at once.
func TestMatch(t *testing.T) {
	for _, form := range []struct{ low, high, good string }{
		{"00:00:00", "29:59:59", "21:39:48"}, {"0000-00-", "9999-19-", "2026-02-"}, {".000000 ", ".999999 ", ".016422 "},
	} {
		f := Between(form.low, form.high)
		for i := range 8 {
			for c := range 256 {
				for j := range 8 {
					for _, other := range []byte{form.good[j], 0, ' ', '-', '.', '/', '0', '9', ':', 0x7f, 0x80, 0xb0, 0xff} {
						b := []byte(form.good)
						b[i], b[j] = byte(c), other
						if _, ok := f.Match(b); ok != within(b, form.low, form.high) {
							t.Fatalf("%q to %q: %q: %v", form.low, form.high, b, ok)
						}
					}
				}
			}
		}
	}
}

func within(b []byte, low, high string) bool {
	for i, c := range b {
		if c < low[i] || c > high[i] {
			return false
		}
	}
	return true
}

func TestTwo(t *testing.T) {
	d, ok := Between("00:00:00", "29:59:59").Match([]byte("21:39:48Z"))
	if !ok || d.Two(0) != 21 || d.Two(3) != 39 || d.Two(6) != 48 {
		t.Errorf("%d %d %d", d.Two(0), d.Two(3), d.Two(6))
	}
}
