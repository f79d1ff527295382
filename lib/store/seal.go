package store

import (
	"fmt"
	"os"
	"syscall"
)

// A seal is a staged file: its name, what changes if anybody writes to it, and
// the checksum of what is in it.
type seal struct {
	name   string
	inode  uint64
	size   int64
	change int64 // time of the last change of its content, in nanoseconds
	sum    uint32
	summed bool // earlier versions did not write the sum
}

func (l seal) String() string {
	return fmt.Sprintf("%s %d %d %d %08x", l.name, l.inode, l.size, l.change, l.sum)
}

// parseSeal reads what String prints. If the numbers are missing they are 0,
// which matches no real file.
func parseSeal(text string) (l seal) {
	n, _ := fmt.Sscanf(text, "%s %d %d %d %x", &l.name, &l.inode, &l.size, &l.change, &l.sum)
	l.summed = n == 5
	return l
}

// fits returns the sum that the content of a file should have; nil if it is not
// the sealed one, or somebody has written to it.
func (l seal) fits(f *os.File) (*uint32, error) {
	now, err := sealOf(l.name, f, l.sum)
	if err != nil || now != l {
		return nil, err
	}
	return &l.sum, nil
}

func sealOf(name string, f *os.File, sum uint32) (seal, error) {
	info, err := f.Stat()
	if err != nil {
		return seal{}, err
	}
	return seal{name, info.Sys().(*syscall.Stat_t).Ino, info.Size(), info.ModTime().UnixNano(), sum, true}, nil
}
