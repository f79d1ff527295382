package journal

import "egress-monitor/lib/carrier"

// details holds the program, host and process of an entry of export, json or
// verbose.
type details struct {
	tag, host []byte
	pid       int64
	process   bool
}

func (d *details) clear() { *d = details{tag: d.tag[:0], host: d.host[:0]} }

func (d *details) note(name, value []byte) {
	switch string(name) {
	case "SYSLOG_IDENTIFIER":
		d.tag = append(d.tag[:0], value[:min(len(value), maxName)]...)
	case "_HOSTNAME":
		d.host = append(d.host[:0], value[:min(len(value), 255)]...)
	case "SYSLOG_PID": // that of the line; _PID may be of a relay
		if n := number(value); n > 0 {
			d.pid, d.process = n, true
		}
	case "_PID":
		if n := number(value); n > 0 && d.pid == 0 {
			d.pid, d.process = n, true
		}
	}
}

// line returns the entry as a line of text would give it.
func (d *details) line(message []byte) carrier.Line {
	return carrier.Line{Host: d.host, Tag: d.tag, PID: uint32(d.pid & (1<<31 - 1)), Process: d.process, Times: 1, Message: message, Text: message, Rest: message}
}
