// Package child runs other programs, so that nothing of this one leaks into
// them and nothing of them is taken for more than data.
//
// A child gets a session of its own without a terminal (a program of the poller's uid
// that kept root's terminal could type into root's shell, by the ioctl TIOCSTI), no
// descriptors but the standard three and those in Files, a fixed PATH and LC_ALL=C, and
// a time after which its whole process group is killed. Its output is kept up to a
// bound. AsPoller also takes root's privileges from it.
package child

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"egress-monitor/lib/layout"
)

// Path lists the folders in which programs are looked for. The PATH of the caller does
// not count. An earlier "make install" put its tools into /usr/local, so /usr/local
// comes last: its tools must not hide those of a package.
const Path = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

// A Cmd is a program to run. The zero values of the fields are good defaults.
type Cmd struct {
	Name string // looked for in Path, if it holds no slash
	Args []string

	Stdin   []byte        // what it reads; nothing: /dev/null
	Env     []string      // beside PATH and LC_ALL
	Timeout time.Duration // 10 s, if 0
	Limit   int           // bytes to keep of its output and of its errors; 1 MiB, if 0
	Poller  bool          // run it as the poller, if this process is root
	Files   []*os.File    // its descriptors from 3 on; nothing else of this process is open in it

	who *syscall.Credential // whom to run it as, for tests
}

// Command returns the Cmd of a name and its arguments.
func Command(name string, args ...string) *Cmd { return &Cmd{Name: name, Args: args} }

// Input sets what the program reads.
func (c *Cmd) Input(text []byte) *Cmd { c.Stdin = text; return c }

// Within sets how long it may take.
func (c *Cmd) Within(d time.Duration) *Cmd { c.Timeout = d; return c }

// With adds to its environment.
func (c *Cmd) With(env ...string) *Cmd { c.Env = append(c.Env, env...); return c }

// AsPoller has it run as the user egress-monitor, in group adm and the groups
// that the user is in, without new privileges and without capabilities.
func (c *Cmd) AsPoller() *Cmd { c.Poller = true; return c }

// A Result is what a program printed, each up to the limit.
type Result struct{ Stdout, Stderr []byte }

// Text returns the output without the newlines at its end.
func (r *Result) Text() string { return strings.TrimRight(string(r.Stdout), "\n") }

// Lines returns the lines of the output.
func (r *Result) Lines() []string {
	if len(r.Stdout) == 0 {
		return nil
	}
	return strings.Split(r.Text(), "\n")
}

// Output runs the program. If it fails, the error is an *Error, and the result
// is what it printed until then.
func (c *Cmd) Output(ctx context.Context) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, defaultTimeout))
	defer cancel()
	limit := cmp.Or(c.Limit, 1<<20)
	stdout, stderr := &buffer{limit: limit}, &buffer{limit: limit}
	err := c.run(ctx, stdout, stderr)
	r := &Result{Stdout: stdout.kept, Stderr: stderr.kept}
	if err != nil {
		return r, c.failed(ctx, err, r.Stderr)
	}
	return r, nil
}

// Run is Output without the output.
func (c *Cmd) Run(ctx context.Context) error {
	_, err := c.Output(ctx)
	return err
}

func (c *Cmd) run(ctx context.Context, stdout, stderr *buffer) error {
	name, err := LookPath(c.Name)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, name, c.Args...)
	cmd.Args[0] = c.Name
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=" + Path, "LC_ALL=C"}, c.Env...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = stdout, stderr, c.Files
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for a grandchild that keeps the output open
	if err := closeOnExec(); err != nil {
		return err
	}
	start := cmd.Start
	if c.Poller && os.Geteuid() == 0 {
		who := c.who
		if who == nil {
			if who, err = credential(layout.Poller); err != nil {
				return err
			}
		}
		cmd.SysProcAttr.Credential = who
		start = func() error { return unprivileged(cmd.Start) }
	}
	if err := start(); err != nil {
		return err
	}
	return cmd.Wait()
}

// closeOnExec keeps the descriptors that this process was given from its
// children; package os marks those that this process opens.
func closeOnExec() error {
	err := unix.CloseRange(3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, e := range open {
		fd := 0
		if fmt.Sscan(e.Name(), &fd); fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// LookPath finds a program in Path.
func LookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for dir := range strings.SplitSeq(Path, ":") {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", errNotThere
}

const defaultTimeout = 10 * time.Second

var errNotThere = errors.New("not installed")

// IsNotThere reports whether an error is that the program is not installed.
func IsNotThere(err error) bool {
	return errors.Is(err, errNotThere) || errors.Is(err, syscall.ENOENT)
}

// buffer keeps the first bytes that are written, and drops the rest.
type buffer struct {
	kept  []byte
	limit int
}

func (b *buffer) Write(p []byte) (int, error) {
	n := min(len(p), b.limit-len(b.kept))
	b.kept = append(b.kept, p[:n]...)
	return len(p), nil
}
