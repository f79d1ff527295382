package fold

import (
	"bytes"

	"egress-monitor/lib/suffix"
)

// Literal returns the key of a name that was asked for. It is the name, but if
// that reads as a folded row that would take other domains with it ("*",
// "*.com", "*.co.uk", "10.0.0.0/8"), then with its star or slash as \DDD: one
// question must not make a single row of all that is known.
//
// So does a name that is "--": a line that begins with it and a space is not a
// record, but one of the stream (package batch).
func Literal(name []byte) []byte {
	if string(name) == "--" {
		return []byte(`\045-`)
	}
	if !Folded(name) {
		return name
	}
	n := nodeOf(name)
	if !n.star {
		return bytes.Replace(name, []byte("/"), []byte(`\047`), 1)
	}
	if n == root || suffix.Of(n.name) == n.name {
		return append([]byte(`\042`), name[1:]...)
	}
	return name
}
