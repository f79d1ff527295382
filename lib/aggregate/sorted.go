package aggregate

import (
	"bytes"

	"egress-monitor/lib/batch"
)

// Sorted reads lines to their end, and says whether their records are in order,
// each key once. It looks at the keys alone. Rows that are folded are given to
// folded, if that is not nil.
func Sorted(in *batch.Scanner, folded func(line []byte)) (bool, error) {
	defer in.Close()
	o := ordered{folded: folded}
	for in.More() {
		if !o.take(in) {
			return false, nil
		}
		o.keep()
	}
	return true, in.Err()
}

// ordered looks at lines as long as they rise.
type ordered struct {
	folded func(line []byte)
	prev   []byte // the key before
	kept   []byte // prev, when its text goes
}

func (o *ordered) keep() {
	o.kept = append(o.kept[:0], o.prev...)
	o.prev = o.kept
}

// take takes the lines that are at hand. False is disorder.
func (o *ordered) take(in *batch.Scanner) bool {
	ready := in.Ready()
	in.Advance(len(ready), 0)
	for len(ready) > 0 {
		n := bytes.IndexByte(ready, '\n')
		line := ready[:n]
		ready = ready[n+1:]
		if k := bytes.IndexByte(line, ' '); k > 0 && !batch.IsMark(line) && !o.rises(line, k) {
			return false
		}
	}
	return true
}

func (o *ordered) rises(line []byte, k int) bool {
	key := line[:k:k]
	if bytes.Compare(o.prev, key) >= 0 {
		return false
	}
	o.prev = key
	if o.folded != nil && (key[0] == '*' || bytes.IndexByte(key, '/') >= 0) {
		o.folded(line)
	}
	return true
}
