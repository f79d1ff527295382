package journal

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Form json (journalctl -o json): an object a line, in any order of fields.
// Values are strings; one that is not printable is an array of the numbers of
// its bytes, one of more than 4096 bytes is null (without -a), and a field that
// occurs several times is an array of values. Form json-pretty spreads an object
// over lines, from one that is "{" to one that is "}"; json-seq puts a record
// separator (1e, RFC 7464) before each, json-sse "data: ". jq and dmesg --json
// put the objects into an array, indented, with commas. Objects of other programs
// are in shipped.go.

var (
	errObject = errors.New("not an object of journalctl -o json, or of a program that ships logs")
	errStamp  = errors.New("object whose time cannot be read")
	errPretty = errors.New("object cut short")
)

// maxIndent is how far an object may be indented. A line of a message that goes
// on is indented by more.
const maxIndent = 8

// maxObject is how long an object may be that is spread over lines.
const maxObject = 1 << 20

const separator = 0x1e

// isObject reports whether an object begins with line, and returns it without
// the bytes before it: with its indent alone if it is spread over lines.
func isObject(line []byte) (object []byte, ok bool) {
	switch line[0] {
	case separator:
		line = line[1:]
	case 'd':
		line = bytes.TrimPrefix(line, []byte("data: "))
	case '[':
		line = line[1:]
	case ' ', '\t':
		n := len(line) - len(bytes.TrimLeft(line, " \t"))
		return line, n <= maxIndent && n < len(line) && line[n] == '{'
	}
	return line, len(line) > 0 && line[0] == '{'
}

// isBracket reports whether a line begins or ends an array of objects.
func isBracket(line []byte) bool {
	line = bytes.Trim(line, " \t\r,")
	return len(line) == 1 && (line[0] == '[' || line[0] == ']' || line[0] == '}')
}

// object reads a line that an object begins with.
func (r *Reader) object(line []byte) bool {
	line = bytes.TrimRight(line, "\r ,]")
	whole := bytes.TrimLeft(line, " \t")
	if len(whole) > 1 {
		return r.decode(whole)
	}
	r.pretty, r.indent = append(r.pretty[:0], whole...), len(line)-len(whole)
	return false
}

// morePretty reads a line of an object that is spread over lines. Its last line
// is indented as its first one. A line that cannot be part of an object begins
// something else: so a brace alone hides no line.
func (r *Reader) morePretty(line []byte) bool {
	line = bytes.TrimRight(line, "\r")
	if len(r.pretty)+len(line) > maxObject || !isPart(line) {
		r.pretty = r.pretty[:0]
		r.lines.Skip(errPretty)
		return r.line(line)
	}
	if len(r.pretty) == 1 && bytes.HasSuffix(line, []byte(": [")) {
		r.pretty = r.pretty[:0] // an array of objects, which follow
		return false
	}
	r.pretty = append(append(r.pretty, '\n'), line...)
	last := bytes.TrimRight(line, ",")
	if len(last) != r.indent+1 || last[r.indent] != '}' {
		return false
	}
	ok := r.decode(bytes.TrimRight(r.pretty, ","))
	r.pretty = r.pretty[:0]
	return ok
}

// isPart reports whether a line may be one of an object: a brace, a bracket, a
// name or a value.
func isPart(line []byte) bool {
	line = bytes.Trim(line, " \t,")
	if len(line) == 0 {
		return true
	}
	switch c := line[0]; c {
	case '"', '{', '}', '[', ']':
		return len(line) == 1 || c != '['
	}
	return number(line) > 0 || string(line) == "0" || string(line) == "null" || string(line) == "true" || string(line) == "false"
}

// decode reads an object.
func (r *Reader) decode(object []byte) bool {
	var f map[string]json.RawMessage
	if json.Unmarshal(object, &f) != nil {
		r.lines.Skip(errObject)
		return false
	}
	if f["__REALTIME_TIMESTAMP"] == nil && len(f) > 0 {
		return r.shipped(f, object)
	}
	if members(object) > len(f) && tellsTwice(object) {
		r.lines.Skip(errTwice)
		return false
	}
	message, ok := jsonBytes(f["MESSAGE"])
	if !ok {
		if f["MESSAGE"] == nil && len(f) > 0 {
			r.lines.Skip(errObject)
		}
		return false // null, or several: not the kernel's
	}
	var known fields
	for _, name := range jsonFields {
		if raw, ok := f[name]; ok {
			value, _ := jsonBytes(raw) // of another form: another value
			r.noteField(&known, []byte(name), value)
		}
	}
	return r.make(&known, message)
}

// jsonFields are the fields that tell when an entry was written, and by whom.
var jsonFields = [...]string{"__REALTIME_TIMESTAMP", "_TRANSPORT", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "_HOSTNAME", "SYSLOG_PID", "_PID"}

// jsonBytes reads a string, or an array of the numbers of bytes.
func jsonBytes(raw json.RawMessage) ([]byte, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return []byte(s), err == nil
	case '[':
		var list []uint16 // a slice of bytes would be base64
		if json.Unmarshal(raw, &list) != nil {
			return nil, false
		}
		b := make([]byte, len(list))
		for i, n := range list {
			if n > 255 {
				return nil, false
			}
			b[i] = byte(n)
		}
		return b, true
	}
	return nil, false
}
