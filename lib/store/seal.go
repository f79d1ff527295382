package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// A seal describes a staged file: its name, the numbers that change if anybody
// writes to it, and the checksum of its content.
type seal struct {
	name   string
	inode  uint64
	size   int64
	change int64 // time of the last change of its content, in nanoseconds
	sum    uint32
	summed bool // false if an earlier version wrote the seal, without a sum

	generation uint64 // see generation.go; 0 if an earlier version wrote the seal
}

func (l seal) String() string {
	return fmt.Sprintf("%s %d %d %d %08x %d", l.name, l.inode, l.size, l.change, l.sum, l.generation)
}

// parseSeal reads what String prints. If the numbers are missing they are 0,
// which matches no real file.
func parseSeal(text string) (l seal) {
	n, _ := fmt.Sscanf(text, "%s %d %d %d %x %d", &l.name, &l.inode, &l.size, &l.change, &l.sum, &l.generation)
	l.summed = n >= 5
	return l
}

// fits returns the checksum that the content of f should have; nil if f is not
// the sealed file, or was written to.
func (l seal) fits(f *os.File) (*uint32, error) {
	now, err := sealOf(l.name, f, l.sum)
	now.generation = l.generation
	if err != nil || now != l {
		return nil, err
	}
	return &l.sum, nil
}

// coarse is how much earlier the time of a file may be after it was copied to another
// file system.
const coarse = 2 * time.Second

// missing returns why the file cannot hold all that the sealed one held; "" if it can.
// A file that was changed later is no fault: a back-fill may have changed it, or a
// commit of another cursor file.
func (l seal) missing(file string) string {
	if l.name == "" {
		return ""
	}
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it was removed since the last commit"
	case err == nil && info.ModTime().Before(time.Unix(0, l.change).Add(-coarse)):
		return "it is an older copy, of " + info.ModTime().UTC().Format(time.RFC3339)
	}
	return ""
}

func sealOf(name string, f *os.File, sum uint32) (seal, error) {
	info, err := f.Stat()
	if err != nil {
		return seal{}, err
	}
	return seal{name: name, inode: info.Sys().(*syscall.Stat_t).Ino, size: info.Size(),
		change: info.ModTime().UnixNano(), sum: sum, summed: true}, nil
}
