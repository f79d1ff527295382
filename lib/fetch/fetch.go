// Package fetch brings the two files of a server into a folder: by rsync over
// ssh, or where that does not work out by ssh alone.
//
// The other side is egress-serve, or a plain account that can read the files.
// Everything it sends is hostile: this side bounds its time and its size, and
// the result is two files of that size at most, whose content is not yet
// checked, or an error of one line of printable text.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"egress-monitor/lib/hostlist"
	"egress-monitor/lib/pulled"
)

// Options are the same for all hosts.
type Options struct {
	Work    string // folder where the programs run, with the file SSHConfig in it
	From    string // where the files are, on a server that has no forced command
	Timeout time.Duration
	MaxSize int64 // of a file
	RSync   bool  // whether to try it
}

// SSHConfig is the name of the file with the options of ssh. They need no
// quotes there, as they would in the option -e of rsync.
const SSHConfig = "ssh_config"

var (
	errStopped = errors.New("stopped")
	errTimeout = errors.New("timeout")
)

// Fetch brings the files of a host into the folder into, which it makes. What
// lies in home are the files that came last, so that rsync need send only what
// changed. The road is "rsync" or "ssh".
func (o *Options) Fetch(ctx context.Context, h hostlist.Host, into, home string) (road string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer cancel()
	if o.RSync {
		err := o.byRSync(ctx, h, into, home)
		if err == nil || ctx.Err() != nil || !otherRoad(err) {
			return "rsync", o.explain(ctx, err)
		}
	}
	return "ssh", o.explain(ctx, o.bySSH(ctx, h, into))
}

// explain returns the error as people read it.
func (o *Options) explain(ctx context.Context, err error) error {
	var f *failure
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case cause == errTimeout:
		return fmt.Errorf("no whole answer within %d seconds", o.Timeout/time.Second)
	case cause != nil:
		return errStopped
	case errors.Is(err, errSize):
		return fmt.Errorf("more than %d bytes", o.MaxSize)
	case errors.As(err, &f):
		return f.explain()
	}
	return err
}

// fresh makes an empty folder.
func fresh(dir string) error {
	return errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700))
}

// byRSync receives in an empty folder, so each file there was sent, or the sender
// named it as one that we have. Of changed files only the changed parts are sent.
// Files of the same size and time (to the nanosecond) are not sent at all.
func (o *Options) byRSync(ctx context.Context, h hostlist.Host, into, home string) error {
	if err := fresh(into); err != nil {
		return err
	}
	args := []string{"-tz", "--modify-window=-1", "-e", "ssh -F " + SSHConfig, fmt.Sprintf("--max-size=%d", o.MaxSize)}
	if h.Port != "" {
		args[3] += " -p " + h.Port
	}
	if _, err := os.Stat(home); err == nil {
		args = append(args, "--copy-dest="+home)
	}
	at := h.Addr
	if h.User != "" {
		at = h.User + "@" + at
	}
	args = append(args, "--", at+":"+path.Join(o.From, pulled.Domains), ":"+path.Join(o.From, pulled.IPs), into+"/")
	// Whatever the other side claims: a file that grows past this kills its writer.
	limit := fmt.Sprint(o.MaxSize/512 + 2)
	command := append([]string{"-c", `ulimit -f "$1"; shift; exec rsync "$@"`, "rsync", limit}, args...)
	return o.run(ctx, nil, "rsync", "sh", command...)
}

// bySSH reads both files as one stream. egress-serve prints the same, whatever
// it is asked.
func (o *Options) bySSH(ctx context.Context, h hostlist.Host, into string) error {
	if err := fresh(into); err != nil {
		return err
	}
	args := []string{"-F", SSHConfig}
	if h.Port != "" {
		args = append(args, "-p", h.Port)
	}
	if h.User != "" {
		args = append(args, "-l", h.User)
	}
	args = append(args, "-T", "-o", "Compression=yes", "--", unbracket(h.Addr), o.remoteCommand())
	s := &stream{dir: into, max: o.MaxSize}
	err := o.run(ctx, s, "ssh", "ssh", args...)
	if wrong := s.close(); err == nil || wrong != nil && wrong != errCut {
		return wrong
	}
	return err
}

func unbracket(addr string) string {
	if addr[0] == '[' {
		return addr[1 : len(addr)-1]
	}
	return addr
}

// remoteCommand prints each file, and a line after it, so that one which was cut
// short is known. The remote side's shell reads it.
func (o *Options) remoteCommand() string {
	d, i := path.Join(o.From, pulled.Domains), path.Join(o.From, pulled.IPs)
	return fmt.Sprintf("cat %s && echo '%s' && cat %s && echo '%s'", d, endDomains[:len(endDomains)-1], i, endIPs[:len(endIPs)-1])
}
