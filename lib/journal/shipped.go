package journal

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"egress-monitor/lib/stamp"
)

// Objects in which programs ship logs: a whole line, or a message with its program
// and host. Each program has its own names for the fields:
//
//	{"log":"dnsmasq[1]: started\n","stream":"stderr","time":"2026-11-23T08:05:00.123456789Z"}    docker's json-file
//	{"@timestamp":"2026-11-23T08:05:00.123Z","message":"LINE","log":{…}}                         Filebeat
//	{"message":"LINE","timestamp":"2026-11-23T08:05:00Z","host":"gw"}                            Vector
//	{"date":1795421100.123,"log":"LINE"}                                                         Fluent Bit
//	{"labels":{…},"line":"LINE","timestamp":"2026-11-23T08:05:00Z"}                              logcli -o jsonl
//	{"short_message":"LINE","timestamp":1795421100.123,"host":"gw"}                              GELF
//	{"pri":4,"time":3940.030707,"msg":"MESSAGE"}                                                 dmesg --json
//	{"timestamp":"…","host":"gw","facility":"kern","syslog-tag":"kernel:","message":"MESSAGE"}   rsyslog
//	{"PROGRAM":"dnsmasq","PID":"9","MESSAGE":"MESSAGE","HOST":"gw","DATE":"Nov 23 08:05:00"}     syslog-ng
//
// In Elasticsearch's exports they are in "_source".
var (
	textFields     = []string{"MESSAGE", "message", "log", "line", "msg", "short_message", "_raw"}
	timeFields     = []string{"time", "@timestamp", "timestamp", "ts", "date", "DATE", "ISODATE", "_time"}
	programFields  = []string{"ident", "appname", "program", "programname", "PROGRAM", "syslog-tag", "app-name", "SYSLOG_IDENTIFIER"}
	processFields  = []string{"pid", "procid", "PID"}
	hostFields     = []string{"hostname", "host", "HOST"}
	facilityFields = []string{"facility", "FACILITY", "syslogfacility-text"}
	containFields  = []string{"stream", "container", "container_id", "kubernetes", "_container_id"}
)

type object map[string]json.RawMessage

// field returns the first of these fields that is a text or a number.
func (f object) field(names []string) []byte {
	for _, name := range names {
		raw := f[name]
		if value, ok := jsonBytes(raw); ok && len(value) > 0 {
			return value
		}
		if len(raw) > 0 && (raw[0]-'0' <= 9) {
			return epochText(raw)
		}
	}
	return nil
}

func (f object) has(names []string) bool {
	for _, name := range names {
		if _, ok := f[name]; ok {
			return true
		}
	}
	return false
}

// isContained reports whether a container printed the line.
func (f object) isContained() bool {
	if f.has(containFields) {
		return true
	}
	var labels object // Loki's
	return f["labels"] != nil && json.Unmarshal(f["labels"], &labels) == nil && (labels.has(containFields) || labels.has([]string{"pod", "container_name"}))
}

// epochText returns a number of seconds, milliseconds, microseconds or nanoseconds
// since 1970 as a stamp, with its point after the seconds.
func epochText(n []byte) []byte {
	const seconds = len("1795421100")
	switch len(n) {
	case seconds:
		return append(bytes.Clone(n), ".0"...)
	case seconds + 3, seconds + 6, seconds + 9:
		if bytes.IndexByte(n, '.') < 0 {
			return append(append(bytes.Clone(n[:seconds]), '.'), n[seconds:]...)
		}
	}
	return n
}

// shipped turns such an object into a line of text, and reads that. See trust.go for
// who wrote it.
func (r *Reader) shipped(f object, raw json.RawMessage) bool {
	twice := members(raw) > len(f) && tellsTwice(raw)
	if source, ok := f["_source"]; ok {
		var inner object
		if json.Unmarshal(source, &inner) == nil {
			f, raw = inner, source
			twice = twice || members(raw) > len(f) && tellsTwice(raw)
		}
	}
	if twice {
		r.lines.Skip(errTwice)
		return false
	}
	return r.ship(f) && r.believe(f, raw)
}

