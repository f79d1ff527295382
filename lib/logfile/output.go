package logfile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what we ask of a pipe, instead of the usual 64 KiB: fewer turns
// between us and the reader.
const pipeSize = 1 << 20

// An output writes to w: into a pipe by splice(2), which moves the pages of a
// file without a copy.
type output struct {
	w    io.Writer
	fd   int // of w, -1 if it has none
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
func (o *output) copyFrom(f *file, off, end int64) (err error) {
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

// splice moves what it can and returns how far it came. What it cannot do
// (file systems without it; a broken pipe, at which os.File knows how to die)
// is left to plain writing.
func (o *output) splice(f *file, off, end int64) (int64, error) {
	if end-off > 64<<10 {
		unix.FcntlInt(uintptr(o.fd), unix.F_SETPIPE_SZ, pipeSize) // or not: only speed
	}
	for off < end {
		n, err := unix.Splice(f.fd, &off, o.fd, nil, int(min(end-off, 1<<30)), unix.SPLICE_F_MOVE|unix.SPLICE_F_MORE)
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
			return off, f.wrap("read", err)
		case n == 0:
			return off, io.EOF
		}
	}
	return off, nil
}

// wait waits until the output, which someone made nonblocking, takes more.
func (o *output) wait() error {
	return retry(func() error {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLOUT}}, -1)
		return err
	})
}

// write is w.Write, which waits for a nonblocking file only if that was one
// when the process began.
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
