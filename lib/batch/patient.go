package batch

import (
	"io"
	"os"
	"syscall"
	"time"
)

// journalctl writes 4 KiB at a time. A reader is woken for every piece, and each
// switch between the two programs evicts their caches. So Patient makes the pipe
// larger, and after a short read it sleeps for a moment, in which the writer fills
// the pipe undisturbed.
//
// Measured with 100,000 entries and two processors: journalctl alone takes
// 0.25 s of processor time, journalctl and ipparse together 0.35 to 0.38 s
// without Patient, 0.36 s with the larger pipe alone, 0.28 s with both. A
// poll of four lines takes a millisecond longer.

const (
	pipeSize = 1 << 20 // /proc/sys/fs/pipe-max-size is this by default
	setPipe  = 1031    // F_SETPIPE_SZ, which package syscall does not name
	firstNap = time.Millisecond / 2
	lastNap  = 2 * time.Millisecond
)

// Patient returns a reader of f that waits for the writer to write more, if f is a
// pipe, and otherwise f. The wait delays input by up to two milliseconds, by one
// in a short stream.
func Patient(f *os.File) io.Reader {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return f
	}
	if conn, err := f.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) {
			syscall.Syscall(syscall.SYS_FCNTL, fd, setPipe, pipeSize) // smaller is only slower
		})
	}
	return &patient{f: f}
}

type patient struct {
	f   *os.File
	nap time.Duration // before the next read; 0 after one that filled its buffer
}

func (p *patient) Read(b []byte) (n int, err error) {
	if p.nap > 0 {
		time.Sleep(p.nap)
	}
	n, err = p.f.Read(b)
	if n == len(b) {
		p.nap = 0
	} else {
		p.nap = min(max(firstNap, 2*p.nap), lastNap)
	}
	return n, err
}
