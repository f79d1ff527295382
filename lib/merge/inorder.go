package merge

import (
	"bytes"

	"egress-monitor/lib/batch"
)

// InOrder reads lines to their end, and reports whether their keys rise
// strictly. It reads nothing but the keys. If folded is not nil, InOrder calls
// it with each row that may be folded.
func InOrder(in *batch.Scanner, folded func(line []byte)) (bool, error) {
	defer in.Close()
	o := order{folded: folded}
	for in.More() {
		if !o.take(in) {
			return false, nil
		}
		o.keep()
	}
	return true, in.Err()
}

// An order checks that lines rise.
type order struct {
	folded func(line []byte)
	prev   []byte // the previous key
	kept   []byte // memory for prev when its line goes
}

func (o *order) keep() {
	o.kept = append(o.kept[:0], o.prev...)
	o.prev = o.kept
}

// take takes the lines in memory. It returns false if they are not in order.
func (o *order) take(in *batch.Scanner) bool {
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

func (o *order) rises(line []byte, k int) bool {
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
