// Package aggregate is the one currency of this project: records, what prints
// and reads them, and merging sorted streams of them. What a parser prints, an
// aggregate, one host's file and the sum of all hosts are the same thing.
//
// A record is a line of three or four fields, separated by one space each:
//
//		example.com 12 2026-02-08T21:30:00Z 192.0.2.7,2001:db8::7
//		192.0.2.7 3 2026-02-08T21:30:00Z
//
//	  - the key: printable ASCII without a space or a comma. A domain in lower
//	    case without its last dot, where other bytes stand as \DDD (RFC 1035
//	    §5.1), or an address (RFC 5952). An address in another spelling is no
//	    key: there would be two for one thing.
//	  - the count, decimal: how many questions, or new connections. It is 0 in
//	    the record of an answer whose question an earlier batch has counted.
//	  - the last time, RFC 3339, in UTC, in whole seconds. Always 20 bytes, so
//	    that the order of the bytes is the order of time.
//	  - for a domain the addresses it led to: RFC 5952, in byte order, each one
//	    once, separated by commas; "-" if none is known.
//
// An aggregate is sorted by key in byte order, and has a key once. Since the
// space is smaller than every byte of a key, that is also the byte order of
// its lines (LC_ALL=C sort).
//
// Two records of one key merge into one: counts add, the later time stays,
// addresses unite. Nothing else is known of a record, so any of them, from any
// time and any host, can be merged in any order and grouping.
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

// TimeLayout is how the last time is written.
const TimeLayout = "2006-01-02T15:04:05Z"

// A Record is one line of an aggregate. Its slices are parts of that line.
type Record struct {
	Key   []byte
	Count uint64
	Last  []byte // TimeLayout
	IPs   []byte // nil if the line has three fields

	line []byte // all of it, if it is just as Append would print it
}

// What is wrong with a line that is no record.
var (
	errFields = errors.New("not three or four fields")
	errKey    = errors.New("key: a byte that is not printable, or a comma")
	errSpelt  = errors.New("key: an address that is not spelt as RFC 5952 has it")
	errCount  = errors.New("count: not a decimal number")
	errTime   = errors.New("timestamp: not of the form " + TimeLayout)
	errIPs    = errors.New("addresses: not a list of IP addresses")
)

// Parse reads a line, without its line feed. The addresses of the record are
// in order even if those of the line are not.
func Parse(line []byte) (r Record, err error) {
	if err = r.parse(line); err == nil {
		err = r.settle()
	}
	return r, err
}

// settle does what parse has left: it checks the addresses, and puts them in
// order.
func (r *Record) settle() error {
	if r.IPs == nil {
		return nil
	}
	list, err := parseIPs(r.IPs)
	if err != nil || &list[0] != &r.IPs[0] {
		r.line = nil // not as it will be printed
	}
	r.IPs = list
	return err
}

// parse is Parse but for the addresses, of which it only sees that they are
// made of the bytes of addresses.
func (r *Record) parse(line []byte) (err error) {
	k := keyLen(line)
	switch {
	case k == len(line), k == 0 && line[0] == ' ':
		return errFields
	case line[k] != ' ':
		return errKey
	}
	if r.Key = line[:k:k]; misspelt(r.Key) {
		return errSpelt
	}
	rest := line[k+1:]
	n := lenDigits(rest)
	if n == len(rest) || rest[n] != ' ' {
		return errCount
	}
	if r.Count, err = parseCount(rest[:n]); err != nil {
		return err
	}
	rest = rest[n+1:]
	if len(rest) < len(TimeLayout) || !validTime(rest[:len(TimeLayout)]) {
		return errTime
	}
	r.Last, rest = rest[:len(TimeLayout)], rest[len(TimeLayout):]
	r.line = line
	return r.parseRest(rest)
}

// parseRest reads what follows the time: nothing, or the addresses.
func (r *Record) parseRest(rest []byte) error {
	r.IPs = nil
	if len(rest) == 0 {
		return nil
	}
	if rest[0] != ' ' {
		return errFields
	}
	r.IPs = rest[1:]
	switch {
	case len(r.IPs) > 0 && ipBytes(r.IPs):
		return nil
	case bytes.IndexByte(r.IPs, ' ') >= 0:
		return errFields
	}
	return errIPs
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

// appendAsRead is Append for a record that is as it was read.
func (r *Record) appendAsRead(dst []byte) []byte {
	if r.line != nil {
		return append(append(dst, r.line...), '\n')
	}
	return r.Append(dst)
}

// AppendTime appends a time, seconds since 1970, as a record has it.
func AppendTime(dst []byte, unix int64) []byte {
	return time.Unix(unix, 0).UTC().AppendFormat(dst, time.RFC3339) // in UTC the same, and faster
}

// AddCount adds, and stays at the largest number there is: a forged count
// must not turn a large sum into a small one.
func AddCount(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// unite is what two lists of addresses are together: the first one if it has
// them all, or else a new one, appended to dst.
func unite(dst, a, b []byte) (list []byte, changed bool) {
	switch {
	case b == nil || bytes.Equal(a, b) || string(b) == "-" && a != nil:
		return a, false
	case a == nil || string(a) == "-":
		return append(dst, b...), true
	}
	return union(dst, a, b), true
}

// union appends the addresses of two sorted lists, in order, each one once,
// and none that a prefix in one of them covers.
func union(dst, a, b []byte) []byte {
	from := len(dst)
	dst = zip(dst, a, b)
	return append(dst[:from], absorb(dst[from:])...)
}

func zip(dst, a, b []byte) []byte {
	for len(a) > 0 && len(b) > 0 {
		x, restA := cutComma(a)
		y, restB := cutComma(b)
		c := bytes.Compare(x, y)
		if c <= 0 {
			dst, a = append(append(dst, x...), ','), restA
		} else {
			dst = append(append(dst, y...), ',')
		}
		if c >= 0 {
			b = restB
		}
	}
	dst = append(append(dst, a...), b...)
	return bytes.TrimSuffix(dst, []byte{','})
}

func cutComma(list []byte) (first, rest []byte) {
	if i := bytes.IndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:]
	}
	return list, nil
}

// keyLen is how many bytes of a key a line begins with.
func keyLen(line []byte) int {
	for i, c := range line {
		if !keyByte[c] {
			return i
		}
	}
	return len(line)
}

// keyByte says which bytes a key may have.
var keyByte = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = c != ','
	}
	return t
}()

// lenDigits is how many digits b begins with.
func lenDigits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}

// parseCount reads a number in its one canonical form.
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

// validTime says whether b, of 20 bytes, is a time in TimeLayout.
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

// two is the number that two digits are.
func two(tens, ones byte) (n int, ok bool) {
	tens, ones = tens-'0', ones-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
