package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// The fields of an object tell who wrote its message. Shippers name them in many ways,
// and also in objects within the object (Elastic Common Schema:
// "log":{"syslog":{"appname":…}}), or with dots in the name. Any of them that names a
// writer other than the kernel is believed, wherever it is: a line that is not counted is
// reported, and a forged one would hide.

var errTwice = errors.New("object that says twice who wrote it")

// A kind is the meaning of a field.
type kind uint8

const (
	ofProcess kind = 1 + iota
	ofProgram
	ofFacility
	ofPriority // with the facility, or the level alone
	ofTransport
)

// kinds are the fields that tell who wrote a message, in lower case and without the
// strokes before them.
var kinds = map[string]kind{
	"pid": ofProcess, "procid": ofProcess, "process_id": ofProcess, "syslog_pid": ofProcess, "syslog_procid": ofProcess,
	"ident": ofProgram, "identifier": ofProgram, "appname": ofProgram, "app-name": ofProgram, "app_name": ofProgram, "application_name": ofProgram,
	"program": ofProgram, "programname": ofProgram, "syslog-tag": ofProgram, "syslogtag": ofProgram, "syslog_identifier": ofProgram,
	"process": ofProgram, "comm": ofProgram, "exe": ofProgram, "systemd_unit": ofProgram, "unit": ofProgram,
	"facility": ofFacility, "fac": ofFacility, "syslog_facility": ofFacility, "syslogfacility": ofFacility, "syslogfacility-text": ofFacility,
	"facility_label": ofFacility, "facility_num": ofFacility, "facility_code": ofFacility, "facility_name": ofFacility,
	"pri": ofPriority, "priority": ofPriority, "syslog_pri": ofPriority,
	"transport": ofTransport,
}

// kindOf returns the kind of a field of the object called within, 0 for all others.
func kindOf(within, name string) kind {
	switch {
	case within == "process" && name == "name":
		return ofProgram
	case within == "facility" && (name == "code" || name == "name"):
		return ofFacility
	}
	return kinds[name]
}

// inner are the objects within an object that may have such fields.
var inner = []string{"process", "log", "syslog", "journald", "systemd", "labels", "event", "fields", "facility"}

var (
	kernelNames = []string{"0", "kern", "kernel"}
	levels      = []string{"emerg", "emergency", "panic", "alert", "crit", "critical", "err", "error", "warn", "warning", "notice", "info", "informational", "debug",
		"0", "1", "2", "3", "4", "5", "6", "7"}
)

// A witness gathers the testimony of the fields.
type witness struct {
	process bool // a process wrote it
	foreign bool // it is not the kernel's
	twice   bool // a field is there twice
}

// hear reads the fields of an object. within is the name of the object that it is in.
func (w *witness) hear(f object, raw json.RawMessage, within string, depth int) {
	if members(raw) > len(f) {
		w.twice = w.twice || tellsTwice(raw)
	}
	for name, value := range f {
		name, parent, ok := place(name, within)
		if !ok {
			continue
		}
		if len(value) > 0 && value[0] == '{' {
			var deeper object
			if depth < 4 && slices.Contains(inner, name) && json.Unmarshal(value, &deeper) == nil {
				w.hear(deeper, value, name, depth+1)
			}
			continue
		}
		if k := kindOf(parent, name); k != 0 {
			w.note(k, value)
		}
	}
}

// place returns the name of a field as kinds has it, and that of the object that it is
// in, which may be part of the name, as in "process.pid".
func place(field, within string) (name, parent string, ok bool) {
	name = strings.ToLower(field)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		first, _, _ := strings.Cut(name, ".")
		parent, name = name[:i], name[i+1:]
		return strings.TrimLeft(name, "_"), parent[strings.LastIndexByte(parent, '.')+1:], slices.Contains(inner, first)
	}
	return strings.TrimLeft(name, "_"), within, true
}

// note notes a field that is no object.
func (w *witness) note(k kind, raw json.RawMessage) {
	text, ok := jsonBytes(raw)
	if !ok && string(raw) == "null" {
		return
	}
	if !ok {
		text = raw // a number, or what nobody writes there
	}
	value := strings.ToLower(strings.TrimSpace(string(text)))
	if value == "" || value == "-" {
		return
	}
	switch k {
	case ofProcess:
		if value != "0" {
			w.process, w.foreign = true, true
		}
	case ofProgram:
		w.foreign = w.foreign || strings.TrimSuffix(value, ":") != "kernel"
	case ofFacility:
		w.foreign = w.foreign || !slices.Contains(kernelNames, value)
	case ofPriority:
		w.foreign = w.foreign || !slices.Contains(levels, strings.TrimPrefix(strings.Trim(value, "<>"), "kern."))
	case ofTransport:
		w.foreign = w.foreign || value != "kernel"
	}
}

// isOfTrust reports whether a field tells who wrote the message.
func isOfTrust(name string) bool {
	name = strings.ToLower(name)
	if i := strings.IndexByte(name, '.'); i >= 0 {
		name = name[:i]
	}
	name = strings.TrimLeft(name, "_")
	if name == "log" {
		return false // a message, for most
	}
	return kinds[name] != 0 || name == "source" || slices.Contains(inner, name) || slices.Contains(containFields, name)
}

// members counts the members of a valid object, without those of objects within.
func members(raw []byte) (n int) {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += stringLen(raw[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ':':
			if depth == 1 {
				n++
			}
		}
	}
	return n
}

// stringLen returns the length of the string that b begins with.
func stringLen(b []byte) int {
	for i := 1; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		i += n
		if slashes := len(b[:i]) - len(bytes.TrimRight(b[:i], `\`)); slashes%2 == 0 {
			return i + 1
		}
	}
}

// tellsTwice reports whether a valid object has two fields of one name that tell who
// wrote the message. Of two such, each reader takes another.
func tellsTwice(raw []byte) bool {
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil {
		return true
	}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		name, ok := token.(string)
		if err != nil || !ok || seen[name] && isOfTrust(name) {
			return true
		}
		seen[name] = true
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return true
		}
	}
	return false
}
