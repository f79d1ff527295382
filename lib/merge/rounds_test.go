package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"
	"testing/iotest"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
)

// hostile are lines that are not rows, with the number that is reported.
var hostile = []struct {
	line    string
	skipped int
}{
	{"zzzz", 1},
	{"", 1},
	{" 1 2026-02-08T21:30:00Z -", 1},
	{"zzzz 1 2026-02-08T21:30:00Z 192.0.2.07", 1},
	{"a5.example 1 2026-02-08T21:30:00Z 192.0.2.1,", 1},
	{"a5.example x 2026-02-08T21:30:00Z -", 1},
	{"a5.example 1 2026-02-30T21:30:00Z -", 1},
	{"b\x1b[31m 1 2026-02-08T21:30:00Z -", 1},
	{strings.Repeat("x", 300), 1},
	{"-- cursor: zzzz", 0},
	{"-- Boot --", 0},
}

// withHostile returns an aggregate with lines between its rows that are not rows,
// and how many must be reported as skipped. Some differ from a row, which a merge
// may know already, only at their end.
func withHostile(r *rand.Rand, aggregate string) (text string, skipped int) {
	for line := range strings.Lines(aggregate) {
		for r.Intn(4) == 0 {
			h := hostile[r.Intn(len(hostile))]
			text += h.line + "\n"
			skipped += h.skipped
		}
		text += line
		if r.Intn(4) == 0 {
			tail := []string{",", " ", " -", "x", ",192.0.2.07", "\r", "\x00"}
			text += strings.TrimSuffix(line, "\n") + tail[r.Intn(len(tail))] + "\n"
			skipped++
		}
	}
	if r.Intn(3) == 0 {
		text += "zzzz 1 2026-02"
		skipped++
	}
	return text, skipped
}

func roundsOf(texts []string, most int, buffer func() int) (string, []*batch.Scanner, error) {
	var files []*batch.Scanner
	for i, text := range texts {
		f := batch.NewScanner(iotest.HalfReader(strings.NewReader(text)), fmt.Sprint("host", i))
		f.Max, f.Buffer = most, buffer()
		files = append(files, f)
	}
	var out bytes.Buffer
	err := Write(&out, []*Source{NewSealed(NewRounds(files))}, nil, nil)
	return out.String(), files, err
}

// Rounds has the result of the model, whatever lines are between the rows, and
// however short the buffers are.
func TestRounds(t *testing.T) {
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		truth := testtools.Aggregate{}
		var texts []string
		var skipped []int
		for range r.Intn(40) {
			lines := randomRecords(r, r.Intn(60))
			truth.AddLines(t, lines...)
			text, n := withHostile(r, aggregateOf(t, lines, 1<<20))
			texts, skipped = append(texts, text), append(skipped, n)
		}
		got, files, err := roundsOf(texts, 200, func() int { return 1 + r.Intn(1000) })
		if want := truth.String(); got != want || err != nil {
			t.Fatalf("seed %d: error %v:\n%s\nwant:\n%s", seed, err, got, want)
		}
		for i, f := range files {
			if f.Skipped().Lines != skipped[i] {
				t.Errorf("seed %d: %d lines skipped, want %d (%v) of:\n%s", seed, f.Skipped().Lines, skipped[i], f.Skipped(), texts[i])
			}
		}
	}
}

// Many keys, of which most are of one file, and one with many addresses.
func TestRoundsOfMany(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	truth := testtools.Aggregate{}
	var texts []string
	for range 40 {
		one := testtools.Aggregate{}
		for range 4000 {
			line := fmt.Sprintf("www.host%d.example 1 2026-02-08T21:30:%02dZ 192.0.2.%d", r.Intn(100_000), r.Intn(60), r.Intn(3))
			one.AddLines(t, line)
			truth.AddLines(t, line)
		}
		line := "long.example 1 2026-02-08T21:30:00Z -"
		for range r.Intn(300) {
			line += fmt.Sprintf(",10.%d.%d.%d", r.Intn(3), r.Intn(50), r.Intn(50))
		}
		line = strings.Replace(line, "-,", "", 1)
		one.AddLines(t, line)
		truth.AddLines(t, line)
		texts = append(texts, one.String())
	}
	got, _, err := roundsOf(texts, aggregate.MaxRow, func() int { return 64 << 10 })
	if want := truth.String(); got != want || err != nil {
		t.Fatalf("error %v; %d bytes, want %d", err, len(got), len(want))
	}
}

func TestRoundsRefusesDisorder(t *testing.T) {
	for seed := range int64(200) {
		r := rand.New(rand.NewSource(seed))
		var texts []string
		for range 1 + r.Intn(20) {
			texts = append(texts, aggregateOf(t, randomRecords(r, r.Intn(60)), 1<<20))
		}
		lines := strings.SplitAfter(aggregateOf(t, randomRecords(r, 60), 1<<20), "\n")
		i := r.Intn(len(lines) - 2)
		lines[i+1] = lines[r.Intn(i+1)] // the same key again, or a smaller one
		texts[r.Intn(len(texts))] = strings.Join(lines, "")
		if _, _, err := roundsOf(texts, 200, func() int { return 1 + r.Intn(1000) }); !errors.Is(err, ErrOrder) {
			t.Fatalf("seed %d: error %v", seed, err)
		}
	}
}

func TestRoundsReadError(t *testing.T) {
	broken := errors.New("broken")
	files := []*batch.Scanner{
		batch.NewScanner(strings.NewReader("a 1 2026-02-08T21:30:00Z\n"), "good"),
		batch.NewScanner(io.MultiReader(strings.NewReader("a 1 2026-02-08T21:30:00Z\n"), iotest.ErrReader(broken)), "bad"),
	}
	if err := Write(io.Discard, []*Source{NewSealed(NewRounds(files))}, nil, nil); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// InOrder agrees with the plain truth.
func TestInOrder(t *testing.T) {
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		var text string
		var before string
		want, rows := true, 0
		for range r.Intn(20) {
			key := fmt.Sprint("host", r.Intn(1000), ".example")
			if r.Intn(10) > 0 {
				key = fmt.Sprintf("host%03d.example", 30*rows)
			}
			text += key + " 1 2026-02-08T21:30:00Z -\n"
			want, before = want && before < key, key
			rows++
		}
		in := batch.NewScanner(iotest.HalfReader(strings.NewReader(text)), "in")
		in.Buffer = 1 + r.Intn(100)
		if got, err := InOrder(in, nil); got != want || err != nil {
			t.Fatalf("seed %d: %v, %v, of:\n%s", seed, got, err, text)
		}
	}
}

func BenchmarkRounds(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	var texts [][]byte
	for range 200 {
		var text []byte
		for i := range 5000 {
			if r.Intn(2) == 0 {
				text = fmt.Appendf(text, "host%05d.example.com %d 2026-02-08T21:30:%02dZ 192.0.2.%d,2001:db8::%d\n", i, r.Intn(1000), r.Intn(60), i%200, i%9000)
			}
		}
		texts = append(texts, text)
	}
	b.ReportAllocs()
	for b.Loop() {
		var files []*batch.Scanner
		for _, text := range texts {
			f := batch.NewScanner(bytes.NewReader(text), "in")
			f.Buffer = 4 << 10
			files = append(files, f)
		}
		if err := Write(io.Discard, []*Source{NewSealed(NewRounds(files))}, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
