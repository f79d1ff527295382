package export

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"egress-monitor/lib/fold"
)

// Passive DNS, Common Output Format (draft-dulaunoy-dnsop-passive-dns-cof): one
// object for the A records of a name and one for its AAAA records.
//
//	{"rrname":"example.com","rrtype":"A","rdata":["192.0.2.7"],"count":12,"time_first":1770586200,"time_last":1770586200}
//
// Two fields differ from the format's meaning. count is the number of questions of
// every type for the name, and the same in both objects. time_first is mandatory
// but an aggregate does not have it, so it is equal to time_last.

var errNotDomain = errors.New("not a row of domains")

// COF prints rows of domains as Passive DNS, and counts rows that have no such
// form.
type COF struct {
	Folded   int // rows left out: they stand for many names
	Prefixes int // rows with a prefix among their addresses, where many were folded into one

	v4, v6 []byte // memory for the addresses of a row, each followed by a comma
}

// Append appends the objects of a row of domains, or nothing if its name led to no
// address. It returns an error for a row of addresses.
func (c *COF) Append(dst []byte, r Row) ([]byte, error) {
	if r.Kind() != Domain {
		return dst, errNotDomain
	}
	if fold.Folded(r.Key) {
		c.Folded++
		return dst, nil
	}
	last, err := time.Parse(time.RFC3339, string(r.Last)) // of a UTC time the same, and faster
	if err != nil {
		return dst, err
	}
	c.v4, c.v6 = c.v4[:0], c.v6[:0]
	prefixes := 0
	for ip := range bytes.SplitSeq(r.IPs, []byte{','}) {
		switch {
		case string(ip) == "-":
		case bytes.IndexByte(ip, '/') >= 0:
			prefixes = 1
		case bytes.IndexByte(ip, ':') >= 0:
			c.v6 = append(append(c.v6, ip...), ',')
		default:
			c.v4 = append(append(c.v4, ip...), ',')
		}
	}
	c.Prefixes += prefixes
	dst = appendRRset(dst, r, "A", c.v4, last.Unix())
	return appendRRset(dst, r, "AAAA", c.v6, last.Unix()), nil
}

// LeftOut returns messages about the rows and addresses that were left out.
func (c *COF) LeftOut() (lines []string) {
	switch {
	case c.Folded == 1:
		lines = append(lines, "1 folded row is left out: it stands for many names")
	case c.Folded > 1:
		lines = append(lines, fmt.Sprintf("%d folded rows are left out: each stands for many names", c.Folded))
	}
	switch {
	case c.Prefixes == 1:
		lines = append(lines, "prefixes among the addresses of 1 row are left out: many addresses were folded into one")
	case c.Prefixes > 1:
		lines = append(lines, fmt.Sprintf("prefixes among the addresses of %d rows are left out: many addresses were folded into one", c.Prefixes))
	}
	return lines
}

func appendRRset(dst []byte, r Row, rrtype string, rdata []byte, last int64) []byte {
	if len(rdata) == 0 {
		return dst
	}
	dst = appendString(append(dst, `{"rrname":`...), r.Key)
	dst = appendString(append(dst, `,"rrtype":`...), []byte(rrtype))
	dst = appendList(append(dst, `,"rdata":`...), rdata[:len(rdata)-1])
	dst = strconv.AppendUint(append(dst, `,"count":`...), r.Count, 10)
	dst = strconv.AppendInt(append(dst, `,"time_first":`...), last, 10)
	dst = strconv.AppendInt(append(dst, `,"time_last":`...), last, 10)
	return append(dst, '}', '\n')
}
