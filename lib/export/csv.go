package export

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

var headers = [...]string{
	Domain:  "domain,count,last,ips\n",
	Address: "ip,count,last\n",
	Joined:  "ip,count,last,domains\n",
}

var errKind = errors.New("not of the same kind as the first row")

// CSV prints rows of one kind.
type CSV struct {
	begun bool
	kind  Kind // of the first row
}

// Append appends the row, and the header before the first row.
func (c *CSV) Append(dst []byte, r Row) ([]byte, error) {
	if !c.begun {
		c.begun, c.kind = true, r.Kind()
		dst = append(dst, headers[c.kind]...)
	}
	if r.Kind() != c.kind {
		return dst, errKind
	}
	dst = appendCell(dst, r.Key)
	dst = strconv.AppendUint(append(dst, ','), r.Count, 10)
	dst = append(append(dst, ','), r.Last...)
	switch c.kind {
	case Domain:
		dst = appendCell(append(dst, ','), spaced(r.IPs))
	case Joined:
		dst = appendCell(append(dst, ','), spaced(r.Domains))
	}
	return append(dst, '\n'), nil
}

// spaced returns the items of a field, separated by spaces.
func spaced(field []byte) []byte {
	switch {
	case string(field) == "-":
		return nil
	case bytes.IndexByte(field, ',') < 0: // saves an allocation, for most rows
		return field
	}
	return bytes.ReplaceAll(field, []byte{','}, []byte{' '})
}

// A client that asks for a name chooses its bytes, and a spreadsheet runs a cell
// that begins with one of these bytes as a formula. The spreadsheet may also be
// told to split lines at other separators than commas, and then quotes do not
// protect a cell. So an apostrophe, which makes a cell text, is put before each of
// these bytes that could begin a cell at any common separator.
const (
	formulas   = "=+-@"
	separators = ";|: \t,\""
)

// starts reports whether a spreadsheet may take c, after another byte, for the
// beginning of a formula.
func starts(before, c byte) bool {
	return strings.IndexByte(formulas, c) >= 0 && strings.IndexByte(separators, before) >= 0
}

// appendCell appends a field, in quotes if there is anything unusual in it.
func appendCell(dst, field []byte) []byte {
	if isPlain(field) {
		return append(dst, field...)
	}
	dst = append(dst, '"')
	before := byte(separators[0]) // a cell begins
	for _, c := range field {
		if starts(before, c) {
			dst = append(dst, '\'')
		}
		if c == '"' {
			dst = append(dst, '"')
		}
		dst, before = append(dst, c), c
	}
	return append(dst, '"')
}

func isPlain(field []byte) bool {
	before := byte(separators[0])
	for _, c := range field {
		if starts(before, c) || strings.IndexByte(`";|`, c) >= 0 {
			return false
		}
		before = c
	}
	return true
}
