package logfile

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// errMoved is the error for a name that led to another file a moment ago, because
// logrotate works at the same time. Another attempt helps.
var errMoved = errors.New("kept changing while it was read")

// truncated returns errMoved for the segment at path, which is shorter than it was.
type truncated string

func (path truncated) Error() string { return string(path) + ": truncated while it was read" }

func (truncated) Is(err error) bool { return err == errMoved }

// A stat is the file system's data of a segment.
type stat struct {
	dev, ino    uint64
	birth, time int64 // creation (0: unknown) and last write, nanoseconds since 1970
	size        int64
	regular     bool
}

// is reports whether both are of the same file, whatever was written to it.
func (s stat) is(o stat) bool { return s.dev == o.dev && s.ino == o.ino && s.birth == o.birth }

// fileID returns a file's identity for a token. It survives a rename and nothing
// else, and is only a hint: content decides. Nothing is appended to a compressed
// file, so its size is part of the identity.
func fileID(s stat, c codec) uint32 {
	b := binary.BigEndian.AppendUint64(nil, s.ino)
	b = binary.BigEndian.AppendUint64(b, uint64(s.birth))
	if c != plain {
		b = binary.BigEndian.AppendUint64(b, uint64(s.size))
	}
	return crc32.ChecksumIEEE(b)
}

const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME

// lookAt is stat(2), with the time of birth.
func lookAt(path string) (stat, error) { return statx(unix.AT_FDCWD, path, path, 0) }

// statOf is fstat(2), with the time of birth.
func statOf(f *os.File) (stat, error) { return statx(int(f.Fd()), "", f.Name(), unix.AT_EMPTY_PATH) }

func statx(fd int, path, name string, flags int) (stat, error) {
	var x unix.Statx_t
	err := retry(func() error { return unix.Statx(fd, path, flags, statMask, &x) })
	if err != nil {
		return stat{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	s := stat{
		dev:     uint64(x.Dev_major)<<32 | uint64(x.Dev_minor),
		ino:     x.Ino,
		time:    x.Mtime.Sec*1e9 + int64(x.Mtime.Nsec),
		size:    int64(x.Size),
		regular: x.Mode&unix.S_IFMT == unix.S_IFREG,
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.birth = x.Btime.Sec*1e9 + int64(x.Btime.Nsec)
	}
	return s, nil
}

// openFile opens path for reading. It returns errMoved if path is not the file
// seen any more. A FIFO that took the file's place does not block it.
func openFile(path string, seen stat) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	now, err := statOf(f)
	if err == nil && !now.is(seen) {
		err = errMoved
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// fdatasync is the system call; a variable for the tests.
var fdatasync = unix.Fdatasync

// sync waits until all that was written to the file is on the disk (fdatasync). A
// file that cannot be synced has nothing to write.
func sync(f *os.File) error {
	err := retry(func() error { return fdatasync(int(f.Fd())) })
	if err == nil || err == unix.EINVAL || err == unix.EROFS || err == unix.ENOSYS {
		return nil
	}
	return &fs.PathError{Op: "sync", Path: f.Name(), Err: err}
}

// retry repeats a call that a signal interrupts.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
