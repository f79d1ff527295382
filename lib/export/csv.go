package export

import (
	"bytes"
	"errors"
	"strconv"
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

// Append appends the row, and the header before the first one.
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
		dst = appendCell(append(dst, ','), join(list(r.IPs)))
	case Joined:
		dst = appendCell(append(dst, ','), join(list(r.Domains)))
	}
	return append(dst, '\n'), nil
}

func join(items [][]byte) []byte { return bytes.Join(items, []byte{' '}) }

// appendCell appends a field. A spreadsheet would take one that begins with =,
// +, - or @ for a formula and run it, and whoever asks for a name chooses how
// it begins: an apostrophe before it makes it text.
func appendCell(dst, field []byte) []byte {
	formula := len(field) > 0 && bytes.IndexByte([]byte("=+-@"), field[0]) >= 0
	if !formula && bytes.IndexByte(field, '"') < 0 {
		return append(dst, field...)
	}
	dst = append(dst, '"')
	if formula {
		dst = append(dst, '\'')
	}
	for _, c := range field {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
