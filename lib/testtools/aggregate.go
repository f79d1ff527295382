package testtools

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// An Aggregate is an aggregate as a map by key: the slow, plain model that the
// code under test is compared with. It shares no code with package aggregate.
type Aggregate map[string]*Row

// A Row is a row of an Aggregate.
type Row struct {
	Count int
	Last  string
	IPs   map[string]bool // nil if the row has three fields
}

// ReadAggregate returns the sum of the records in texts.
func ReadAggregate(t testing.TB, texts ...string) Aggregate {
	t.Helper()
	a := Aggregate{}
	for _, text := range texts {
		a.AddLines(t, slices.Collect(strings.Lines(text))...)
	}
	return a
}

// AddLines adds records. A line that is not a record fails the test.
func (a Aggregate) AddLines(t testing.TB, lines ...string) {
	t.Helper()
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) < 3 || len(f) > 4 {
			t.Fatalf("%q: %d fields", line, len(f))
		}
		r := &Row{Last: f[2]}
		if _, err := fmt.Sscan(f[1], &r.Count); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if len(f) == 4 {
			r.IPs = Addresses(f[3])
		}
		a.Add(f[0], r)
	}
}

// Addresses returns the set of addresses in a list; "-" is the empty list.
func Addresses(list string) map[string]bool {
	ips := map[string]bool{}
	for ip := range strings.SplitSeq(list, ",") {
		ips[ip] = true
	}
	delete(ips, "-")
	return ips
}

// Add adds a row: counts add, the later time stays, addresses unite.
func (a Aggregate) Add(key string, r *Row) {
	sum := a[key]
	if sum == nil {
		sum = &Row{}
		a[key] = sum
	}
	sum.Count, sum.Last = sum.Count+r.Count, max(sum.Last, r.Last)
	if r.IPs != nil && sum.IPs == nil {
		sum.IPs = map[string]bool{}
	}
	maps.Copy(sum.IPs, r.IPs)
}

// String returns the records, sorted.
func (a Aggregate) String() string {
	var lines []string
	for key, r := range a {
		line := fmt.Sprintf("%s %d %s", key, r.Count, r.Last)
		if r.IPs != nil {
			line += " " + cmp.Or(strings.Join(slices.Sorted(maps.Keys(r.IPs)), ","), "-")
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
