package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"egress-monitor/lib/pull"

	"golang.org/x/sys/unix"
)

// progress is a line on a terminal that shows how many hosts are done.
type progress struct {
	out      *os.File
	terminal bool
}

func newProgress(out *os.File) *progress {
	_, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS)
	return &progress{out, err == nil}
}

func (p *progress) count(c pull.Count) {
	if p.terminal {
		fmt.Fprintf(p.out, "\regress-pull: %d of %d hosts, %d failed\033[K", c.Finished, c.Total, c.Failed)
	}
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
}

// untilSignal returns a context that a signal ends, and a function that returns this
// signal, or 0. A second signal ends the process as usual. If SIGHUP is ignored, as
// under nohup, it stays so.
func untilSignal() (context.Context, func() syscall.Signal) {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var got atomic.Int32
	c := make(chan os.Signal, 1)
	signal.Notify(c, signals...)
	go func() {
		got.Store(int32((<-c).(syscall.Signal)))
		cancel()
	}()
	return ctx, func() syscall.Signal {
		if got.Load() == 0 {
			signal.Stop(c)
		}
		return syscall.Signal(got.Load())
	}
}
