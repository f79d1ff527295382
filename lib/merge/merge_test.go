package merge

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/testtools"
)

func randomRecords(r *rand.Rand, n int) []string {
	var lines []string
	for range n {
		key := fmt.Sprintf("%c%d.example", 'a'+r.Intn(3), r.Intn(40))
		ips := "-"
		for range r.Intn(4) {
			ip := fmt.Sprintf("192.0.2.%d", r.Intn(30))
			if ips == "-" {
				ips = ip
			} else {
				ips += "," + ip
			}
		}
		lines = append(lines, fmt.Sprintf("%s %d 2026-02-%02dT00:00:00Z %s", key, r.Intn(5), 1+r.Intn(28), ips))
	}
	return lines
}

// aggregateOf sorts and merges lines as the tools do, with runs so small that
// most of them are on disk.
func aggregateOf(t *testing.T, lines []string, limit int) string {
	t.Helper()
	s := NewSorter(t.TempDir(), 1+limit%5, func(*Row) error { return nil })
	s.limit = limit
	defer s.Close()
	for _, line := range lines {
		rec, err := aggregate.Parse([]byte(line))
		testtools.Must(t, err)
		testtools.Must(t, s.Add(rec))
	}
	sources, err := s.Sources()
	testtools.Must(t, err)
	var out bytes.Buffer
	testtools.Must(t, Write(&out, sources, nil, nil))
	return out.String()
}

func mergeOf(t *testing.T, aggregates ...string) string {
	t.Helper()
	var sources []*Source
	for _, a := range aggregates {
		sources = append(sources, sourceOf(strings.NewReader(a)))
	}
	var out bytes.Buffer
	testtools.Must(t, Write(&out, sources, nil, nil))
	return out.String()
}

// Sorting and merging gives what the model gives, in every order and grouping.
func TestMergeIsAddition(t *testing.T) {
	for seed := range int64(200) {
		r := rand.New(rand.NewSource(seed))
		lines := randomRecords(r, r.Intn(400))
		want := testtools.ReadAggregate(t, lines...).String()
		if got := aggregateOf(t, lines, 100+r.Intn(20000)); got != want {
			t.Fatalf("seed %d: sorted:\n%s\nwant:\n%s", seed, got, want)
		}
		i, j := r.Intn(len(lines)+1), r.Intn(len(lines)+1)
		i, j = min(i, j), max(i, j)
		a, b, c := aggregateOf(t, lines[:i], 4096), aggregateOf(t, lines[i:j], 4096), aggregateOf(t, lines[j:], 4096)
		for _, got := range []string{
			mergeOf(t, a, b, c), mergeOf(t, c, a, b), mergeOf(t, b, mergeOf(t, c, a)),
			mergeOf(t, mergeOf(t, a, b), c), mergeOf(t, a, mergeOf(t, b, c), ""), mergeOf(t, want),
		} {
			if got != want {
				t.Fatalf("seed %d: merged:\n%s\nwant:\n%s", seed, got, want)
			}
		}
	}
}

func TestMergeRefusesDisorder(t *testing.T) {
	const row = " 1 2026-02-08T21:30:00Z\n"
	for _, lines := range []string{"b" + row + "a" + row, "a" + row + "a" + row, "aaaaaaaab" + row + "aaaaaaaaa" + row} {
		s := sourceOf(strings.NewReader(lines))
		if err := Write(io.Discard, []*Source{s}, nil, nil); err == nil {
			t.Errorf("merged %q", lines)
		}
	}
}

func TestCountsDoNotWrap(t *testing.T) {
	got := mergeOf(t, "a 18446744073709551615 2026-02-08T21:30:00Z\n", "a 2 2026-02-08T21:30:00Z\n")
	if want := "a 18446744073709551615 2026-02-08T21:30:00Z\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func BenchmarkMerge(b *testing.B) {
	for _, hosts := range []int{1, 2, 100} {
		b.Run(fmt.Sprint("hosts=", hosts), func(b *testing.B) {
			var files [][]byte
			for h := range hosts {
				var text []byte
				for i := range 5000 {
					text = fmt.Appendf(text, "host%05d.example.com 12 2026-02-08T21:30:%02dZ 192.0.2.%d,2001:db8::%d\n", i*3+h%5, h%60, i%200, i%9000)
				}
				files = append(files, text)
			}
			b.ReportAllocs()
			b.SetBytes(int64(hosts * len(files[0])))
			for b.Loop() {
				var sources []*Source
				for _, f := range files {
					sources = append(sources, sourceOf(bytes.NewReader(f)))
				}
				if err := Write(io.Discard, sources, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// sourceOf returns the source of records of our own.
func sourceOf(text io.Reader) *Source {
	in := batch.NewScanner(text, "text")
	in.Rejected = func(line []byte, why error) { panic(why) }
	return NewSource(in)
}

// TestCheckOfOneRow: a row that a check drops or sets does not change the next one.
func TestCheckOfOneRow(t *testing.T) {
	const a, b = "a 1 2026-02-08T21:30:00Z\n", "b 2 2026-02-08T21:30:00Z\n"
	for want, change := range map[string]func(*Row){
		b:     (*Row).Drop,
		a + b: func(r *Row) { rec, _ := r.Record(); r.Set(rec) },
	} {
		var out bytes.Buffer
		check := func(r *Row) error {
			if string(r.Key()) == "a" {
				change(r)
			} else if rec, err := r.Record(); err != nil || string(rec.Key) != "b" {
				t.Errorf("%q, %v", rec.Key, err)
			}
			return nil
		}
		lines := batch.NewScanner(strings.NewReader(a+b), "text")
		testtools.Must(t, Write(&out, []*Source{NewSealed(lines)}, check, nil))
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}
