package journal

import (
	"bytes"
	"strconv"
)

// Form verbose (journalctl -o verbose): a line with the time and the cursor,
// and the fields, each indented by four spaces. Further lines of a field are
// indented by more.
//
//	Mon 2026-11-23 08:05:00.980088 UTC [s=4d2b…;i=4;b=6e47…;m=ead81f86;t=660ed0cf23778;x=8a20…]
//	    _TRANSPORT=kernel
//	    MESSAGE=EGRESS: IN= OUT=jn0 …

const fieldIndent = "    "

// verboseHead reads the time of an entry from its first line: from the cursor,
// where it needs no zone.
func verboseHead(line []byte) (usec int64, ok bool) {
	i := bytes.Index(line, []byte(" [s="))
	if i < 0 || line[len(line)-1] != ']' || !ValidCursor(string(line[i+2:len(line)-1])) {
		return 0, false
	}
	_, rest, _ := bytes.Cut(line[i:], []byte(";t="))
	digits, _, _ := bytes.Cut(rest, []byte{';'})
	usec, err := strconv.ParseInt(string(digits), 16, 64)
	return usec, err == nil && usec > 0
}

// verbose reads a line of form verbose; is reports whether it is one, more whether
// an entry has ended.
func (r *Reader) verbose(line []byte) (is, more bool) {
	f := &r.shown
	if f.some && bytes.HasPrefix(line, []byte(fieldIndent)) {
		field := line[len(fieldIndent):]
		if n := nameLen(field); n > 0 && n < len(field) && field[n] == '=' {
			r.noteField(f, field[:n], field[n+1:])
		}
		return true, false
	}
	usec, ok := int64(0), false
	if line[len(line)-1] == ']' {
		usec, ok = verboseHead(line)
	}
	if !ok {
		return false, false
	}
	more = r.endVerbose()
	f.clear()
	f.some, f.usec = true, usec
	return true, more
}

// endVerbose turns the fields into an entry.
func (r *Reader) endVerbose() bool {
	f := &r.shown
	if !f.some {
		return false
	}
	r.spare, f.message = f.message, r.spare[:0] // the entry keeps its own
	r.make(f, r.spare)
	f.details, f.some = details{}, false // the entry keeps these as well
	return f.has
}
