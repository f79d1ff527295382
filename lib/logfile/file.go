package logfile

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// errMoved is what we find when logrotate works at the same time: a name that
// led to another file a moment ago. Looking again helps.
var errMoved = errors.New("kept changing while it was read")

// A stat is what the file system says of a segment.
type stat struct {
	dev, ino    uint64
	birth, time int64 // of creation (0: unknown) and last writing, nanoseconds
	size        int64
	regular     bool
}

// is says whether both are of the same file, whatever was written to it.
func (s stat) is(o stat) bool { return s.dev == o.dev && s.ino == o.ino && s.birth == o.birth }

// fileID is a file's identity in a token. It survives a rename and nothing
// else, and is only ever a hint: what counts is content. A compressed file is
// never appended to, so for it the size belongs to the identity.
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
func lookAt(path string) (stat, error) { return statx(unix.AT_FDCWD, path, 0) }

func statx(fd int, path string, flags int) (stat, error) {
	var x unix.Statx_t
	err := retry(func() error { return unix.Statx(fd, path, flags, statMask, &x) })
	if err != nil {
		return stat{}, &fs.PathError{Op: "stat", Path: path, Err: err}
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

// A file is an open one. It does without os.File, which would ask the poller
// about every file: most polls do little more than open one.
type file struct {
	fd   int
	name string
}

// openFile opens path for reading; it is an error if it is not the file seen
// before. Not blocking: what was a file may be a FIFO by now.
func openFile(path string, seen stat) (*file, error) {
	f, err := open(path, unix.O_NONBLOCK|unix.O_NOCTTY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	now, err := f.stat()
	if err == nil && !now.is(seen) {
		err = errMoved
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func open(path string, flags int) (*file, error) {
	f := &file{-1, path}
	err := retry(func() (err error) {
		f.fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return f, nil
}

func (f *file) close() {
	if f != nil {
		unix.Close(f.fd)
	}
}

func (f *file) stat() (stat, error) {
	s, err := statx(f.fd, "", unix.AT_EMPTY_PATH)
	return s, f.wrap("stat", err)
}

// ReadAt reads all of p, or says why not; a file that ends is io.EOF.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		var m int
		err := retry(func() (err error) {
			m, err = unix.Pread(f.fd, p[n:], off+int64(n))
			return err
		})
		if err != nil {
			return n, f.wrap("read", err)
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// sync waits until what was written to the file is on the disk. What cannot do
// that has nothing to write.
func (f *file) sync() error {
	err := retry(func() error { return unix.Fdatasync(f.fd) })
	if err == unix.EINVAL || err == unix.EROFS || err == unix.ENOSYS {
		return nil
	}
	return f.wrap("sync", err)
}

func (f *file) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// retry repeats what a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
