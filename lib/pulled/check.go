package pulled

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"egress-monitor/lib/aggregate"
	"egress-monitor/lib/batch"
	"egress-monitor/lib/fold"
)

var (
	errRow     = errors.New("not a row of this file")
	errAddress = errors.New("address: not an address")
	errOrder   = errors.New("rows out of order or not in their one form")
)

// Check returns an error unless both files in a folder are aggregates to the byte:
// every line a row of its kind in its one form, in order, each key once.
func Check(dir string, max int64) error {
	for _, name := range Files {
		if err := checkFile(filepath.Join(dir, name), name, max); err != nil {
			return err
		}
	}
	return nil
}

func checkFile(path, name string, max int64) error {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not sent, or larger than %d bytes", name, max)
	}
	if info.Size() > max {
		return fmt.Errorf("%s: more than %d bytes", name, max)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	c := checker{name: name, hasIPs: name == Domains}
	return c.lines(batch.NewScanner(f, name))
}

// A checker checks the rows of one file.
type checker struct {
	name   string
	hasIPs bool
	before []byte // the key of the row before
	text   []byte
}

func (c *checker) lines(in *batch.Scanner) error {
	in.Max, in.Plain = aggregate.MaxRow, true
	for n := 1; in.Scan(); n++ {
		if s := in.Skipped(); s.Lines > 0 {
			return s.First
		}
		if err := c.row(in.Bytes()); err == errOrder {
			return fmt.Errorf("%s: %w: line %d", c.name, err, n)
		} else if err != nil {
			return fmt.Errorf("%s: line %d: %w", c.name, n, err)
		}
	}
	if s := in.Skipped(); s.Lines > 0 {
		return s.First
	}
	return in.Err()
}

func (c *checker) row(line []byte) error {
	rec, err := c.parse(line)
	switch {
	case err != nil && c.hasForm(line):
		return err
	case err != nil || c.hasIPs != (rec.IPs != nil):
		return errRow
	}
	if err := c.key(rec.Key); err != nil {
		return err
	}
	c.text = rec.Append(c.text[:0])
	if bytes.Compare(c.before, rec.Key) >= 0 || !bytes.Equal(c.text[:len(c.text)-1], line) {
		return errOrder
	}
	c.before = append(c.before[:0], rec.Key...)
	return nil
}

// parse reads a row. A server of an older version may have a question for a name
// that looks like an address in another spelling. Readers leave that row out and
// report it; the rest of the file is good.
func (c *checker) parse(line []byte) (aggregate.Record, error) {
	rec, err := aggregate.Parse(line)
	i := bytes.IndexByte(line, ' ')
	if err == nil || !c.hasIPs || i < 0 || !fold.Misspelt(line[:i]) {
		return rec, err
	}
	other, otherErr := aggregate.Parse(append([]byte("x"), line[i:]...))
	if otherErr != nil {
		return rec, err
	}
	other.Key = line[:i]
	return other, nil
}

// hasForm reports whether a line that is no record looks like one of this file:
// then a message about its fields is useful.
func (c *checker) hasForm(line []byte) bool {
	fields := bytes.Split(line, []byte{' '})
	return (len(fields) == 4) == c.hasIPs && len(fields) >= 3 && len(fields) <= 4 && len(fields[2]) == len(aggregate.TimeLayout)
}

// key checks a key: an address, a prefix, or a name in lower case. Both files
// may have "*", where everything is folded.
func (c *checker) key(key []byte) error {
	switch {
	case !c.hasIPs && !isAddress(string(key)) && string(key) != "*":
		return errAddress
	case c.hasIPs && bytes.ContainsAny(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
		return errRow
	}
	return nil
}

// isAddress reports whether s is an address or a prefix just as it is printed.
func isAddress(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == "" && a.String() == s
	}
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Masked().String() == s
}
