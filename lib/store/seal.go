package store

import (
	"fmt"
	"os"
	"syscall"
)

// A seal is a staged file: its name, and what changes if anybody writes to it.
type seal struct {
	name   string
	inode  uint64
	size   int64
	change int64 // time of the last change of its content, in nanoseconds
}

func (l seal) String() string {
	return fmt.Sprintf("%s %d %d %d", l.name, l.inode, l.size, l.change)
}

// parseSeal reads what String prints. Without the numbers it fits no file.
func parseSeal(text string) (l seal) {
	fmt.Sscanf(text, "%s %d %d %d", &l.name, &l.inode, &l.size, &l.change)
	return l
}

func sealOf(name string, f *os.File) (seal, error) {
	info, err := f.Stat()
	if err != nil {
		return seal{}, err
	}
	return seal{name, info.Sys().(*syscall.Stat_t).Ino, info.Size(), info.ModTime().UnixNano()}, nil
}
