package merge

import (
	"bytes"
	"errors"
	"fmt"

	"egress-monitor/lib/aggregate"
)

var errKey = errors.New("a line without a key")

// EachNumbers calls do with the key and the numbers of each row of lines that
// this program has written. Its arguments are valid until do returns.
func EachNumbers(lines Lines, do func(key []byte, count uint64, last []byte)) error {
	for lines.Scan() {
		line := lines.Bytes()
		k := bytes.IndexByte(line, ' ')
		if k <= 0 {
			return fmt.Errorf("%w: %w", ErrChanged, errKey)
		}
		count, last, _, err := aggregate.Numbers(line[k+1:])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		do(line[:k:k], count, last)
	}
	return lines.Err()
}
