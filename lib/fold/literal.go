package fold

import "bytes"

// Literal returns the key of a name that was asked for. That is the name, unless
// the name reads as a folded row of more than one owner ("*", "*.com",
// "10.0.0.0/8"); then its star or slash is written as \DDD: a question must not
// look as if a bound had been reached. A question for the very name
// "*.example.com" is legal, and its key is that of the narrow row: the count goes
// to that row, and from then on the names below example.com share it. One question
// can do no more harm than that.
//
// A name that is an address in another form than that of keys ("2001:db8:0::1",
// "::ffff:102:304") has its first colon written as \DDD: the address must not get
// a second key.
//
// The name "--" has its first byte written as \DDD: a line that begins with "-- "
// is not a record but a mark of the stream (package batch).
func Literal(name []byte) []byte {
	switch {
	case string(name) == "--":
		return []byte(`\045-`)
	case len(name) > 0 && name[0] == '*':
		if Wide(name) {
			return append([]byte(`\042`), name[1:]...)
		}
	case Misspelt(name), Folded(name):
		if bytes.IndexByte(name, '/') >= 0 {
			return bytes.Replace(name, []byte("/"), []byte(`\047`), 1)
		}
		return bytes.Replace(name, []byte(":"), []byte(`\058`), 1)
	}
	return name
}

// Misspelt reports whether a key is an address or a prefix in another form than
// the printed one: it would be a second key for the same address.
func Misspelt(key []byte) bool {
	var buf [64]byte
	printed, ok := Respell(buf[:0], key)
	return ok && !bytes.Equal(printed, key)
}
