package journal

import (
	"encoding/json"
	"errors"
)

// Form json (journalctl -o json): an object a line, in any order of fields.
// Values are strings; one that is not printable is an array of the numbers of
// its bytes, one of more than 4096 bytes is null (without -a), and a field that
// occurs several times is an array of values.

var errObject = errors.New("not an object of journalctl -o json")

// object reads a line of form json.
func (r *Reader) object(line []byte) bool {
	var f map[string]json.RawMessage
	if json.Unmarshal(line, &f) != nil {
		r.lines.Skip(errObject)
		return false
	}
	message, ok := jsonBytes(f["MESSAGE"])
	if !ok {
		return false // null, or several: not the kernel's
	}
	stamp, _ := jsonBytes(f["__REALTIME_TIMESTAMP"])
	usec := number(stamp)
	if usec == 0 {
		r.lines.Skip(errTime)
		return false
	}
	r.entry = Entry{Time: usec / 1e6, Source: jsonSource(f), Message: message}
	return true
}

func jsonSource(f map[string]json.RawMessage) Source {
	var o origin
	for _, name := range []string{"_TRANSPORT", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER"} {
		if raw, ok := f[name]; ok {
			value, _ := jsonBytes(raw) // of another form: another value
			o.note([]byte(name), value)
		}
	}
	return o.source()
}

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
