package sighting

import (
	"fmt"
	"math/rand"
	"testing"

	"egress-monitor/lib/testtools"
)

// TestSpilled: what went through files is the same as what stayed in memory.
func TestSpilled(t *testing.T) {
	want, runs := collect(t, maxKeys)
	if runs != 0 {
		t.Fatalf("%d runs for a few keys", runs)
	}
	for _, limit := range []int{1, 7, 40} {
		got, runs := collect(t, limit)
		if runs == 0 {
			t.Errorf("limit %d: nothing was spilled", limit)
		}
		if got != want {
			t.Errorf("limit %d: got\n%swant\n%s", limit, got, want)
		}
	}
}

func collect(t *testing.T, limit int) (text string, runs int) {
	t.Helper()
	c := NewCollector(t.TempDir())
	c.max = limit
	defer c.Close()
	r := rand.New(rand.NewSource(1))
	for host := range uint32(10) {
		for key := range 100 {
			if r.Intn(2) == 0 {
				continue
			}
			last := ParseStamp(fmt.Appendf(nil, "2026-02-%02dT21:30:00Z", 1+r.Intn(28)))
			var kinds []Kind
			if r.Intn(2) == 0 {
				kinds = append(kinds, Direct)
			}
			testtools.Must(t, c.Add(fmt.Append(nil, "key", key), host, uint64(r.Intn(9)), last, last, kinds...))
		}
	}
	runs = len(c.runs)
	err := c.Each(func(row *Row) error {
		text += fmt.Sprintf("%v\n", *row)
		return nil
	})
	testtools.Must(t, err)
	return text, runs
}

func TestStamp(t *testing.T) {
	for _, text := range []string{"2026-02-08T21:30:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} {
		if got := ParseStamp([]byte(text)).String(); got != text {
			t.Errorf("%s: %s", text, got)
		}
	}
	if s := Stamp(0).String(); s != "-" {
		t.Error(s)
	}
}

// TestPrevalence: each host that was added is counted, and the first one known, up to
// the limit, which is known to be reached.
func TestPrevalence(t *testing.T) {
	p, want, first := NewPrevalence(), map[uint64]uint32{}, map[uint64]uint32{}
	r := rand.New(rand.NewSource(1))
	for range 20_000 {
		h := Hash(fmt.Append(nil, "key", r.Intn(5000)))
		host := r.Uint32()
		p.Add(h, host)
		want[h]++
		if want[h] == 1 || host < first[h] {
			first[h] = host
		}
	}
	for h, n := range want {
		if p.Hosts(h) != n || p.First(h) != first[h] {
			t.Fatalf("%d, the first %d, want %d, %d", p.Hosts(h), p.First(h), n, first[h])
		}
	}
	if p.Full() || p.Len() != len(want) || p.Hosts(Hash([]byte("other"))) != 0 {
		t.Error(p.Len(), p.Full())
	}
	p.max = p.Len()
	p.Add(Hash([]byte("other")), 0)
	if !p.Full() || p.Len() != len(want) {
		t.Error("a limit that does not hold")
	}
}
