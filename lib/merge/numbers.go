package merge

import (
	"bytes"
	"fmt"
	"os"

	"egress-monitor/lib/aggregate"
)

// EachNumbers calls do with the key and the numbers of each row of a file that
// this program has written. Its arguments are valid until do returns.
func EachNumbers(f *os.File, do func(key []byte, count uint64, last []byte)) error {
	lines := linesOf(f)
	for lines.Scan() {
		line := lines.Bytes()
		k := bytes.IndexByte(line, ' ')
		if k <= 0 {
			return errKey
		}
		count, last, _, err := aggregate.Numbers(line[k+1:])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		do(line[:k:k], count, last)
	}
	return lines.Err()
}
