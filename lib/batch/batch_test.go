package batch

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"
	"testing/iotest"
)

func scanAll(s *Scanner) (lines []string) {
	for s.Scan() {
		lines = append(lines, string(s.Bytes()))
	}
	return lines
}

func TestScanner(t *testing.T) {
	long := strings.Repeat("x", MaxLine+1)
	for _, test := range []struct {
		name, in, lines, carry, cursor string
		skipped                        int
	}{
		{"empty", "", "", "", "", 0},
		{"lines", "a\n\nb\n", "a||b", "", "", 0},
		{"trailer", "a\n-- cursor: X\n", "a", "", "X", 0},
		{"carry", "a\n-- carry: 1 b\n-- carry: 2\n-- cursor: X\n", "a", "1 b|2", "X", 0},
		{"carry without cursor", "a\n-- carry: 1\n", "a", "", "", 0},
		{"carry elsewhere", "-- carry: 1\na\n-- cursor: X\n", "a", "", "X", 0},
		{"journalctl's other lines", "-- Boot 6e --\na\n-- No entries --\n-- cursor: X\n", "a", "", "X", 0},
		{"something after the cursor", "-- cursor: X\na\n", "a", "", "", 0},
		{"a mark after the cursor", "-- cursor: X\n-- Boot 6e --\n", "", "", "", 0},
		{"two cursors", "-- cursor: X\n-- cursor: Y\n", "", "", "", 0},
		{"two batches", "a\n-- cursor: X\nb\n-- cursor: Y\n", "a|b", "", "Y", 0},
		{"cut in the cursor", "a\n-- cursor: X", "a", "", "", 1},
		{"cut in a line", "a\n-- cursor: X\nb", "a", "", "", 1},
		{"no token", "-- cursor: \n", "", "", "", 0},
		{"a token with a blank", "-- cursor: a b\n", "", "", "", 0},
		{"a token with an escape", "-- cursor: a\x1b\n", "", "", "", 0},
		{"a token too long", "-- cursor: " + strings.Repeat("x", maxCursor+1) + "\n", "", "", "", 0},
		{"a line too long", "a\n" + long + "\nb\n-- cursor: X\n", "a|b", "", "X", 1},
		{"a line too long at the end", "-- cursor: X\n" + long, "", "", "", 1},
		{"nearly too long", long[1:] + "\n", long[1:], "", "", 0},
		{"carry too long", strings.Repeat("-- carry: "+long[:maxCarry*2/3]+"\n", 2) + "-- carry: 1\n-- cursor: X\n", "", "1", "X", 0},
	} {
		for _, r := range []io.Reader{
			strings.NewReader(test.in), iotest.DataErrReader(iotest.HalfReader(strings.NewReader(test.in))),
		} {
			s := NewScanner(r, "in")
			lines := strings.Join(scanAll(s), "|")
			tr := s.Trailer()
			if lines != test.lines || strings.Join(tr.Carry, "|") != test.carry ||
				tr.Cursor != test.cursor || s.Skipped().Lines != test.skipped || s.Err() != nil {
				t.Errorf("%s: lines %.80q, trailer %.80q, skipped %v, error %v", test.name, lines, tr, s.Skipped(), s.Err())
			}
		}
	}
}

// Lines are the same, and skipped ones have the same numbers, whichever way they
// are gone through.
func TestReady(t *testing.T) {
	for seed := range int64(500) {
		r := rand.New(rand.NewSource(seed))
		var in string
		for range r.Intn(30) {
			in += []string{"a", "", "-- cursor: X", "-- Boot --", strings.Repeat("x", 10+r.Intn(60)), "--", "bad"}[r.Intn(7)] + "\n"
		}
		if r.Intn(2) == 0 {
			in += "half"
		}
		open := func() *Scanner {
			s := NewScanner(&pieces{strings.NewReader(in), rand.New(rand.NewSource(seed))}, "in")
			s.Max, s.Buffer = 50, 1+r.Intn(100)
			if r.Intn(2) == 0 {
				s.Use(make([]byte, 1+r.Intn(100)))
			}
			return s
		}
		plain, s := open(), open()
		want := strings.Join(skippingBad(plain, plain.Scan), "|")
		got := strings.Join(skippingBad(s, func() bool { return wander(s, r) }), "|")
		if got != want || s.Skipped().String() != plain.Skipped().String() {
			t.Fatalf("seed %d: %q: %q, %v, want %q, %v", seed, in, got, s.Skipped(), want, plain.Skipped())
		}
	}
}

