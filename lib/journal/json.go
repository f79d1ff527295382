package journal

import (
	"bytes"
	"encoding/json"
	"errors"

	"egress-monitor/lib/carrier"
)

// Form json (journalctl -o json): an object a line, in any order of fields.
// Values are strings; one that is not printable is an array of the numbers of
// its bytes, one of more than 4096 bytes is null (without -a), and a field that
// occurs several times is an array of values. Form json-pretty spreads an object
// over lines, from one that is "{" to one that is "}"; json-seq puts a record
// separator (1e, RFC 7464) before each, json-sse "data: ".
//
// Docker's log driver json-file writes objects of another kind:
//
//	{"log":"dnsmasq[1]: started\n","stream":"stderr","time":"2026-11-23T08:05:00.123456789Z"}

var (
	errObject = errors.New("not an object of journalctl -o json, or of docker's json-file")
	errPretty = errors.New("object cut short")
)

// maxObject is how long an object may be that is spread over lines.
const maxObject = 1 << 20

const separator = 0x1e

// isObject says whether an object begins with line, and returns it without what
// precedes it.
func isObject(line []byte) (object []byte, ok bool) {
	switch line[0] {
	case separator:
		line = line[1:]
	case 'd':
		line = bytes.TrimPrefix(line, []byte("data: "))
	}
	return line, len(line) > 0 && line[0] == '{'
}

// object reads a line that an object begins with.
func (r *Reader) object(line []byte) bool {
	line = bytes.TrimRight(line, "\r ")
	if len(line) == 1 {
		r.pretty = append(r.pretty[:0], line...)
		return false
	}
	return r.decode(line)
}

// morePretty reads a line of an object that is spread over lines.
func (r *Reader) morePretty(line []byte) bool {
	line = bytes.TrimRight(line, "\r")
	if len(r.pretty)+len(line) > maxObject {
		r.pretty = r.pretty[:0]
		r.lines.Skip(errPretty)
		return false
	}
	r.pretty = append(append(r.pretty, '\n'), line...)
	if len(line) != 1 || line[0] != '}' {
		return false
	}
	ok := r.decode(r.pretty)
	r.pretty = r.pretty[:0]
	return ok
}

// decode reads an object.
func (r *Reader) decode(object []byte) bool {
	var f map[string]json.RawMessage
	if json.Unmarshal(object, &f) != nil {
		r.lines.Skip(errObject)
		return false
	}
	if _, ok := f["log"]; ok && f["MESSAGE"] == nil {
		return r.docker(f)
	}
	message, ok := jsonBytes(f["MESSAGE"])
	if !ok {
		if f["MESSAGE"] == nil && len(f) > 0 {
			r.lines.Skip(errObject)
		}
		return false // null, or several: not the kernel's
	}
	stamp, _ := jsonBytes(f["__REALTIME_TIMESTAMP"])
	usec := number(stamp)
	if usec == 0 {
		r.lines.Skip(errTime)
		return false
	}
	r.entry = Entry{Time: usec / 1e6, Source: jsonSource(f), Message: message}
	if r.Details {
		r.entry.Line = r.jsonLine(f, message)
	}
	return true
}

// docker reads an object of docker's: its line, as docker logs -t prints it.
func (r *Reader) docker(f map[string]json.RawMessage) bool {
	text, _ := jsonBytes(f["log"])
	at, _ := jsonBytes(f["time"])
	if len(at) == 0 {
		r.lines.Skip(errTime)
		return false
	}
	return r.carried(append(append(at, ' '), bytes.TrimRight(text, "\n")...))
}

// jsonLine is what an entry says of its program.
func (r *Reader) jsonLine(f map[string]json.RawMessage, message []byte) *carrier.Line {
	d := &details{}
	for _, name := range []string{"SYSLOG_IDENTIFIER", "_HOSTNAME", "SYSLOG_PID", "_PID"} {
		value, _ := jsonBytes(f[name])
		d.note([]byte(name), value)
	}
	r.carrierLine = d.line(message)
	return &r.carrierLine
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
