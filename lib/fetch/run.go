package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"egress-monitor/lib/plain"
)

// grace is how long a program has between a request to end and the end.
const grace = 3 * time.Second

// run runs a program to its end, or to that of ctx, with all that it started.
func (o *Options) run(ctx context.Context, stdout io.Writer, tool, program string, args ...string) error {
	// A child is told when the thread that made it ends, as it does if we are killed.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, program, args...)
	said := &capture{max: o.MaxSize}
	cmd.Dir, cmd.Stderr = o.Work, stopping{said, stop}
	if stdout != nil {
		cmd.Stdout = stopping{stdout, stop}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if cmd.Process != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of its group; mostly nothing
	}
	if said.total > said.max {
		return errSize
	}
	return newFailure(tool, err, said.buf.String())
}

// stopping ends the program whose output cannot be taken any more. A closed pipe
// does not end ssh, which throws away what it cannot write.
type stopping struct {
	to   io.Writer
	stop func()
}

func (s stopping) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if err != nil {
		s.stop()
	}
	return n, err
}

// capture keeps the beginning of a program's output, and fails if the output is too
// long.
type capture struct {
	buf        bytes.Buffer
	total, max int64
}

const maxSaid = 64 << 10

func (c *capture) Write(p []byte) (int, error) {
	c.buf.Write(p[:min(len(p), maxSaid-c.buf.Len())])
	if c.total += int64(len(p)); c.total > c.max {
		return 0, errSize
	}
	return len(p), nil
}

// A failure is a program that failed.
type failure struct {
	tool   string
	status int // the exit status, or 128 and the signal that ended it
	said   string
	err    error
}

func newFailure(tool string, err error, said string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	f := &failure{tool: tool, status: exit.ExitCode(), said: said, err: err}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		if w.Signal() == syscall.SIGXFSZ {
			return errSize
		}
		f.status = 128 + int(w.Signal())
	}
	return f
}

func (f *failure) Error() string { return f.explain().Error() }

// Exit statuses of rsync, and of ssh, after which there is no sense in another
// try: no file, no space, no time, no connection.
var final = map[int]bool{11: true, 23: true, 24: true, 25: true, 30: true, 35: true, noConnection: true}

const noConnection = 255

// otherRoad reports whether ssh reached the server, and only rsync did not work
// out.
func otherRoad(err error) bool {
	var f *failure
	return !errors.Is(err, errSize) && (!errors.As(err, &f) || !final[f.status] && f.status < 128)
}

func (f *failure) explain() error {
	message := f.message()
	switch {
	case f.status == noConnection:
		return noAnswer(f.said, message)
	case message == "":
		return fmt.Errorf("%s: exit status %d, and no message", f.tool, f.status)
	}
	return fmt.Errorf("%s: exit status %d: %s", f.tool, f.status, message)
}

// noAnswer matches ssh's messages when there was no connection.
func noAnswer(said, message string) error {
	switch {
	case strings.Contains(said, "HOST IDENTIFICATION HAS CHANGED"):
		return errors.New("the host key is another one than before")
	case strings.Contains(said, "Host key verification failed"):
		return errors.New("the host key is not known")
	case message == "":
		return errLost
	}
	return errors.New(message)
}

// errLost is reported where ssh is silent: when a server stops answering.
var errLost = errors.New("ssh: the server answered and then fell silent, or hung up")

// message returns the first line of the output. Without a connection
// rsync reports only that, and ssh gives the cause.
func (f *failure) message() string {
	for line := range strings.FieldsFuncSeq(f.said, func(c rune) bool { return c == '\n' || c == '\r' }) {
		if strings.TrimSpace(line) != "" && (f.status != noConnection || !strings.HasPrefix(line, "rsync")) {
			return plain.FirstLine(line)
		}
	}
	return ""
}
