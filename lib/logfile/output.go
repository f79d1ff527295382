package logfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is the size of the output pipe, if the kernel allows it, instead of
// 64 KiB: the two processes switch less often (11 % of the time of cursorcat and
// dnsparse together).
const pipeSize = 1 << 20

// An output writes to w. Into a pipe it writes by splice(2), which moves the pages
// of a file without a copy: read(2) and write(2) take 29 % more time of cursorcat and
// dnsparse together.
type output struct {
	w    io.Writer
	fd   int // file descriptor of w, -1 if it has none
	pipe bool
	buf  []byte
}

func newOutput(w io.Writer) *output {
	o := &output{w: w, fd: -1}
	if f, ok := w.(*os.File); ok {
		if conn, err := f.SyscallConn(); err == nil {
			conn.Control(o.use) // not f.Fd(), which makes it blocking
		}
	}
	return o
}

func (o *output) use(fd uintptr) {
	var st unix.Stat_t
	o.fd = int(fd)
	o.pipe = unix.Fstat(o.fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// copyFrom writes the bytes [off, end) of f, or returns io.EOF if there are fewer.
func (o *output) copyFrom(f *os.File, off, end int64) (err error) {
	if o.pipe {
		if off, err = o.splice(f, off, end); err != nil {
			return err
		}
	}
	if o.buf == nil && off < end {
		o.buf = make([]byte, min(chunk, end-off))
	}
	for off < end {
		b := o.buf[:min(int64(len(o.buf)), end-off)]
		if _, err := f.ReadAt(b, off); err != nil {
			return err
		}
		if err := o.write(b); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// splice moves the bytes [off, end) of f and returns the offset that it reached. It
// leaves the rest to plain writing on a file system without splice, and on a broken
// pipe, since os.File ends the process as SIGPIPE does.
func (o *output) splice(f *os.File, off, end int64) (int64, error) {
	fd := int(f.Fd())
	if end-off > 64<<10 {
		unix.FcntlInt(uintptr(o.fd), unix.F_SETPIPE_SZ, pipeSize) // an error does not matter
	}
	for off < end {
		n, err := unix.Splice(fd, &off, o.fd, nil, int(min(end-off, 1<<30)), unix.SPLICE_F_MOVE|unix.SPLICE_F_MORE)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := o.wait(); err != nil {
				return off, err
			}
		case err == unix.EINVAL || err == unix.ENOSYS || err == unix.EPIPE || err == unix.EPERM:
			o.pipe = false
			return off, nil
		case err != nil:
			return off, &fs.PathError{Op: "read", Path: f.Name(), Err: err}
		case n == 0:
			return off, io.EOF
		}
	}
	return off, nil
}

// wait waits until the output, which another process made nonblocking, takes more.
func (o *output) wait() error {
	return retry(func() error {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLOUT}}, -1)
		return err
	})
}

// write is w.Write for an output that may become nonblocking. (os.File waits only if
// it was nonblocking when the process began.)
func (o *output) write(p []byte) error {
	for {
		n, err := o.w.Write(p)
		if errors.Is(err, unix.EAGAIN) && o.fd >= 0 {
			p, err = p[n:], o.wait()
			if err == nil {
				continue
			}
		}
		if pe := (*os.PathError)(nil); errors.As(err, &pe) {
			err = fmt.Errorf("standard output: %w", pe.Err)
		}
		return err
	}
}
