package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// What the fields of an object say about who wrote its message. Shippers name them in
// many ways, and also in objects within the object (Elastic Common Schema:
// "log":{"syslog":{"appname":…}}), or with dots in the name. Any of them that tells of
// somebody else than the kernel is believed, wherever it stands: a line that is not
// counted is reported, and a forged one would hide.

var errTwice = errors.New("object that says twice who wrote it")

var (
	inner       = []string{"process", "log", "syslog", "journald", "systemd", "labels", "event", "fields", "facility"} // the objects within
	ofProcess   = []string{"pid", "procid", "process_id", "syslog_pid", "syslog_procid"}
	ofProgram   = []string{"ident", "identifier", "appname", "app-name", "app_name", "program", "programname", "syslog-tag", "syslogtag", "syslog_identifier", "application_name", "process", "comm", "exe", "systemd_unit", "unit"}
	ofFacility  = []string{"facility", "fac", "syslog_facility", "syslogfacility", "syslogfacility-text", "facility_label", "facility_num", "facility_code", "facility_name"}
	ofPriority  = []string{"pri", "priority", "syslog_pri"} // with the facility, or the level alone
	ofTransport = []string{"transport"}

	kernelNames = []string{"0", "kern", "kernel"}
	levels      = []string{"emerg", "emergency", "panic", "alert", "crit", "critical", "err", "error", "warn", "warning", "notice", "info", "informational", "debug",
		"0", "1", "2", "3", "4", "5", "6", "7"}
)

// A witness gathers what the fields say.
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
		parts := strings.Split(strings.ToLower(name), ".")
		name, parent := strings.TrimLeft(parts[len(parts)-1], "_"), within
		if n := len(parts) - 1; n > 0 {
			if parent = strings.TrimLeft(parts[n-1], "_"); !slices.Contains(inner, parts[0]) {
				continue
			}
		}
		if len(value) > 0 && value[0] == '{' {
			var deeper object
			if depth < 4 && slices.Contains(inner, name) && json.Unmarshal(value, &deeper) == nil {
				w.hear(deeper, value, name, depth+1)
			}
			continue
		}
		w.note(parent, name, value)
	}
}

// note notes a field that is no object.
func (w *witness) note(parent, name string, raw json.RawMessage) {
	text, ok := jsonBytes(raw)
	if !ok && string(raw) == "null" {
		return
	}
	if !ok {
		text = raw // a number, or what nobody writes there
	}
	value := strings.ToLower(strings.TrimSpace(string(text)))
	switch {
	case value == "" || value == "-":
	case slices.Contains(ofProcess, name):
		if value != "0" {
			w.process, w.foreign = true, true
		}
	case slices.Contains(ofProgram, name) || parent == "process" && name == "name":
		w.foreign = w.foreign || strings.TrimSuffix(value, ":") != "kernel"
	case slices.Contains(ofFacility, name) || parent == "facility" && (name == "code" || name == "name"):
		w.foreign = w.foreign || !slices.Contains(kernelNames, value)
	case slices.Contains(ofPriority, name):
		w.foreign = w.foreign || !slices.Contains(levels, strings.TrimPrefix(strings.Trim(value, "<>"), "kern."))
	case slices.Contains(ofTransport, name):
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
	for _, list := range [...][]string{inner, ofProcess, ofProgram, ofFacility, ofPriority, ofTransport, containFields} {
		if slices.Contains(list, name) && name != "log" || name == "source" {
			return true
		}
	}
	return false
}

// members counts the members of a valid object, without those of objects within.
func members(raw []byte) (n int) {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ':' && depth == 1:
			n++
		}
	}
	return n
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
