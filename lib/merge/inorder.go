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
	var prev, kept []byte // the previous key; memory for it when its line goes
	for in.More() {
		ready := in.Ready()
		in.Advance(len(ready), 0)
		for len(ready) > 0 {
			n := bytes.IndexByte(ready, '\n')
			line := ready[:n]
			ready = ready[n+1:]
			k := bytes.IndexByte(line, ' ')
			if k <= 0 || batch.IsMark(line) {
				continue
			}
			key := line[:k]
			if bytes.Compare(prev, key) >= 0 {
				return false, nil
			}
			if prev = key; folded != nil && (key[0] == '*' || bytes.IndexByte(key, '/') >= 0) {
				folded(line)
			}
		}
		kept = append(kept[:0], prev...)
		prev = kept
	}
	return true, in.Err()
}
