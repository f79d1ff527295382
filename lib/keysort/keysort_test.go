package keysort

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

func randomTexts(r *rand.Rand, n int) (texts [][]byte) {
	for range n {
		var b []byte
		for range r.Intn(4) {
			b = append(b, []string{"a", "www.", "example.com", "b", "0123456789", "~"}[r.Intn(6)]...)
		}
		if r.Intn(3) > 0 {
			b = fmt.Append(b, r.Intn(n+1))
		}
		texts = append(texts, b)
	}
	return texts
}

func keysOf(texts [][]byte) (list []Key) {
	for i, b := range texts {
		list = append(list, Key{HeadOf(b), uint32(i)})
	}
	return list
}

// Sort agrees with the plain comparison of texts.
func TestSort(t *testing.T) {
	for seed := range int64(200) {
		r := rand.New(rand.NewSource(seed))
		texts := randomTexts(r, r.Intn(1000))
		list := keysOf(texts)
		Sort(list, func(id uint32) []byte { return texts[id] })
		var got [][]byte
		for _, k := range list {
			got = append(got, texts[k.ID])
		}
		slices.SortFunc(texts, bytes.Compare)
		if !slices.EqualFunc(got, texts, bytes.Equal) {
			t.Fatalf("seed %d: got %q", seed, got)
		}
	}
}

func TestHead(t *testing.T) {
	texts := randomTexts(rand.New(rand.NewSource(1)), 300)
	for _, x := range texts {
		if HeadOf(x).IsAll() != (len(x) < Len) {
			t.Errorf("%q: is all: %v", x, HeadOf(x).IsAll())
		}
		for _, y := range texts {
			a, b := HeadOf(x), HeadOf(y)
			if c := a.Compare(b); c != 0 && c != bytes.Compare(x, y) || a.Less(b) != (c < 0) || a.Less(b) && bytes.Compare(x, y) >= 0 {
				t.Errorf("%q and %q: %d", x, y, c)
			}
		}
	}
}

func BenchmarkSort(b *testing.B) {
	texts := randomTexts(rand.New(rand.NewSource(1)), 20_000)
	all := keysOf(texts)
	b.ReportAllocs()
	for b.Loop() {
		list := slices.Clone(all)
		Sort(list, func(id uint32) []byte { return texts[id] })
	}
}
