// Package export prints rows in the formats of other programs.
//
// JSON lines, one object a row, with the fields of its kind:
//
//	{"domain":"example.com","count":12,"last":"2026-02-08T21:30:00Z","ips":["192.0.2.7"]}
//	{"ip":"192.0.2.7","count":3,"last":"2026-02-08T21:30:00Z"}
//	{"ip":"192.0.2.7","count":3,"last":"2026-02-08T21:30:00Z","domains":["example.com"]}
//
// The third is a row as aggjoin prints it. CSV (RFC 4180) has the same fields,
// lists separated by spaces, and a header. Passive DNS is in cof.go.
package export

import (
	"bytes"
	"errors"
	"strconv"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/fold"
)

// A Row is a record, or a row as aggjoin prints it.
type Row struct {
	aggregate.Record
	Domains []byte // of an address: names separated by commas, "-" for none; else nil
}

// Kind is the kind of a row: whether its key is a name or an address.
type Kind int

const (
	Domain Kind = iota
	Address
	Joined
)

// Kind returns the kind of the row. Rows of domains have a field of addresses.
func (r Row) Kind() Kind {
	switch {
	case r.Domains != nil:
		return Joined
	case r.IPs != nil:
		return Domain
	}
	return Address
}

var (
	errJoined     = errors.New("not a row of aggjoin: address, count, timestamp, domains")
	errNotAddress = errors.New("key: not an address")
)

// ParseJoined reads a row as aggjoin prints it.
func ParseJoined(line []byte) (Row, error) {
	i := bytes.LastIndexByte(line, ' ')
	if i < 0 || i == len(line)-1 {
		return Row{}, errJoined
	}
	rec, err := aggregate.Parse(line[:i])
	if err != nil {
		return Row{}, err
	}
	if _, ok := fold.Address(rec.Key); !ok || rec.IPs != nil {
		return Row{}, errJoined
	}
	for _, c := range line[i+1:] {
		if c <= ' ' || c > '~' {
			return Row{}, errJoined
		}
	}
	return Row{Record: rec, Domains: line[i+1:]}, nil
}

// Parse reads a record.
func Parse(line []byte) (Row, error) {
	rec, err := aggregate.Parse(line)
	if err == nil && rec.IPs == nil {
		if _, ok := fold.Address(rec.Key); !ok {
			err = errNotAddress
		}
	}
	return Row{Record: rec}, err
}

// AppendJSON appends the row as a line of JSON.
func AppendJSON(dst []byte, r Row) ([]byte, error) {
	if r.Kind() == Domain {
		dst = append(dst, `{"domain":`...)
	} else {
		dst = append(dst, `{"ip":`...)
	}
	dst = appendString(dst, r.Key)
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendUint(dst, r.Count, 10)
	dst = append(dst, `,"last":`...)
	dst = appendString(dst, r.Last)
	switch r.Kind() {
	case Domain:
		dst = appendList(append(dst, `,"ips":`...), r.IPs)
	case Joined:
		dst = appendList(append(dst, `,"domains":`...), r.Domains)
	}
	return append(dst, '}', '\n'), nil
}

// appendList appends the items of a field, which is "-" if there are none.
func appendList(dst, field []byte) []byte {
	if string(field) == "-" {
		return append(dst, '[', ']')
	}
	dst = append(dst, '[')
	for item := range bytes.SplitSeq(field, []byte{','}) {
		dst = append(appendString(dst, item), ',')
	}
	dst[len(dst)-1] = ']'
	return dst
}

// appendString appends a field as a string of JSON. Fields are printable ASCII.
func appendString(dst, field []byte) []byte {
	dst = append(dst, '"')
	for _, c := range field {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
