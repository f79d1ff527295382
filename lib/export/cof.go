package export

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"egress-monitor/lib/aggregate"
)

// Passive DNS, Common Output Format (draft-dulaunoy-dnsop-passive-dns-cof): one
// object for the A records of a name and one for its AAAA records.
//
//	{"rrname":"example.com","rrtype":"A","rdata":["192.0.2.7"],"count":12,"time_first":1770586200,"time_last":1770586200}
//
// What we know differs from what the format means in two places. The count is
// how often the name was asked for, in questions of every type, and the same in
// both objects. time_first is mandatory there and not known here: it is given
// as time_last, the only time we can vouch for.

var (
	errNotDomain = errors.New("not a row of domains")
	errFoldedIPs = errors.New("a prefix among the addresses is no DNS data")
)

// AppendCOF appends the objects of a row of domains, none if its name led
// nowhere. Prefixes, where many addresses were folded into one, are left out,
// and that is the error.
func AppendCOF(dst []byte, r Row) ([]byte, error) {
	if r.Kind() != Domain {
		return dst, errNotDomain
	}
	last, err := time.Parse(aggregate.TimeLayout, string(r.Last))
	if err != nil {
		return dst, err
	}
	var v4, v6 [][]byte
	for _, ip := range list(r.IPs) {
		switch {
		case bytes.IndexByte(ip, '/') >= 0:
			err = errFoldedIPs
		case bytes.IndexByte(ip, ':') >= 0:
			v6 = append(v6, ip)
		default:
			v4 = append(v4, ip)
		}
	}
	dst = appendRRset(dst, r, "A", v4, last.Unix())
	return appendRRset(dst, r, "AAAA", v6, last.Unix()), err
}

func appendRRset(dst []byte, r Row, rrtype string, rdata [][]byte, last int64) []byte {
	if len(rdata) == 0 {
		return dst
	}
	dst = appendString(append(dst, `{"rrname":`...), r.Key)
	dst = appendString(append(dst, `,"rrtype":`...), []byte(rrtype))
	dst = appendList(append(dst, `,"rdata":`...), rdata)
	dst = strconv.AppendUint(append(dst, `,"count":`...), r.Count, 10)
	dst = strconv.AppendInt(append(dst, `,"time_first":`...), last, 10)
	dst = strconv.AppendInt(append(dst, `,"time_last":`...), last, 10)
	return append(dst, '}', '\n')
}
