// Package aggregate is the format that all tools of this project share: records,
// and how they are read, printed and added. A parser's output, an aggregate, one
// host's file and the sum of all hosts have this format. Package merge merges
// sorted streams of records.
//
// A record is a line of three or four fields, separated by one space each:
//
//		example.com 12 2026-02-08T21:30:00Z 192.0.2.7,2001:db8::7
//		192.0.2.7 3 2026-02-08T21:30:00Z
//
//	  - the key: printable ASCII without a space or a comma. A domain in lower
//	    case without its last dot, with all other bytes as \DDD (RFC 1035 §5.1),
//	    or an address as RFC 5952 spells it. Other spellings of an address are
//	    rejected, because each would be a second key for the same address.
//	  - the count, decimal: the number of queries, or of new connections. It is 0
//	    in the record of an answer whose query an earlier batch has counted.
//	  - the last time, RFC 3339, in UTC, in whole seconds. It always has 20 bytes,
//	    so its byte order is the order of time.
//	  - for a domain, its addresses: RFC 5952, in byte order, each one once,
//	    separated by commas; "-" if none is known.
//
// An aggregate is sorted by key in byte order, and has each key once. Since the
// space is smaller than every byte of a key, its lines are in byte order, too
// (LC_ALL=C sort).
//
// Two records of one key merge into one: counts add, the later time stays,
// addresses unite. So records of any time and any host can be merged in any
// order and grouping.
package aggregate

import (
	"bytes"
	"errors"
	"math"
	"math/bits"
	"strconv"
	"time"
)

// MaxRow is the longest record that is read, in bytes: half a million addresses
// of one name.
const MaxRow = 16 << 20

// TimeLayout is the layout of the last time, for package time.
const TimeLayout = "2006-01-02T15:04:05Z"

// A Record is one line of an aggregate. Its slices are parts of that line.
type Record struct {
	Key   []byte
	Count uint64
	Last  []byte // in TimeLayout
	IPs   []byte // nil if the line has three fields
}

// Reasons why a line is not a record.
var (
	errFields = errors.New("not three or four fields")
	errKey    = errors.New("key: a byte that is not printable, or a comma")
	errSpelt  = errors.New("key: an address that is not spelt as RFC 5952 has it")
	errCount  = errors.New("count: not a decimal number")
	errTime   = errors.New("timestamp: not of the form " + TimeLayout)
	errIPs    = errors.New("addresses: not a list of IP addresses")
)

// Parse reads a line, without its line feed. If the addresses of the line are
// not in order, Parse sorts them into new memory; everything else of a record
// has one spelling only, so Append prints it again.
func Parse(line []byte) (r Record, err error) {
	k := keyLen(line)
	switch {
	case k == len(line), k == 0 && line[0] == ' ':
		return r, errFields
	case line[k] != ' ':
		return r, errKey
	}
	if r.Key = line[:k:k]; misspelt(r.Key) {
		return r, errSpelt
	}
	var rest []byte
	if r.Count, r.Last, rest, err = Numbers(line[k+1:]); err != nil || len(rest) == 0 {
		return r, err
	}
	r.IPs, err = parseLast(rest)
	return r, err
}

// Numbers reads the count and the last time at the beginning of text, which
// follows a key and a space. rest begins after the last time.
func Numbers(text []byte) (count uint64, last, rest []byte, err error) {
	n := lenDigits(text)
	if n == len(text) || text[n] != ' ' {
		return 0, nil, nil, errCount
	}
	if count, err = parseCount(text[:n]); err != nil {
		return 0, nil, nil, err
	}
	rest = text[n+1:]
	if len(rest) < len(TimeLayout) || !validTime(rest[:len(TimeLayout)]) {
		return 0, nil, nil, errTime
	}
	return count, rest[:len(TimeLayout):len(TimeLayout)], rest[len(TimeLayout):], nil
}

// parseLast reads the addresses after the last time, and the space before them.
func parseLast(rest []byte) ([]byte, error) {
	list := rest[1:]
	switch {
	case rest[0] != ' ' || bytes.IndexByte(list, ' ') >= 0:
		return nil, errFields
	case len(list) == 0:
		return nil, errIPs
	}
	return parseIPs(list)
}

// Append appends the record as a line, with its line feed.
func (r Record) Append(dst []byte) []byte {
	dst = append(append(dst, r.Key...), ' ')
	dst = append(strconv.AppendUint(dst, r.Count, 10), ' ')
	dst = append(dst, r.Last...)
	if r.IPs != nil {
		dst = append(append(dst, ' '), r.IPs...)
	}
	return append(dst, '\n')
}

// Len returns the length of the record as a line in bytes, but for the digits
// of its count.
func (r *Record) Len() int {
	return len(r.Key) + len(r.IPs) + len(" 0 2026-02-08T21:30:00Z ")
}

// AppendTime appends a time, given in seconds since 1970, in TimeLayout.
func AppendTime(dst []byte, unix int64) []byte {
	return time.Unix(unix, 0).UTC().AppendFormat(dst, time.RFC3339) // in UTC the same, and faster
}

// AddCount returns a+b, or the largest uint64 if the sum is larger: a forged
// count must not turn a large sum into a small one.
func AddCount(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// keyLen returns how many bytes at the beginning of line can be in a key.
func keyLen(line []byte) int {
	for i, c := range line {
		if !keyByte[c] {
			return i
		}
	}
	return len(line)
}

// keyByte is true for the bytes that a key may have.
var keyByte = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = c != ','
	}
	return t
}()

// lenDigits returns how many digits b begins with.
func lenDigits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}

// parseCount reads digits: a number without leading zeros.
func parseCount(b []byte) (n uint64, err error) {
	if len(b) == 0 || len(b) > 20 || b[0] == '0' && len(b) > 1 {
		return 0, errCount
	}
	if len(b) < 20 { // cannot overflow
		for _, c := range b {
			n = n*10 + uint64(c-'0')
		}
		return n, nil
	}
	if n, err = strconv.ParseUint(string(b), 10, 64); err != nil {
		return 0, errCount
	}
	return n, nil
}

// validTime reports whether b, of 20 bytes, is a time in TimeLayout.
func validTime(b []byte) bool {
	_ = b[19]
	if b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[19] != 'Z' {
		return false
	}
	century, ok1 := two(b[0], b[1])
	year, ok2 := two(b[2], b[3])
	month, ok3 := two(b[5], b[6])
	day, ok4 := two(b[8], b[9])
	hour, ok5 := two(b[11], b[12])
	minute, ok6 := two(b[14], b[15])
	second, ok7 := two(b[17], b[18])
	return ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7 &&
		hour <= 23 && minute <= 59 && second <= 59 && 1 <= month && month <= 12 && 1 <= day &&
		(day <= 28 || day <= daysIn(century*100+year, month))
}

// two returns the number of two digits.
func two(tens, ones byte) (n int, ok bool) {
	tens, ones = tens-'0', ones-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
