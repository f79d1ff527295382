// Package digits looks at eight bytes of text at a time. Every line of a log and
// every row of an aggregate has a time of which each digit must be checked: one
// by one that took a twelfth of ipparse's time, and more of reading a row.
package digits

import "encoding/binary"

// A Form is what eight bytes may be: certain digits in certain places, and
// certain other bytes in all others.
type Form struct{ text, most uint64 }

// Between is the form of the texts that are byte for byte between two, of which
// the first has a 0 where there may be a digit: Between("00:00:00", "29:59:59").
func Between(low, high string) Form {
	f := Form{text: load([]byte(low))}
	for i := range 8 {
		f.most |= uint64(0x7f-(high[i]-low[i])) << (8 * i)
	}
	return f
}

// Match says whether text begins with something of the form, and what it is.
func (f Form) Match(text []byte) (Digits, bool) {
	// A digit becomes its number, another byte 0, and what does not belong there
	// something larger: that plus most has its highest bit set. The bytes do not
	// touch each other: only one that has this bit already can carry, and it is
	// looked at too.
	d := load(text) ^ f.text
	return Digits(d), (d|(d+f.most))&0x8080808080808080 == 0
}

// load has the first byte lowest.
func load(text []byte) uint64 { return binary.LittleEndian.Uint64(text) }

// Digits are eight bytes that have matched: digits as numbers, others as 0.
type Digits uint64

// Two is the number of two digits, of which the first is the i-th byte.
func (d Digits) Two(i int) uint {
	d >>= 8 * i
	return uint(d&0xff)*10 + uint(d>>8&0xff)
}