func skippingBad(s *Scanner, scan func() bool) (lines []string) {
	for scan() {
		if lines = append(lines, string(s.Bytes())); string(s.Bytes()) == "bad" {
			s.Skip(errors.New("bad"))
		}
	}
	return lines
}

// wander is Scan, with steps to and fro.
func wander(s *Scanner, r *rand.Rand) bool {
	for {
		if r.Intn(9) == 0 && !s.More() && len(s.Ready()) == 0 {
			return s.Scan()
		}
		switch {
		case !s.ScanReady():
			if !s.More() {
				return s.Scan()
			}
		case r.Intn(3) == 0:
			s.Back()
			n := len(s.Bytes()) + 1
			s.Advance(n, 1)
			return true
		case r.Intn(3) == 0:
			s.Back()
		default:
			return true
		}
	}
}

// A stream cut anywhere has lost its cursor.
func TestCutAnywhere(t *testing.T) {
	const whole = "a 1\nb 2\n-- carry: x\n-- cursor: s=1;i=2\n"
	for n := range len(whole) {
		s := NewScanner(strings.NewReader(whole[:n]), "in")
		scanAll(s)
		if got := s.Trailer(); got.Cursor != "" || len(got.Carry) > 0 {
			t.Errorf("cut at %d: %q", n, got)
		}
	}
}

// A line without an end takes no memory.
func TestLongLine(t *testing.T) {
	s := NewScanner(strings.NewReader(strings.Repeat("x", 1<<20)+"\nline\n"), "input")
	s.Max, s.Buffer = 1000, 64
	if !s.Scan() || string(s.Bytes()) != "line" || s.Skipped().Lines != 1 || len(s.buf) > 4*s.Max {
		t.Errorf("%.100q, %v, a buffer of %d bytes", s.Bytes(), s.Skipped(), len(s.buf))
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	s := NewScanner(io.MultiReader(strings.NewReader("a\n-- cursor: X\n"), iotest.ErrReader(broken)), "in")
	scanAll(s)
	if !errors.Is(s.Err(), broken) || s.Trailer().Cursor != "" {
		t.Errorf("error %v, trailer %q", s.Err(), s.Trailer())
	}
}

// Printed lines are read back, and no line that is read is one of the protocol.
func FuzzScanner(f *testing.F) {
	f.Add("a\n-- carry: 1 b\n-- cursor: X\n", int64(1))
	f.Add("-- cursor: X\n-- Boot 6e --\n\x00\xff\n", int64(2))
	f.Fuzz(func(t *testing.T, in string, seed int64) {
		s := NewScanner(&pieces{strings.NewReader(in), rand.New(rand.NewSource(seed))}, "in")
		var printed []byte
		for s.Scan() {
			if strings.HasPrefix(string(s.Bytes()), "-- ") {
				t.Fatalf("line %q", s.Bytes())
			}
			printed = append(append(printed, s.Bytes()...), '\n')
		}
		tr := s.Trailer()
		again := NewScanner(strings.NewReader(string(tr.Append(printed))), "again")
		if n := len(scanAll(again)); n != strings.Count(string(printed), "\n") || !again.Trailer().Equal(tr) {
			t.Fatalf("%q: read back %d lines, %q", in, n, again.Trailer())
		}
	})
}

// pieces reads in pieces of any size.
type pieces struct {
	r io.Reader
	n *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 1+p.n.Intn(9))]) }

func BenchmarkScanner(b *testing.B) {
	text := strings.Repeat("Nov  3 07:50:41 dnsmasq[19845]: 3 127.0.0.1/41592 query[A] www.example.com from 127.0.0.1\n", 10000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(strings.NewReader(text), "in")
		n := 0
		for s.Scan() {
			n++
		}
		if n != 10000 {
			b.Fatal(fmt.Sprint(n))
		}
	}
}