// believe makes the entry of an object, if it seems to be the kernel's or a
// repetition, another writer's if the fields of the object name one.
func (r *Reader) believe(f object, raw json.RawMessage) bool {
	l := &r.carrierLine
	if !l.Bare && string(l.Tag) != "kernel" && l.Again == 0 {
		return true
	}
	var w witness
	if w.hear(f, raw, "", 0); w.twice {
		r.lines.Skip(errTwice)
		return false
	}
	if w.foreign {
		l.Foreign, l.Process = true, l.Process || w.process && len(l.Tag) > 0
		r.entry.Source = sourceOf(l)
	}
	return true
}

// ship reads the message of such an object.
func (r *Reader) ship(f object) bool {
	text, at := bytes.TrimRight(f.field(textFields), "\r\n"), f.field(timeFields)
	switch {
	case len(text) == 0 || bytes.IndexByte(text, '\n') >= 0:
		r.lines.Skip(errObject)
		return false
	case len(at) == 0:
		r.lines.Skip(errTime)
		return false
	case !r.isStamp(at):
		r.lines.Skip(errStamp)
		return false
	case f.has([]string{"pri"}) && at[0]-'0' <= 9: // dmesg's
		return r.carried(append(append(append([]byte("["), at...), "] "...), text...))
	}
	line := append(isoText(epochText(at)), ' ')
	if f.isContained() {
		line = append(line, "stdout F "...) // as containerd writes it
	}
	return r.carried(append(append(line, f.header(text)...), text...))
}

// isStamp reports whether the time of an object is nothing but a time: after one,
// somebody could write a text that looks like a header.
func (r *Reader) isStamp(at []byte) bool {
	if isDigits(at[:1]) && len(bytes.Trim(at, "0123456789.")) == 0 {
		return true
	}
	clock := *r.Clock
	clock.Doubt = nil
	s, err := clock.Read(append(bytes.Clone(at), ' '))
	return err == nil && s.Len >= len(at)
}

// isoText returns a time as ISO 8601 has it if it is of seconds since 1970, and without
// nanoseconds.
func isoText(at []byte) []byte {
	if unix, n, ok := stamp.Seconds(at); ok && n == len(at) {
		return time.Unix(unix, 0).UTC().AppendFormat(nil, time.RFC3339)
	}
	return bytes.Clone(cutNanos(at))
}

// cutNanos cuts nanoseconds to microseconds: only in lines of containers does a time
// have nanoseconds (see stamp.Stamp), and many shippers write them of any line.
func cutNanos(at []byte) []byte {
	const micros = len(".123456")
	i := bytes.IndexByte(at, '.')
	if i < 0 || len(at) <= i+micros {
		return at
	}
	end := i + 1
	for end < len(at) && at[end]-'0' <= 9 {
		end++
	}
	if end <= i+micros {
		return at
	}
	return append(at[:i+micros:i+micros], at[end:]...)
}

// header returns "host facility program[pid]: " for an object that names its
// program, "host " if the text begins with a program, otherwise nothing.
func (f object) header(text []byte) (header []byte) {
	host := f.field(hostFields)
	if len(host) == 0 || bytes.ContainsAny(host, " \t:[<") {
		host = []byte("-") // as RFC 5424 has it: without one, the program could be taken for it
	}
	header = append(append(header, host...), ' ')
	program := tag(f.field(programFields))
	if len(program) == 0 {
		word, _, _ := bytes.Cut(text, []byte{' '})
		if f.isContained() || !bytes.HasSuffix(word, []byte{':'}) {
			return nil
		}
		return header
	}
	if facility := f.field(facilityFields); len(facility) > 0 && !bytes.ContainsAny(facility, " \t:.[<") {
		header = append(append(header, strings.ToLower(string(facility))...), ".info "...)
	}
	header = append(header, program...)
	if pid := f.field(processFields); len(pid) > 0 && string(pid) != "-" && program[len(program)-1] != ']' {
		header = append(append(append(header, '['), pid...), ']')
	}
	return append(header, ": "...)
}

// tag returns the name of a program as a tag can have it: with a stroke for each byte
// that would end one, and its end without its beginning if it is long.
func tag(program []byte) []byte {
	const longest = 100
	program = bytes.Clone(bytes.TrimSuffix(program, []byte{':'}))
	program = program[max(0, len(program)-longest):]
	for i, c := range program {
		if c <= ' ' || c == ':' || c == '<' {
			program[i] = '_'
		}
	}
	return program
}
