package fold

import (
	"fmt"
	"os"
	"testing"

	"egress-monitor/lib/testtools"
)

// A row is of a crowd if many rows of its group and minute were counted as often
// or more often, but not so often that they are no flood's.
func TestCrowds(t *testing.T) {
	var text []string
	add := func(n int, key string, count uint64, minute int) {
		for i := range n {
			text = append(text, fmt.Sprintf(key+" %d 2026-02-08T21:%02d:%02dZ", i, count, minute, i%60))
		}
	}
	add(200, "first%d.com", 1, 1)
	add(300, "few%d.com", 1, 2)
	add(100, "often%d.com", 3, 2)
	add(9, "seldom%d.com", often-1, 2)
	add(500, "strong%d.com", often, 2)
	add(8, "lone%d.com", 1, 3)
	add(400, "other%d.net", 1, 3)
	rows := func(visit func(key []byte, count uint64, last []byte)) error {
		for _, line := range text {
			var key, last string
			var count uint64
			fmt.Sscan(line, &key, &count, &last)
			visit([]byte(key), count, []byte(last))
		}
		return nil
	}
	file, err := os.Create(t.TempDir() + "/notes")
	testtools.Must(t, err)
	defer file.Close()
	p, err := NewPlan(16*200, rows, file)
	testtools.Must(t, err)
	sizes := map[int]int{} // how many rows are of a crowd of a size
	err = p.notes.each(func(n note) { sizes[p.crowds.size(p.quota(n), n)]++ })
	if want := map[int]int{0: 200 + 500 + 8, 409: 300, 109: 100, 9: 9, 400: 400}; err != nil || fmt.Sprint(sizes) != fmt.Sprint(want) {
		t.Errorf("%v: %v, want %v", err, sizes, want)
	}
}

// More groups than can have numbers: those that are large have one.
func TestManyGroups(t *testing.T) {
	const small = mostGroups + 1000
	rows := func(visit func(key []byte, count uint64, last []byte)) error {
		for i := range small {
			visit(fmt.Appendf(nil, "a.x%dx", i), 1, []byte("2026-02-08T21:30:00Z"))
		}
		for i := range small {
			visit(fmt.Appendf(nil, "b%d.com", i), 1, []byte("2026-02-08T21:31:00Z"))
		}
		return nil
	}
	file, err := os.Create(t.TempDir() + "/notes")
	testtools.Must(t, err)
	defer file.Close()
	p, err := NewPlan(small, rows, file)
	testtools.Must(t, err)
	var com int
	for _, q := range p.quotas {
		if q != nil && q.into == "*.com" {
			com = q.size
		}
	}
	if com != small || p.small.size != small || p.rows != 2*small {
		t.Errorf("%d of com, %d of others, %d rows", com, p.small.size, p.rows)
	}
}
